"""The page of the definitions: the whole form with SQL, legal basis and deviation rules, to be read, cited and printed.

What it shows changes only with the program, so that its session patches nothing but the drawer.
"""

from collections.abc import Mapping
from typing import Any

from components.definitions.presenter import FormDefinitions, present_definitions
from components.layout.preferences import RequestPreferences, Translator
from components.live_page import LivePage, LiveSession, OpenedPage
from preview.i18n.plurals import plural_key

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "definitions.back": (),
    "definitions.shown.one": ("n", "total"),
    "definitions.shown.other": ("n", "total"),
}
"""The texts that the page's script fills in, with the names of their parameters."""


class DefinitionsPage(LivePage[FormDefinitions]):
    """The page at `/definitions[?q=…][&lang=…][&theme=…]`, with an anchor for each field and rule."""

    name = "definitions"
    path = "/definitions"
    client_templates = CLIENT_TEMPLATES
    signs = ("error", "warning", "notice")
    keys = (("/", "search_entries"), ("j k", "entries"))

    async def fetch(self, preferences: RequestPreferences) -> FormDefinitions:
        """Return the form, and what the URL's search leaves of it."""
        catalogue = self.context.application.catalogue
        t = self.context.translator(preferences)
        return await self.context.run_blocking(present_definitions, catalogue, preferences.arguments.get("q", ""), t)

    def open_session(self, opened: OpenedPage[FormDefinitions]) -> LiveSession:
        """Return the session of an open page."""
        return LiveSession(self.services, opened, {})

    def page_title(self, page_data: FormDefinitions, t: Translator) -> str:
        """Return the name of the page."""
        return t("app.definitions")

    def variables(self, page_data: FormDefinitions, preferences: RequestPreferences, t: Translator) -> dict[str, Any]:
        """Return the variables of `definitions.html`."""
        total = page_data.entry_count
        return {
            "form": page_data,
            "shown_text": t(plural_key("definitions.shown", total), n=len(page_data.shown), total=total),
        }
