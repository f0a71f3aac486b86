"""Single-flight rendering of previews, which are kept as long as neither the store nor the day has changed.

A preview is read and rendered on a thread, once for all sessions that ask for it at the same time. The event loop never
waits.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any, NamedTuple

from markupsafe import Markup
from tornado.ioloop import IOLoop

from components.context import AppContext
from components.layout.preferences import Translator
from components.preview.presenter import present_report
from components.preview.report_view import ROW_FILTERS, ReportView, RowView
from preview.core.clock import today
from preview.core.errors import PreviewError
from preview.core.languages import Language
from preview.views.preview import Preview

_MAX_REPORTS = 16
_MAX_ROWS = 1024  # of 30 reports


class ReportQuery(NamedTuple):
    """What the preview's URL asks for.

    Attributes:
        organization_id: The organization; empty if the URL names none.
        period_id: The period, None for the reporting period.
        compare: The period to compare with, or `views.comparison.SAME_DAY`; None for the default.
        since: The moment from which changes count, as `activity.moments.parse_moment` reads it; None for the default.
    """

    organization_id: str
    period_id: str | None = None
    compare: str | None = None
    since: str | None = None

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> "ReportQuery":
        """Return the query of query parameters or of a browser's message; values that are no strings are ignored."""
        values = {name: text for name in cls._fields if isinstance(text := arguments.get(name), str) and text}
        return cls(**{"organization_id": "", **values})


_Key = tuple[ReportQuery, Language]


@dataclass(frozen=True)
class RenderedReport:
    """A preview with its view model and rendered regions.

    Attributes:
        query: The query with the period that was shown, also if it asked for the reporting period.
        view: The view model.
        regions: HTML by region id.
    """

    query: ReportQuery
    view: ReportView
    regions: Mapping[str, str]

    @property
    def preview(self) -> Preview:
        """The read model."""
        return self.view.preview


class ReportCache:
    """Renders previews on a thread. It lives on the event loop.

    Concurrent requests for the same preview share one rendering. The newest ones are kept until the store or the day
    changes, unless a job of the report is open. Nothing in them belongs to a visitor: see `initial_regions`.
    """

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._pending: dict[_Key, asyncio.Future[RenderedReport]] = {}
        self._kept: OrderedDict[_Key, RenderedReport] = OrderedDict()
        self._kept_of: tuple[int, date] | None = None
        self._rows = RowRenderer(context)
        # A page is created on the event loop that serves it.
        context.application.dispatcher.subscribe_erasures(partial(IOLoop.current().add_callback, self._on_erased))

    async def get(self, query: ReportQuery, language: Language, min_event_id: int = 0) -> RenderedReport:
        """Return a preview that reflects the event log.

        Args:
            query: The organization and periods.
            language: The language of the texts.
            min_event_id: The id of the event that the preview must reflect, at least.

        Raises:
            NotFound: If there is no such organization.
            ValidationError: If a period is invalid.
        """
        key = (query, language)
        kept = self._find_kept(key)
        if kept is not None and kept.preview.position >= min_event_id:
            return kept
        pending = self._pending.get(key)
        if pending is not None:
            with suppress(PreviewError):  # the error may not occur again
                report = await asyncio.shield(pending)
                if report.preview.position >= min_event_id:
                    return report
        # Another caller may have started a newer rendering while this one waited; the finished one may still be
        # registered.
        pending = self._pending.get(key)
        if pending is None or pending.done():
            pending = self._pending[key] = self._start_render(key)
        return await asyncio.shield(pending)

    def _find_kept(self, key: _Key) -> RenderedReport | None:
        """Return what is kept of the present store and day; what is of another one is forgotten."""
        present = self._present()
        if present != self._kept_of:
            self._kept.clear()
            self._kept_of = present
        return self._kept.get(key)

    def _on_erased(self, _: str) -> None:
        """Keep nothing: what is kept may be of the organization that is being erased."""
        self._kept.clear()
        self._kept_of = None
        self._rows.clear()

    def _present(self) -> tuple[int, date]:
        return self._context.application.database.data_version(), today()

    def _start_render(self, key: _Key) -> asyncio.Future[RenderedReport]:
        # Read before the preview: a commit in between makes what is kept outdated at once, never wrong.
        present = self._present()
        future = asyncio.get_running_loop().run_in_executor(self._context.application.read_executor, self._render, *key)

        def end_render(_: asyncio.Future[RenderedReport]) -> None:
            if self._pending.get(key) is future:
                del self._pending[key]
            if not future.cancelled() and future.exception() is None and present == self._kept_of:
                self._keep(key, future.result())

        future.add_done_callback(end_render)
        return future

    def _keep(self, key: _Key, report: RenderedReport) -> None:
        if report.view.job is not None:  # its progress and remaining time are of this moment
            return
        self._kept[key] = report
        self._kept.move_to_end(key)
        if len(self._kept) > _MAX_REPORTS:
            self._kept.popitem(last=False)

    def _render(self, query: ReportQuery, language: Language) -> RenderedReport:
        application = self._context.application
        view = present_report(
            application.previews.read(*query), application.catalogue, Translator(application.texts, language)
        )
        # An open page keeps its period when another one becomes the reporting period.
        return RenderedReport(
            query._replace(period_id=view.preview.period_id), view, render_regions(self._context, view, self._rows)
        )


