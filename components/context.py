"""What every page depends on: the application's services, the static files, the templates and the texts."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode

from jinja2 import Environment

from components.app_bar.navigation import nav_items
from components.app_bar.period_frame import PeriodFrame, ShownPeriod, present_period
from components.assets import Assets
from components.layout.error_messages import ErrorMessage
from components.layout.preferences import LANGUAGE_NAMES, RequestPreferences, Translator
from components.layout.templates import compile_templates, create_environment
from preview.core.actor import actor_of, canonical_header_name
from preview.core.clock import today
from preview.core.periods import Period
from preview.model.reviews import ReportingPeriodDocument
from preview.runtime.application import Application

Result = TypeVar("Result")


@dataclass(frozen=True)
class AppContext:
    """The dependencies of all pages, one per process.

    Attributes:
        application: The composition root, with the services and the settings.
        assets: The static files by name.
        prefix: The URL prefix before every path, empty or with a leading slash.
        environment: The Jinja environment of the pages.
    """

    application: Application
    assets: Assets
    prefix: str
    environment: Environment

    @classmethod
    def from_application(cls, application: Application, assets: Assets) -> "AppContext":
        """Return a context whose prefix and templates follow the application's settings."""
        prefix = application.settings.prefix
        return cls(application, assets, prefix, create_environment(assets, prefix))

    def warm_up(self) -> None:
        """Compile all templates and compress all assets, so that the first visitor need not wait. Blocks."""
        compile_templates(self.environment)
        self.assets.compress()

    def macros(self, template: str) -> Any:
        """Return the module of a template, whose attributes are its macros."""
        return self.environment.get_template(template).module

    async def run_blocking(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run a blocking call on the read executor and return its result; its exceptions are raised here."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.application.read_executor, function, *arguments)

    def actor(self, headers: Mapping[str, Any]) -> str:
        """Return who acts on a page: the name that a trusted proxy sends in the actor header, else `dashboard`."""
        return actor_of(headers, self.application.settings.actor_header, "dashboard")

    def is_actor_named(self, headers: Mapping[str, Any]) -> bool:
        """Return whether the trusted proxy has named a person."""
        return actor_of(headers, self.application.settings.actor_header, "") != ""

    @property
    def session_headers(self) -> list[str]:
        """The request headers that a session keeps, in HTTP's usual capitalization: the actor header, if it is set."""
        header = self.application.settings.actor_header
        return [canonical_header_name(header)] if header else []

    def translator(self, preferences: RequestPreferences) -> Translator:
        """Return the texts in the visitor's language."""
        return Translator(self.application.texts, preferences.language)

    def render_page(self, template: str, preferences: RequestPreferences, nonce: str, **variables: Any) -> str:
        """Render a whole page.

        Args:
            template: The path of a template that extends `layout/base.html`.
            preferences: The visitor's language and theme.
            nonce: The nonce that the response's Content-Security-Policy names.
            **variables: The template's own variables. Required: `active_page` (the name of a live page, else empty),
                `title`, `live` (whether the page opens a session) and `frame` (of `period_frame`).

        Returns:
            The HTML.
        """
        t = self.translator(preferences)
        frame: PeriodFrame = variables.pop("frame")
        return self.environment.get_template(template).render(
            t=t,
            language=preferences.language,
            language_names=LANGUAGE_NAMES,
            theme=preferences.theme,
            prefix=self.prefix,
            heartbeat_seconds=self.application.settings.heartbeat_seconds,
            nonce=nonce,
            frame=frame,
            nav_items=nav_items(t, self.prefix, variables["active_page"], frame.query),
            language_query=_language_query(preferences.arguments),
            **variables,
        )

    def period_frame(
        self, shown: ShownPeriod, t: Translator, document: ReportingPeriodDocument | None = None
    ) -> PeriodFrame:
        """Return what the app bar says.

        Args:
            shown: What the page shows.
            t: The texts.
            document: The reporting period and how far it is; without it, the app bar says nothing about that.
        """
        day, settings = today(), self.application.settings
        period, deadline = settings.reporting_period_on(day), settings.reporting_deadline
        if document is not None:
            period = Period.parse(document.period_id)
            deadline = date.fromisoformat(document.deadline) if document.deadline else None
        return present_period(period, deadline, document, shown, t, day)

    def frame_regions(self, frame: PeriodFrame, active_page: str, t: Translator) -> dict[str, str]:
        """Return the regions of the app bar by id, as `render_page` writes them."""
        macros, items = self.macros("app_bar/app_bar.html"), nav_items(t, self.prefix, active_page, frame.query)
        return {
            "home": macros.home(frame, t),
            "navigation": macros.navigation(items, t),
            "menu": macros.menu(items),
            "reporting-period": macros.reporting_period(frame, t),
            "wall-link": macros.wall_link(frame, t),
        }

    def error_page(self, error: ErrorMessage, preferences: RequestPreferences, nonce: str) -> str:
        """Render the page that shows an error message and a link to the overview."""
        t = self.translator(preferences)
        return self.render_page(
            "layout/error.html",
            preferences,
            nonce,
            active_page="",
            title=t("app.title", page=error.text),
            live=False,
            frame=self.period_frame(ShownPeriod.from_arguments(preferences.arguments), t),
            error=error,
        )


def _language_query(arguments: Mapping[str, str]) -> str:
    """Return the page's query without its language, to which a link to another language adds its own."""
    query = urlencode({name: value for name, value in arguments.items() if name != "lang"})
    return f"{query}&" if query else ""
