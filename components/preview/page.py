"""The page of a preview: one organization and period, 34 fields, current values beside compared ones, live."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from components.app_bar.period_frame import ShownPeriod, valid_period
from components.layout.page_handler import Redirect
from components.layout.preferences import RequestPreferences, Translator
from components.live_page import LivePage, OpenedPage, PageServices, PlainRoute
from components.preview.deletion import DeletionAuthors
from components.preview.export import PreviewExport
from components.preview.report_cache import (
    RenderedReport,
    ReportCache,
    ReportQuery,
    addressed_regions,
    initial_regions,
)
from components.preview.session import CLIENT_TEMPLATES, MESSAGE_OVERRIDES, PreviewSession, shown_period
from preview.model.resources import MAX_REASON_LENGTH
from preview.model.reviews import MAX_COMMENT_LENGTH


class PreviewPage(LivePage[RenderedReport]):
    """The page at `/preview?organization_id=…[&period_id=…][&compare=…][&filter=…][&open=…][&lang=…][&theme=…]`."""

    name = "preview"
    path = "/preview"
    message_overrides = MESSAGE_OVERRIDES
    client_templates = CLIENT_TEMPLATES
    keys = (
        ("/", "search"),
        ("j k", "rows"),
        ("Enter", "open"),
        ("n N", "deviations"),
        ("← →", "history"),
        ("[ ]", "sections"),
        ("f w m c", "filters"),
        ("x", "all"),
        ("g", "approve"),
        ("J K", "services"),
        ("a", "again"),
        ("e", "export"),
    )
    signs = (
        *("error", "warning", "notice", "missing", "not_applicable", "withheld", "changed", "since", "comment"),
        *("sign_missing", "sign_not_applicable", "sign_withheld"),
        *("picture", "flagged", "band", "bars", "hollow", "gap", "lines"),
        *("state_stale", "state_provisional", "state_ready", "state_approved", "state_changed"),
    )

    def __init__(self, services: PageServices) -> None:
        super().__init__(services)
        self._report_cache = ReportCache(services.context)
        self._deletion_authors = DeletionAuthors(services.context)

    async def fetch(self, preferences: RequestPreferences) -> RenderedReport:
        """Read and render what the page shows, before a session exists.

        Raises:
            Redirect: If the URL names no organization: to the overview.
            NotFound: If there is no such organization.
            ValidationError: If a period is invalid.
        """
        query = ReportQuery.from_arguments(preferences.arguments)
        if not query.organization_id:
            period_id = valid_period(query.period_id)
            raise Redirect("/" + (f"?{urlencode({'period_id': period_id})}" if period_id else ""))
        return await self._report_cache.get(query, preferences.language)

    def open_session(self, opened: OpenedPage[RenderedReport]) -> PreviewSession:
        """Return the session of an open page, which gets events from now on."""
        session = PreviewSession(self.services, opened, self._report_cache, self._deletion_authors)
        self.services.fanout.subscribe(session)
        session.catch_up()
        return session

    def shown_period(self, page_data: RenderedReport | None, preferences: RequestPreferences) -> ShownPeriod:
        """Return the period of the report."""
        return shown_period(page_data.query) if page_data else super().shown_period(page_data, preferences)

    def page_title(self, page_data: RenderedReport, t: Translator) -> str:
        """Return the organization and the period."""
        return f"{page_data.preview.organization_name} {page_data.view.period}"

    def variables(self, page_data: RenderedReport, preferences: RequestPreferences, t: Translator) -> dict[str, Any]:
        """Return the variables of `preview.html`."""
        return {
            "view": page_data.view,
            "regions": {
                **addressed_regions(self.context, page_data, preferences.arguments),
                **initial_regions(self.context, t),
            },
            "max_reason_length": MAX_REASON_LENGTH,
            "max_comment_length": MAX_COMMENT_LENGTH,
        }

    def routes(self) -> Sequence[PlainRoute]:
        """Return the route of the exports."""
        return (PlainRoute(r"/preview/export\.(csv|xlsx)", PreviewExport, {}, "/preview/export"),)
