"""The session of a preview page: it follows the organization's events and performs the visitor's actions."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import msgspec

from components.app_bar.period_frame import ShownPeriod, valid_period
from components.layout import value_formatting
from components.layout.error_messages import error_message
from components.live_page import LiveSession, OpenedPage, PageServices
from components.preview.actions import available_actions, job_facts
from components.preview.deletion import DeletionAuthors
from components.preview.history_panel import HistoryPanel
from components.preview.notices import present_job, present_receipt
from components.preview.presenter import without_values
from components.preview.report_cache import RenderedReport, ReportCache, ReportQuery, initial_regions, render_regions
from components.preview.report_view import NoticeView
from components.review.actions import MESSAGE_OVERRIDES as REVIEW_OVERRIDES
from components.review.actions import ReviewActions
from components.services.service_list import present_services
from preview.activity.moments import YESTERDAY
from preview.core.clock import today
from preview.core.errors import NotFound, Unavailable, ValidationError
from preview.core.passing_faults import as_passing, pauses
from preview.events.log import AggregationProgress, EventRow, SnapshotDeleted
from preview.i18n import formatting
from preview.model.reviews import ReportingPeriodDocument

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "live.back.one": (),
    "live.back.other": ("n",),
    "live.back_unchanged": (),
    "live.ready": (),
    "live.changed_in.one": ("section",),
    "live.changed_in.other": ("n", "section"),
    "filter.shown.one": (),
    "head.first_service": (),
    "head.last_service": (),
    "head.place": ("n", "total"),
    "filter.shown.other": ("n",),
    "form.changed_now": ("was",),
    "form.changed": ("was",),
    "form.changed_beside": ("was",),
    "form.history_connecting": (),
    "form.history_offline": (),
    "text.left": ("n",),
    "text.national_id": (),
    "approval.done": (),
    "withdraw.done": (),
    "answer.done": (),
    "answer.taken_back": (),
    "comment.saved": (),
    "comment.deleted": (),
    "notice.number_copied": ("number",),
    "print.filtered": ("n", "total", "filter"),
}
"""The texts that the page's script fills in, with the names of their parameters."""
# When the report is deleted while a visitor looks at it, only these regions are updated; the values stay on the screen.
_REGIONS_AFTER_DELETE = (
    "state",
    "job",
    "actions",
    "why-aggregate",
    "periods",
    "again-hint",
    "delete-lead",
    "job-facts",
    "sources",
    "origins",
    "approve-lead",
    "withdraw-lead",
)
# Actions that change nothing, and leave the outcome of the last one on the page.
_READING_ACTIONS = frozenset({"services", "history"})
MESSAGE_OVERRIDES: Mapping[type[Exception], str] = {
    NotFound: "notice.no_organization",
    ValidationError: "notice.wrong_period",
}
"""The texts of errors that come from the URL, where the general ones say too little."""
_OVERRIDES_BY_ACTION: Mapping[str, Mapping[type[Exception], str]] = {
    "show": MESSAGE_OVERRIDES,
    "again": {ValidationError: "text.refused"},
}


