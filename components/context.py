"""The shared frame of every page: its HTML, the headers that guard it, and a page that only says something.

A view's template extends `page.html`; it is drawn by an autoescaping Jinja environment of our own, never by Panel's.
"""

import asyncio
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from tornado.web import RequestHandler

from components.assets import Assets
from components.layout.error_messages import Message
from components.layout.preferences import LANGUAGE_NAMES, Visit, Words, visit
from preview.runtime.application import Application

Result = TypeVar("Result")

HERE = Path(__file__).parent
LIVE_MARK = "<!--live-->"
"""Where a live page holds Bokeh's roots and scripts, behind all that is to be read."""

_SYMBOL = re.compile(r'<symbol id="([\w-]+)" viewBox="0 0 16 16">(.*?)</symbol>')

_POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' blob:; connect-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class House:
    """What every page is made with. `prefix` stands before each address."""

    application: Application
    assets: Assets
    prefix: str
    environment: Environment

    @classmethod
    def of(cls, application: Application, assets: Assets) -> "House":
        """Its templates know `asset(name)`, `address(path)` and the `shapes` of icons by name."""
        prefix = application.settings.prefix
        environment = Environment(
            loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        icons = (HERE / "layout" / "icons.svg").read_text(encoding="utf-8")
        known: dict[str, Any] = {
            "asset": lambda name: f"{prefix}/{assets.address(name)}",
            "address": lambda path: f"{prefix}{path}",
            # Drawn where they stand: of a shape that is only referred to, the browser makes a tree of its own each time.
            "shapes": {name: Markup(shape) for name, shape in _SYMBOL.findall(icons)},  # noqa: S704  (a file of our own)
        }
        environment.globals.update(known)
        return cls(application, assets, prefix, environment)

    def warm(self) -> None:
        """Compiles the templates and compresses the assets before the first visitor asks. Blocks."""
        for template in self.environment.list_templates(extensions=["html"]):
            self.environment.get_template(template)
        self.assets.compress()

    def parts(self, template: str) -> Any:
        """The macros of a template."""
        return self.environment.get_template(template).module

    def scripts(self, tags: str) -> str:
        """Panel's script tags, with our addresses."""
        return self.assets.scripts(tags, self.prefix)

    async def call(self, blocking: Callable[..., Result], *arguments: Any) -> Result:
        """Calls a noun's method on a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.application.executor, blocking, *arguments)

    def actor(self, headers: Mapping[str, Any]) -> str:
        """Who acts, where a trusted proxy names them, else the door (contract, Actor)."""
        named = headers.get(self.actor_header) if self.actor_header else None
        return str(named) if named else "dashboard"

    @property
    def actor_header(self) -> str | None:
        """The header's name as HTTP writes it."""
        header = self.application.settings.actor_header
        return "-".join(part.capitalize() for part in header.split("-")) if header else None

    def words(self, of: Visit) -> Words:
        """The texts in the visitor's language."""
        return Words(self.application.texts, of.language)

    def page(self, template: str, of: Visit, nonce: str, **variables: Any) -> str:
        """A whole page. `variables` must hold `here` (a key of the navigation, or ""), `title` and `live`."""
        words = self.words(of)
        return self.environment.get_template(template).render(
            words=words,
            language=of.language,
            language_names=LANGUAGE_NAMES,
            theme=of.theme,
            prefix=self.prefix,
            beat=self.application.settings.heartbeat_seconds,
            nonce=nonce,
            navigation=self._navigation(words, variables.pop("here")),
            **variables,
        )

    def told(self, told: Message, of: Visit, nonce: str) -> str:
        """A page that says what went wrong and offers the way back."""
        return self.page("layout/error.html", of, nonce, here="", title=self.words(of)("app.title", page=told.text), live=False, told=told)

    def _navigation(self, words: Words, here: str) -> list["Item"]:
        overview = Item(words("app.overview"), f"{self.prefix}/", here == "overview")
        return [overview, Item(words("app.preview"), "", True)] if here == "preview" else [overview]


class Elsewhere(Exception):
    """The page that was asked for is another one."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Item(NamedTuple):
    """An entry of the main menu; `here` is the page that is open."""

    name: str
    address: str
    here: bool


def guard(handler: RequestHandler) -> str:
    """Sets the headers of every page; returns the nonce that its scripts must carry."""
    nonce = secrets.token_urlsafe(16)
    handler.set_header("Content-Security-Policy", _POLICY.format(nonce=nonce))
    handler.set_header("X-Content-Type-Options", "nosniff")
    handler.set_header("Referrer-Policy", "same-origin")
    handler.set_header("Cross-Origin-Opener-Policy", "same-origin")
    handler.set_header("Cache-Control", "no-store")
    return nonce


class TellsCalmly(RequestHandler):
    """A handler of pages: whatever goes wrong, a person reads a sentence and finds the way back."""

    house: House
    nonce: str

    def tell(self, told: Message) -> None:
        """Answers with a sentence alone."""
        self.set_status(told.status)
        self.finish(self.house.told(told, visit(self.request), self.nonce))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """In place of Tornado's own page; what went wrong has been logged."""
        self.nonce = guard(self)
        words = self.house.words(visit(self.request))
        self.tell(Message(words("notice.no_page" if status_code == 404 else "notice.unexpected"), status_code))


class NothingHere(TellsCalmly):
    """Any address that is no page."""

    def initialize(self, house: House) -> None:
        """`house` makes its HTML."""
        self.house = house

    def prepare(self) -> None:
        """404."""
        self.send_error(404)
