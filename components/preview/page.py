"""The page of a preview: one organization and period, 34 fields, current values beside compared ones, live."""

from typing import Any

import panel as pn

from components.context import AppContext
from components.deliveries.drawer import CLIENT_TEMPLATES as DRAWER_TEMPLATES
from components.deliveries.drawer import DeliveryUpdates
from components.layout import value_formatting
from components.layout.page_handler import Redirect
from components.layout.preferences import RequestPreferences, preferences_of
from components.live.component import live_page
from components.live.fanout import Fanout
from components.preview.report_cache import RenderedReport, ReportCache, ReportQuery, initial_regions
from components.preview.session import CLIENT_TEMPLATES, MESSAGE_OVERRIDES, PreviewSession
from preview.core.clock import format_rfc3339, now
from preview.model.resources import MAX_REASON_LENGTH


class PreviewPage:
    """The page at `/preview?organization_id=…[&period_id=…][&compare=…][&lang=…][&theme=…]`."""

    path = "/preview"
    message_overrides = MESSAGE_OVERRIDES

    def __init__(self, context: AppContext, fanout: Fanout, delivery_updates: DeliveryUpdates) -> None:
        self._context = context
        self._fanout = fanout
        self._delivery_updates = delivery_updates
        self._report_cache = ReportCache(context)

    async def fetch(self, preferences: RequestPreferences) -> RenderedReport:
        """Read and render what the page shows, before a session exists.

        Raises:
            Redirect: If the URL names no organization: to the overview.
            NotFound: If there is no such organization.
            ValidationError: If a period is invalid.
        """
        query = ReportQuery.from_arguments(preferences.arguments)
        if not query.organization_id:
            raise Redirect("/")
        return await self._report_cache.get(query, preferences.language)

    def create_session(self) -> pn.Template:
        """Create the view of the present session, and return the rest of its page.

        `LivePageHandler` leaves the result of `fetch` on the request. A session that a WebSocket creates in another
        process than its page has none.
        """
        document: Any = pn.state.curdoc
        request = document.session_context.request
        preferences = preferences_of(request)
        report: RenderedReport | None = getattr(request, "page_data", None)
        query = report.query if report else ReportQuery.from_arguments(preferences.arguments)
        session = PreviewSession(
            self._context,
            self._report_cache,
            self._fanout,
            self._delivery_updates,
            preferences,
            document,
            self._context.actor(request.headers),
            report=report,
            query=query,
        )
        self._fanout.subscribe(session)
        pn.state.on_session_destroyed(lambda _: self._end_session(session))
        session.catch_up()
        return live_page(session.live, request, self._context.rewrite_scripts)

    def _end_session(self, session: PreviewSession) -> None:
        session.end()
        self._fanout.unsubscribe(session)
        self._delivery_updates.remove(session.drawer)

    def render(self, report: RenderedReport, preferences: RequestPreferences, nonce: str) -> str:
        """Return the HTML of the page, without its session.

        Args:
            report: What `fetch` returned.
            preferences: The visitor's language and theme.
            nonce: The nonce of the response's Content-Security-Policy.
        """
        t = self._context.translator(preferences)
        return self._context.render_page(
            "preview/preview.html",
            preferences,
            nonce,
            active_page="preview",
            title=t("app.title", page=f"{report.preview.organization_name} {report.view.period}"),
            live=True,
            view=report.view,
            regions={**report.regions, **initial_regions(self._context, t)},
            client_templates=t.templates({**CLIENT_TEMPLATES, **DRAWER_TEMPLATES}),
            max_bytes=self._context.application.settings.max_delivery_bytes,
            max_reason_length=MAX_REASON_LENGTH,
            max_size=value_formatting.size(self._context.application.settings.max_delivery_bytes, preferences.language),
            read_at=value_formatting.clock_time(format_rfc3339(now()), preferences.language),
        )