class PreviewSession(LiveSession):
    """The session of one open page.

    It gets the events of its organization, reads the preview again, and patches the page. Its state is the query, which
    the URL holds too, and the report that was rendered for it.

    Attributes:
        query: The organization and periods that the page shows.
        report: The report that was rendered last for the query; None if another process has rendered the page.
    """

    def __init__(
        self,
        services: PageServices,
        opened: OpenedPage[RenderedReport],
        report_cache: ReportCache,
        deletion_authors: DeletionAuthors,
    ) -> None:
        report, t = opened.data, services.context.translator(opened.preferences)
        super().__init__(services, opened, {**report.regions, **initial_regions(services.context, t)} if report else {})
        self.report = report
        self.query = report.query if report else ReportQuery.from_arguments(opened.preferences.arguments)
        self._report_cache = report_cache
        self._deletion_authors = deletion_authors
        self._tasks: set[asyncio.Task[object]] = set()
        self._has_ended = False
        self._day = today()
        self._requested_query = self.query
        self._requested_job = ""
        self._deleted_at: str | None = None
        self._deleted_id = ""
        self._deleted_by: str | None = None
        self._history_panel = HistoryPanel(self.context, self.t, self.live, self.document)
        self._review_actions = ReviewActions(self.context, self.actor, is_named=opened.is_actor_named)
        self.live.patch({"approver": self._review_actions.render_approver(t)})

    @property
    def organization_id(self) -> str:
        """The organization whose events the session gets."""
        return self.query.organization_id

    @property
    def _current_report(self) -> RenderedReport:
        if self.report is None:
            raise Unavailable("The preview has not been read yet.")
        return self.report

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Read the preview again after events, and show progress as it is; called outside the session."""
        if events:
            self._note_deletion(events)
            self._start_task(self._refresh(events[-1].event_id))
        for update in progress:
            self.document.add_next_tick_callback(partial(self._show_progress, update))

    def on_erased(self, organization_id: str) -> None:
        """Show that the organization of the page is being erased; called outside the session."""
        self._start_task(self._refresh(self.services.fanout.last_event_id(organization_id)))

    def catch_up(self) -> None:
        """Read the preview again if an event of the organization was delivered before the session subscribed."""
        last_event_id = self.services.fanout.last_event_id(self.organization_id)
        if self.report is None or self.report.preview.position < last_event_id:
            self._start_task(self._refresh(last_event_id))

    def receive_reporting_period(self, document: ReportingPeriodDocument) -> None:
        """Read the preview again when "yesterday" has become another day; called outside the session."""
        super().receive_reporting_period(document)
        if self._day != today():
            self._day = today()
            if self.query.since == YESTERDAY:
                self._start_task(self._refresh(self.services.fanout.last_event_id(self.organization_id)))

    def _note_deletion(self, events: list[EventRow]) -> None:
        snapshot_id = self.report.view.snapshot_id if self.report else ""
        for event in events:
            if event.type == "snapshot_deleted":
                deleted = msgspec.json.decode(event.data, type=SnapshotDeleted)
                if deleted.snapshot_id == snapshot_id:
                    self._deleted_at, self._deleted_id, self._deleted_by = deleted.deleted_at, snapshot_id, None

    def end(self) -> None:
        """Retry no reading any more, and get no more events."""
        self._has_ended = True
        self.services.fanout.unsubscribe(self)
        super().end()

    async def _refresh(self, last_event_id: int) -> None:
        query, seconds = self.query, pauses()
        while query == self.query and not self._has_ended:
            try:
                report = await self._read_report(query, last_event_id)
            except NotFound:
                await self.change_document(partial(self._show_erased, query))
                return
            except Exception as error:  # noqa: BLE001  (error_message logs it and maps it to a sentence)
                if as_passing(error) is None:
                    self._show_result("danger", error_message(error, self.t, MESSAGE_OVERRIDES).text)
                    return
                await asyncio.sleep(next(seconds))
            else:
                await self.change_document(partial(self._apply_report, report, query))
                return

    async def _read_report(self, query: ReportQuery, last_event_id: int) -> RenderedReport:
        """Return the report, and find out at the same time who deleted the one that the page shows."""
        reading = self._report_cache.get(query, self.t.language, last_event_id)
        if self._deleted_at is None or self._deleted_by is not None:
            return await reading
        report, self._deleted_by = await asyncio.gather(reading, self._deletion_authors.find(self._deleted_id))
        return report

    def _apply_report(self, report: RenderedReport, query: ReportQuery) -> None:
        """Show a report, unless the page has changed its query since, or a newer report was shown already."""
        if query == self.query and (self.report is None or self.report.preview.position <= report.preview.position):
            self._show_report(report)

    def _show_report(self, report: RenderedReport) -> None:
        self.query, self.report = report.query, report
        self.show_period(shown_period(report.query))
        if report.view.is_complete:
            self._deleted_at = None
        if self._history_panel.is_in_use:
            self._start_task(self._run_action(self._history_panel.refresh(report.preview)))
        if self._requested_job:
            self._start_task(self._run_action(self._show_receipt()))
        if self._deleted_at is None:
            self.live.patch(report.regions)
            return
        at, actor = value_formatting.clock_time(self._deleted_at, self.t.language), self._deleted_by
        text = self.t("notice.deleted_by", time=at, actor=actor) if actor else self.t("notice.deleted", time=at)
        regions = {region: report.regions[region] for region in _REGIONS_AFTER_DELETE}
        notice = NoticeView("warning", text, ("overview",), is_of_deleted=True, period_query=self.period_query)
        self.live.patch(regions | {"notice": self._macros.notice(notice, self.t)})

    def _show_erased(self, query: ReportQuery) -> None:
        """Remove the values of an erased organization from the page that a visitor has open (GDPR)."""
        if query != self.query:
            return
        notice = self._macros.notice(
            NoticeView("warning", self.t("notice.forgotten"), ("overview",), period_query=self.period_query), self.t
        )
        if self.report is None:  # the session of a page of another process: it has read nothing yet
            self.live.patch({"notice": notice})
            return
        self._start_task(self._run_action(self._history_panel.refresh(self.report.preview)))
        view = without_values(self.report.view, self.context.application.catalogue)
        self.report = RenderedReport(self.report.query, view, render_regions(self.context, view))
        self.live.patch({**self.report.regions, "notice": notice})

    def _show_progress(self, progress: AggregationProgress) -> None:
        job = self.report.preview.job if self.report else None
        if job is None or job.job_id != progress.job_id:
            return
        running_job = msgspec.structs.replace(job, job_status="running", completed=progress.completed)
        t, is_complete = self.t, self._current_report.view.is_complete
        job_view = present_job(running_job, t, is_complete)
        self.live.patch(
            {
                "job": self._macros.job(job_view, t),
                "again-hint": self._macros.again_hint(job_view, t),
                "why-aggregate": self._macros.disabled_reason(
                    available_actions(self._current_report.preview, running_job, t, is_complete)["aggregate"]
                ),
                "job-facts": self._macros.job_facts(job_facts(running_job, t), t),
            }
        )

    @property
    def _macros(self) -> Any:
        return self.context.macros("preview/preview_regions.html")

    def _show_result(self, color: str, text: str) -> None:
        """Show the outcome of the visitor's action; with an empty colour, only screen readers get it."""
        regions = {"answer": self._macros.answer(color, text)}
        self.document.add_next_tick_callback(lambda: self.live.patch(regions))

    # ── Actions of the visitor ──
    def handle_message(self, message: dict[str, Any]) -> None:
        """Start what the visitor has asked for."""
        actions: dict[Any, Callable[[dict[str, Any]], Coroutine[Any, Any, None]]] = {
            **self._review_actions.by_name,
            "show": self._change_query,
            "services": self._list_services,
            "aggregate": self._aggregate,
            "again": self._aggregate_again,
            "delete": self._delete,
            "history": self._open_history,
        }
        action = actions.get(message.get("action"))
        if action is not None:
            if message.get("action") not in _READING_ACTIONS:
                self.live.patch({"answer": self._macros.answer("", "")})
            self._start_task(self._perform(action, message))

    async def _perform(
        self, action: Callable[[dict[str, Any]], Coroutine[Any, Any, None]], message: dict[str, Any]
    ) -> None:
        name = str(message.get("action"))
        overrides = REVIEW_OVERRIDES if name in self._review_actions.by_name else _OVERRIDES_BY_ACTION.get(name)
        error = await self._run_action(action(message), overrides)
        self.document.add_next_tick_callback(lambda: self.live.reply(message, error))

    async def _run_action(
        self, action: Coroutine[Any, Any, None], overrides: Mapping[type[Exception], str] | None = None
    ) -> str:
        """Await an action. If it fails, show why, and return that sentence; else return an empty text."""
        try:
            await action
        except Exception as error:  # noqa: BLE001  (error_message logs it and maps it to a sentence)
            sentence = error_message(error, self.t, overrides).text
            self._show_result("danger", sentence)
            return sentence
        return ""

    async def _change_query(self, message: dict[str, Any]) -> None:
        arguments = message.get("arguments")
        query = self._requested_query = ReportQuery.from_arguments(arguments if isinstance(arguments, dict) else {})
        report = await self._report_cache.get(query, self.t.language)

        def apply_query() -> None:
            if query is not self._requested_query:  # the visitor has chosen another query since
                return
            self._deleted_at = None
            self._show_report(report)
            self.catch_up()  # events of another organization were not delivered so far

        self.document.add_next_tick_callback(apply_query)

    async def _list_services(self, _: dict[str, Any]) -> None:
        options = await self.context.run_blocking(self.context.application.organizations.list_options)
        period_id, compare = self.query.period_id, self.query.compare
        name = formatting.period(self.language, period_id) if period_id else ""
        note = self.t("organizations.no_report", period=name)
        since = self.report.view.changes.kept if self.report else ""
        services = present_services(options, period_id, compare, note, since)
        regions = {"services": self._macros.services(services, self.t)}
        self.document.add_next_tick_callback(lambda: self.live.patch(regions))

    async def _aggregate(self, _message: dict[str, Any]) -> None:
        preview = self._current_report.preview
        requested, _ = await self.context.run_blocking(
            self.context.application.snapshots.request, preview.organization_id, preview.period_id, False, self.actor
        )
        await self._follow_job(requested.job_id)

    async def _aggregate_again(self, message: dict[str, Any]) -> None:
        reason = str(message.get("reason", ""))
        requested = await self.context.run_blocking(
            self.context.application.snapshots.invalidate, _snapshot_id(message), reason, self.actor, None
        )
        await self._follow_job(requested.job_id)

    async def _follow_job(self, job_id: str) -> None:
        """Confirm that a job is queued, and its end as soon as it has come; a short job may have ended before."""
        self._requested_job = job_id
        self._show_result("", self.t("notice.queued"))
        await self._show_receipt()

    async def _show_receipt(self) -> None:
        """Show what the visitor's last job came to, once it has ended."""
        job_id = self._requested_job
        if not job_id:
            return
        receipt = await self.context.run_blocking(self._read_receipt, job_id)
        if receipt is not None and self._requested_job == job_id:
            self._requested_job = ""
            self._show_result(*receipt)

    def _read_receipt(self, job_id: str) -> tuple[str, str] | None:
        """Return the colour and the text of a job's receipt, None while it has not ended. Blocks."""
        jobs = self.context.application.jobs
        job = jobs.get(job_id)
        if job.ended_at is None:
            return None
        return present_receipt(job, jobs.replaced_fields(job_id), self.report.preview if self.report else None, self.t)

    async def _delete(self, message: dict[str, Any]) -> None:
        await self.context.run_blocking(
            self.context.application.snapshots.delete, _snapshot_id(message), self.actor, None
        )
        self._show_result("", self.t("notice.deleted_by_you"))

    async def _open_history(self, message: dict[str, Any]) -> None:
        self._history_panel.set_open(message)
        await self._history_panel.refresh(self._current_report.preview)

    def _start_task(self, coroutine: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def shown_period(query: ReportQuery) -> ShownPeriod:
    """Return the period of a query, with the organization, which the page keeps with any period."""
    return ShownPeriod(valid_period(query.period_id), {"organization_id": query.organization_id})


def _snapshot_id(message: Mapping[str, Any]) -> str:
    """Return the snapshot that the visitor's dialog named; the page may show another one by now."""
    return str(message.get("snapshot_id", ""))
