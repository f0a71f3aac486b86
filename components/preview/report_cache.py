"""Previews as they are read, worded and drawn: once for all sessions that show the same, on a thread, so that the event loop never waits."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from components.context import AppContext
from components.layout.preferences import Translator
from components.preview.presenter import ReportView, present_report
from preview.core.errors import PreviewError
from preview.core.languages import Language
from preview.views.preview import Preview


class ReportQuery(NamedTuple):
    """What the URL asks for; without a period the newest, compared with its prior where no other is named."""

    organization_id: str
    period_id: str | None = None
    compare: str | None = None

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> "ReportQuery":
        """From query parameters, or from the browser's message; what is no text is not asked for."""
        values = {name: text for name in cls._fields if isinstance(text := arguments.get(name), str) and text}
        return cls(**{"organization_id": "", **values})


@dataclass(frozen=True)
class RenderedReport:
    """A preview as it was read, worded and drawn once for all sessions that show it."""

    query: ReportQuery
    view: ReportView
    regions: Mapping[str, str]

    @property
    def preview(self) -> Preview:
        """The view-model."""
        return self.view.preview


class ReportCache:
    """Reads and draws previews on a thread. Whoever asks for the same meanwhile gets the same reading."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._pending: dict[tuple[ReportQuery, Language], asyncio.Future[RenderedReport]] = {}

    async def get(self, query: ReportQuery, language: Language, min_event_id: int = 0) -> RenderedReport:
        """One that reflects the log at least to `place`. Raises `NotFound` and `Invalid` as `Previews.read`."""
        key = (query, language)
        pending = self._pending.get(key)
        if pending is not None:
            with suppress(PreviewError):  # what it met may be over by now
                report = await asyncio.shield(pending)
                if report.preview.position >= min_event_id:
                    return report
        # Whoever waited for the same too old reading may have begun another meanwhile; the old one itself may stand here still.
        pending = self._pending.get(key)
        if pending is None or pending.done():
            pending = self._pending[key] = self._start_render(query, language)
        return await asyncio.shield(pending)

    def _start_render(self, query: ReportQuery, language: Language) -> asyncio.Future[RenderedReport]:
        future = asyncio.get_running_loop().run_in_executor(self._context.application.read_executor, self._render, query, language)

        def remove_pending(_: asyncio.Future[RenderedReport]) -> None:
            if self._pending.get((query, language)) is future:
                del self._pending[query, language]

        future.add_done_callback(remove_pending)
        return future

    def _render(self, query: ReportQuery, language: Language) -> RenderedReport:
        application = self._context.application
        view = present_report(application.previews.read(*query), application.catalogue, Translator(application.texts, language))
        # Whoever asked for the newest period keeps that which it was.
        return RenderedReport(query._replace(period_id=view.preview.period_id), view, render_regions(self._context, view))


def initial_regions(context: AppContext, t: Translator) -> dict[str, str]:
    """The regions that begin empty: they are the session's own, and no reading writes them."""
    macros = context.macros("preview/preview_regions.html")
    return {"answer": macros.answer("", ""), "services": macros.services([], t)}


def render_regions(context: AppContext, view: ReportView) -> dict[str, str]:
    """The regions that follow the preview, by id. The page's first HTML is made of the same."""
    macros, t = context.macros("preview/preview_regions.html"), view.t
    regions = {
        "title": macros.title(view),
        "organization": macros.organization(view),
        "periods": macros.periods(view),
        "state": macros.state(view),
        "job": macros.job(view.job, t),
        "actions": macros.actions(view),
        "notice": macros.notice(view.notice, t),
        "sections": macros.sections(view),
        "sources": macros.sources(view),
        "filters": macros.filters(view),
        "first-error": macros.first_error(view),
        "caption": macros.caption(view),
        "columns": macros.columns(view),
        "foot": macros.foot(view),
        "again-lead": macros.again_lead(view),
        "again-hint": macros.again_hint(view.job, t),
        "delete-lead": macros.delete_lead(view),
        "why-aggregate": macros.disabled_reason(view.actions["aggregate"]),
        "job-facts": macros.job_facts(view.job_facts, t),
        "origins": macros.origins(view),
    }
    for row in view.rows:
        regions[f"row-{row.key}"] = macros.row(row, t)
        regions[f"detail-{row.key}"] = macros.detail(row, t)
    return regions
