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
from components.layout.error_messages import ErrorMessage
from components.layout.preferences import LANGUAGE_NAMES, RequestPreferences, Translator, preferences_of
from preview.runtime.application import Application

Result = TypeVar("Result")

COMPONENTS_DIR = Path(__file__).parent
STREAM_SPLIT_MARKER = "<!--live-->"
"""Where a live page holds Bokeh's roots and scripts, behind all that is to be read."""

_ICON_SYMBOL = re.compile(r'<symbol id="([\w-]+)" viewBox="0 0 16 16">(.*?)</symbol>')

_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' blob:; connect-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class AppContext:
    """What every page is made with. `prefix` stands before each address."""

    application: Application
    assets: Assets
    prefix: str
    environment: Environment

    @classmethod
    def from_application(cls, application: Application, assets: Assets) -> "AppContext":
        """Its templates know `asset(name)`, `url(path)` and the shapes of `icons` by name."""
        prefix = application.settings.prefix
        environment = Environment(
            loader=FileSystemLoader(COMPONENTS_DIR), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        icons = (COMPONENTS_DIR / "layout" / "icons.svg").read_text(encoding="utf-8")
        template_globals: dict[str, Any] = {
            "asset": lambda name: f"{prefix}/{assets.url_path(name)}",
            "url": lambda path: f"{prefix}{path}",
            # Drawn where they stand: of a shape that is only referred to, the browser makes a tree of its own each time.
            "icons": {name: Markup(shape) for name, shape in _ICON_SYMBOL.findall(icons)},  # noqa: S704  (a file of our own)
        }
        environment.globals.update(template_globals)
        return cls(application, assets, prefix, environment)

    def warm_up(self) -> None:
        """Compiles the templates and compresses the assets before the first visitor asks. Blocks."""
        for template in self.environment.list_templates(extensions=["html"]):
            self.environment.get_template(template)
        self.assets.compress()

    def macros(self, template: str) -> Any:
        """The macros of a template."""
        return self.environment.get_template(template).module

    def rewrite_scripts(self, tags: str) -> str:
        """Panel's script tags, with our addresses."""
        return self.assets.rewrite_scripts(tags, self.prefix)

    async def run_blocking(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Calls a noun's method on a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.application.read_executor, function, *arguments)

    def actor(self, headers: Mapping[str, Any]) -> str:
        """Who acts, where a trusted proxy names them, else the door (contract, Actor)."""
        named = headers.get(self.actor_header) if self.actor_header else None
        return str(named) if named else "dashboard"

    @property
    def actor_header(self) -> str | None:
        """The header's name as HTTP writes it."""
        header = self.application.settings.actor_header
        return "-".join(part.capitalize() for part in header.split("-")) if header else None

    def translator(self, preferences: RequestPreferences) -> Translator:
        """The texts in the visitor's language."""
        return Translator(self.application.texts, preferences.language)

    def render_page(self, template: str, preferences: RequestPreferences, nonce: str, **variables: Any) -> str:
        """A whole page. `variables` must hold `active_page` (a key of the navigation, or ""), `title` and `live`."""
        t = self.translator(preferences)
        return self.environment.get_template(template).render(
            t=t,
            language=preferences.language,
            language_names=LANGUAGE_NAMES,
            theme=preferences.theme,
            prefix=self.prefix,
            heartbeat_seconds=self.application.settings.heartbeat_seconds,
            nonce=nonce,
            navigation=self._nav_items(t, variables.pop("active_page")),
            **variables,
        )

    def error_page(self, error: ErrorMessage, preferences: RequestPreferences, nonce: str) -> str:
        """A page that says what went wrong and offers the way back."""
        return self.render_page(
            "layout/error.html",
            preferences,
            nonce,
            active_page="",
            title=self.translator(preferences)("app.title", page=error.text),
            live=False,
            error=error,
        )

    def _nav_items(self, t: Translator, active_page: str) -> list["NavItem"]:
        overview = NavItem(t("app.overview"), f"{self.prefix}/", active_page == "overview")
        return [overview, NavItem(t("app.preview"), "", True)] if active_page == "preview" else [overview]


class Redirect(Exception):
    """The page that was asked for is another one."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class NavItem(NamedTuple):
    """An entry of the main menu; `here` is the page that is open."""

    name: str
    url: str
    is_current: bool


def set_security_headers(handler: RequestHandler) -> str:
    """Sets the headers of every page; returns the nonce that its scripts must carry."""
    nonce = secrets.token_urlsafe(16)
    handler.set_header("Content-Security-Policy", _CONTENT_SECURITY_POLICY.format(nonce=nonce))
    handler.set_header("X-Content-Type-Options", "nosniff")
    handler.set_header("Referrer-Policy", "same-origin")
    handler.set_header("Cross-Origin-Opener-Policy", "same-origin")
    handler.set_header("Cache-Control", "no-store")
    return nonce


class HtmlErrorMixin(RequestHandler):
    """A handler of pages: whatever goes wrong, a person reads a sentence and finds the way back."""

    context: AppContext
    nonce: str

    def send_error_page(self, error: ErrorMessage) -> None:
        """Answers with a sentence alone."""
        self.set_status(error.status)
        self.finish(self.context.error_page(error, preferences_of(self.request), self.nonce))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """In place of Tornado's own page; what went wrong has been logged."""
        self.nonce = set_security_headers(self)
        t = self.context.translator(preferences_of(self.request))
        self.send_error_page(ErrorMessage(t("notice.no_page" if status_code == 404 else "notice.unexpected"), status_code))


class NotFoundHandler(HtmlErrorMixin):
    """Any address that is no page."""

    def initialize(self, context: AppContext) -> None:
        """`context` makes its HTML."""
        self.context = context

    def prepare(self) -> None:
        """404."""
        self.send_error(404)