class RowRenderer:
    """Renders rows and their details. Most events change few rows of a report: equal ones are rendered once."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._render = lru_cache(_MAX_ROWS)(self._render_row)

    def clear(self) -> None:
        """Keep no row."""
        self._render.cache_clear()

    def regions(self, view: ReportView) -> dict[str, str]:
        """Return the regions of all rows by id."""
        regions: dict[str, str] = {}
        for row in view.rows:
            rendered = self._render(row, view.t.language, view.query, view.preview.period_id, view.review is not None)
            regions[f"row-{row.key}"], regions[f"detail-{row.key}"] = rendered
        return regions

    def _render_row(
        self, row: RowView, language: Language, query: str, period_id: str, has_review: bool
    ) -> tuple[str, str]:
        macros = self._context.macros("preview/preview_regions.html")
        t = Translator(self._context.application.texts, language)
        return (
            macros.row(row, t, opening_query=f"{query}&open={row.key}"),
            macros.detail(row, has_review, t, period_id),
        )


def initial_regions(context: AppContext, t: Translator) -> dict[str, str]:
    """Return the regions that start empty. They belong to the session; no rendering of the preview writes them."""
    macros = context.macros("preview/preview_regions.html")
    approver = context.macros("review/review_regions.html").no_approver()
    return {"answer": macros.answer("", ""), "services": macros.services([], t), "approver": approver}


def addressed_regions(
    context: AppContext, report: RenderedReport, arguments: Mapping[str, str]
) -> dict[str, str | Markup]:
    """Return the regions of a page's first HTML with the rows that its address opens and filters.

    Args:
        context: The templates.
        report: The report.
        arguments: The query; `open` has keys of fields, separated by commas, `filter` is one of `ROW_FILTERS`. Unknown
            ones are ignored.
    """
    macros, view, regions = context.macros("preview/preview_regions.html"), report.view, dict(report.regions)
    chosen = arguments.get("filter", "")
    open_keys = frozenset(arguments.get("open", "").split(","))
    if chosen in ROW_FILTERS:
        regions["filters"] = macros.filters(view, chosen)
        regions["filtered"] = macros.filtered(view, chosen)
    for row in view.rows:
        if row.key in open_keys:
            regions[f"row-{row.key}"] = macros.row(row, view.t, is_open=True)
            regions[f"detail-{row.key}"] = macros.detail(
                row, view.review is not None, view.t, view.preview.period_id, is_open=True
            )
        elif chosen in ROW_FILTERS and chosen not in row.flags:
            region = f"row-{row.key}"
            regions[region] = Markup(str(regions[region]).replace("<tr ", "<tr hidden ", 1))  # noqa: S704  (rendered HTML)
    return regions


def render_regions(context: AppContext, view: ReportView, rows: RowRenderer | None = None) -> dict[str, str]:
    """Return the regions of a preview by id. The page's first HTML and all patches are made of them.

    Args:
        context: The templates.
        view: The preview.
        rows: Renders its rows; None for a renderer that keeps nothing.
    """
    macros, t = context.macros("preview/preview_regions.html"), view.t
    review_macros = context.macros("review/review_regions.html")
    changes_macros = context.macros("changes/changes_regions.html")
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
        "since": changes_macros.choice(view.changes.menu, view.is_complete, "/preview", t, has_label=False),
        "changes": changes_macros.summary(view),
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
        "comments": review_macros.report_comments(view.review, t),
        "approve-lead": review_macros.approve_lead(view),
        "withdraw-lead": review_macros.withdraw_lead(view),
    }
    for section in view.sections:
        regions[f"picture-{section.section_id}"] = macros.section_picture(section)
    return {**regions, **(rows or RowRenderer(context)).regions(view)}
