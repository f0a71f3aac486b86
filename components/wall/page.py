"""The wall: the overview, or one service's key fields, for a screen that nobody operates.

All rows are in the HTML; the browser shows twelve at a time, and turns the pages.
"""

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from components.layout.preferences import RequestPreferences, Translator
from components.live.shared_views import SharedViews
from components.live_page import LivePage, LiveSession, OpenedPage, PageServices
from components.wall.rendering import ROW_PREFIX, RenderedWall, WallQuery, WallRenderer
from preview.core.errors import NotFound, ValidationError

ROWS_PER_PAGE = 12
"""The stylesheet shows as many before the page's script has run."""

_DEBOUNCE_SECONDS = 0.05

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "wall.changed.one": ("name",),
    "wall.changed.other": ("n",),
    "wall.offline_since": ("time",),
    "wall.page": ("n", "total"),
}
"""The texts that the page's script fills in, with the names of their parameters."""

MESSAGE_OVERRIDES: Mapping[type[Exception], str] = {
    NotFound: "notice.no_organization",
    ValidationError: "notice.wrong_period",
}
"""The texts of errors that come from the URL, where the general ones say too little."""


class WallSession(LiveSession):
    """The session of one open wall: the updater patches it."""

    def __init__(
        self,
        services: PageServices,
        opened: OpenedPage[RenderedWall],
        updater: "SharedViews[WallSession, RenderedWall]",
    ) -> None:
        super().__init__(services, opened, opened.data.regions if opened.data else {})
        self.query = WallQuery.from_arguments(opened.preferences.arguments)
        self.is_outdated = False
        self._updater = updater

    def _frame_regions(self) -> dict[str, str]:
        """Return the region of the reporting period, in place of an app bar."""
        return {"period": self.context.macros("wall/wall_regions.html").period(self._frame, self.t)}

    @property
    def view_key(self) -> Hashable:
        """The service or all of them, the period, and the language."""
        return self.query, self.language

    def receive(self, rendered: RenderedWall) -> None:
        """Patch the page; called outside the session."""
        self.document.add_next_tick_callback(partial(self._patch, rendered))

    def _patch(self, rendered: RenderedWall) -> None:
        rows = [region for region in self.live.sent_regions if region.startswith(ROW_PREFIX)]
        removed = {region: "" for region in rows if region not in rendered.regions}
        self.live.patch({**removed, **rendered.regions})

    def end(self) -> None:
        """Stop the updates."""
        self._updater.remove_session(self)
        super().end()


class WallPage(LivePage[RenderedWall]):
    """The page at `/wall[?org=…][&period_id=…][&lang=…][&theme=…]`."""

    name = "wall"
    path = "/wall"
    message_overrides = MESSAGE_OVERRIDES
    client_templates = CLIENT_TEMPLATES
    error_refresh_seconds = 30

    def __init__(self, services: PageServices) -> None:
        super().__init__(services)
        self._renderer = WallRenderer(services.context)
        self._updater: SharedViews[WallSession, RenderedWall] = SharedViews(
            services.fanout,
            self._render_for,
            "the wall",
            debounce_seconds=_DEBOUNCE_SECONDS,
            follows_progress=True,
        )

    async def fetch(self, preferences: RequestPreferences) -> RenderedWall:
        """Read and render what the wall shows, before a session exists.

        Raises:
            NotFound: There is no such organisation.
            ValidationError: The period does not exist.
        """
        query = WallQuery.from_arguments(preferences.arguments)
        return await self.context.run_blocking(self._renderer.render, query, preferences.language)

    def page_title(self, page_data: RenderedWall, t: Translator) -> str:
        """Return what the wall shows."""
        return page_data.name

    def variables(self, page_data: RenderedWall, preferences: RequestPreferences, t: Translator) -> dict[str, Any]:
        """Return the variables of `wall.html`."""
        return {
            "is_service": WallQuery.from_arguments(preferences.arguments).organization_id is not None,
            "regions": page_data.regions,
            "rows": page_data.rows,
            "rows_per_page": ROWS_PER_PAGE,
            "page_seconds": self.context.application.settings.wall_page_seconds,
        }

    def open_session(self, opened: OpenedPage[RenderedWall]) -> WallSession:
        """Return the session of an open wall, which the updater knows from now on."""
        session = WallSession(self.services, opened, self._updater)
        self._updater.add_session(session, opened.data.position if opened.data else None)
        return session

    async def _render_for(self, sessions: Sequence[WallSession]) -> RenderedWall:
        query, language = sessions[0].query, sessions[0].language
        try:
            return await self.context.run_blocking(self._renderer.render, query, language)
        except NotFound:
            return await self.context.run_blocking(self._renderer.render_erased, query, language)
