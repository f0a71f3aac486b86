"""The country page: the form summed over all services or those of a county, compared with the prior period, live."""

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from components.country.rendering import RenderedCountry, contributions_region, open_keys_of, render_country
from components.form.totals_head import PlaceQuery
from components.layout.preferences import RequestPreferences, Translator
from components.live.shared_views import SharedViews
from components.live_page import LivePage, LiveSession, OpenedPage, PageServices
from preview.core.errors import ValidationError

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "live.back.one": (),
    "live.back.other": ("n",),
    "live.back_unchanged": (),
    "live.changed_in.one": ("section",),
    "live.changed_in.other": ("n", "section"),
    "form.changed_now": ("was",),
    "form.changed": ("was",),
    "form.changed_beside": ("was",),
    "country.connecting": (),
    "country.offline": (),
}
"""The texts that the page's script fills in, with the names of their parameters."""

MESSAGE_OVERRIDES: Mapping[type[Exception], str] = {ValidationError: "country.wrong_place"}
"""The texts of errors that come from the URL, where the general ones say too little."""


class CountrySession(LiveSession):
    """The session of one open page: the updater patches it, and it explains the rows that are open."""

    def __init__(
        self,
        services: PageServices,
        opened: OpenedPage[RenderedCountry],
        updater: "SharedViews[CountrySession, RenderedCountry]",
        **params: Any,
    ) -> None:
        arguments, data = opened.preferences.arguments, opened.data
        super().__init__(services, opened, data.regions if data else {}, **params)
        self.query = PlaceQuery.from_arguments(arguments)
        self.open_keys = open_keys_of(arguments, services.context.application.catalogue)
        self.is_outdated = False
        self._updater = updater

    @property
    def view_key(self) -> Hashable:
        """The period, county and language."""
        return self.query, self.language

    def receive(self, rendered: RenderedCountry) -> None:
        """Patch the page; called outside the session."""
        self.document.add_next_tick_callback(partial(self._patch, rendered))

    def handle_message(self, message: dict[str, Any]) -> None:
        """Explain the rows that the visitor has open."""
        requested = message.get("open")
        if message.get("action") != "open" or not isinstance(requested, list):
            return
        catalogue = self.context.application.catalogue
        keys = frozenset(key for key in requested if isinstance(key, str) and key in catalogue)
        is_more = not keys <= self.open_keys
        self.open_keys = keys
        if is_more:
            self._updater.request(self)

    def end(self) -> None:
        """Stop the updates."""
        self._updater.remove_session(self)
        super().end()

    def _patch(self, rendered: RenderedCountry) -> None:
        others = {contributions_region(key) for key in rendered.open_keys - self.open_keys}
        self.live.patch({region: html for region, html in rendered.regions.items() if region not in others})


class CountryPage(LivePage[RenderedCountry]):
    """The page at `/country[?county=…][&period_id=…][&open=KEY,…][&lang=…][&theme=…]`."""

    name = "country"
    path = "/country"
    message_overrides = MESSAGE_OVERRIDES
    client_templates = CLIENT_TEMPLATES
    signs = ("sign_missing", "sign_not_applicable", "sign_withheld", "picture", "band", "changed")
    keys = (("j k", "rows"), ("Enter", "open"), ("[ ]", "sections"))

    def __init__(self, services: PageServices) -> None:
        super().__init__(services)
        self._updater: SharedViews[CountrySession, RenderedCountry] = SharedViews(
            services.fanout, self._render_for, "the totals"
        )

    async def fetch(self, preferences: RequestPreferences) -> RenderedCountry:
        """Read and render what the page shows, before a session exists.

        Raises:
            ValidationError: The address has no valid period or county.
        """
        arguments = preferences.arguments
        query = PlaceQuery.from_arguments(arguments)
        keys = open_keys_of(arguments, self.context.application.catalogue)
        return await self.context.run_blocking(render_country, self.context, query, keys, preferences.language)

    def page_title(self, page_data: RenderedCountry, t: Translator) -> str:
        """Return the county or country, and the period."""
        return page_data.view.full_name

    def variables(self, page_data: RenderedCountry, preferences: RequestPreferences, t: Translator) -> dict[str, Any]:
        """Return the variables of `country.html`."""
        return {"view": page_data.view, "regions": page_data.regions}

    def open_session(self, opened: OpenedPage[RenderedCountry]) -> CountrySession:
        """Return the session of an open page, which the updater knows from now on."""
        session = CountrySession(self.services, opened, self._updater)
        self._updater.add_session(session, opened.data.position if opened.data else None)
        return session

    async def _render_for(self, sessions: Sequence[CountrySession]) -> RenderedCountry:
        keys = frozenset[str]().union(*(session.open_keys for session in sessions))
        first = sessions[0]
        return await self.context.run_blocking(render_country, self.context, first.query, keys, first.language)
