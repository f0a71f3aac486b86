"""Navigation of an open page: the last requested query is shown, and no change that happens meanwhile is missed."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from components import assets
from components.context import AppContext
from components.layout.preferences import RequestPreferences
from components.live.fanout import Fanout
from components.live_page import LoadedPage, OpenedPage, PageServices
from components.preview.deletion import DeletionAuthors
from components.preview.report_cache import ReportCache, ReportQuery
from components.preview.session import PreviewSession, shown_period
from preview.runtime.application import Application
from preview.views.preview import Preview
from tests.builders import large_dataset
from tests.components.page_harness import OpenDocument
from tests.support import pipeline

WAIT_SECONDS = 30
FIRST, SECOND = (ReportQuery(large_dataset.organization_id(number), "2024") for number in range(2))


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.open_application(tmp_path / "data") as opened:
        pipeline.deliver(opened, *(large_dataset.folder(number) for number in range(2)))
        for query in (FIRST, SECOND):
            pipeline.aggregate(opened, query.organization_id, "2024")
        yield opened


class PageHarness:
    """The session of an open page, whose callbacks run when the test calls them."""

    def __init__(self, application: Application, context: AppContext, fanout: Fanout) -> None:
        self._document = OpenDocument()
        self.fanout = fanout
        self.periods: list[str] = []
        """The periods that the page has shown."""
        report = ReportCache(context)._render(FIRST, "nb")  # pyright: ignore[reportPrivateUsage]
        reporting_period, position = application.reviews.query.reporting_period()
        loaded = LoadedPage(report, reporting_period, position)
        opened = OpenedPage(
            "preview",
            shown_period(report.query),
            RequestPreferences("nb", "light", {}),
            self._document,
            "test",
            False,
            loaded,
        )
        services = PageServices.create(context, fanout, IOLoop.current())
        self.view: Any = PreviewSession(services, opened, ReportCache(context), DeletionAuthors(context))
        self.view.live.model.on_change("regions", lambda _attribute, _old, _new: self._note_period())
        fanout.subscribe(self.view)

    def _note_period(self) -> None:
        period_id = self.view.report.preview.period_id
        if period_id not in self.periods[-1:]:
            self.periods.append(period_id)

    def change_query(self, query: ReportQuery) -> None:
        self.view.live.handle_message({"action": "show", "arguments": query._asdict()})

    async def wait_for(self, condition: Callable[[Preview], bool]) -> None:
        """Wait until the shown preview meets a condition."""
        for _ in range(100 * WAIT_SECONDS):
            self.run_callbacks()
            if condition(self.view.report.preview):
                return
            await asyncio.sleep(0.01)
        pytest.fail("The page did not show the expected preview.")

    async def wait_for_tasks(self) -> None:
        """Wait until all tasks of the session are finished, and run their callbacks."""
        await asyncio.gather(*self.view._tasks)  # pyright: ignore[reportPrivateUsage]
        self.run_callbacks()

    def run_callbacks(self) -> None:
        callbacks: list[Any] = self._document.session_callbacks
        for callback in callbacks:
            self._document.remove_next_tick_callback(callback)
            callback.callback()


def run(application: Application, scenario: Callable[[PageHarness], Awaitable[None]]) -> None:
    async def running() -> None:
        fanout = Fanout(application.dispatcher, IOLoop.current())
        try:
            await scenario(
                PageHarness(application, AppContext.from_application(application, assets.load_assets()), fanout)
            )
        finally:
            fanout.close()

    asyncio.run(running())


class BlockedRead:
    """Blocks the first read of one query after it has read, until the test lets it continue."""

    def __init__(self, application: Application, monkeypatch: pytest.MonkeyPatch, query: ReportQuery) -> None:
        self.has_read, self.may_continue = threading.Event(), threading.Event()
        read = application.previews.read

        def read_and_wait(*arguments: Any) -> Preview:
            preview = read(*arguments)
            if ReportQuery(*arguments) == query and not self.has_read.is_set():
                self.has_read.set()
                assert self.may_continue.wait(WAIT_SECONDS)
            return preview

        monkeypatch.setattr(application.previews, "read", read_and_wait)


def test_last_requested_period_wins_over_slower_read(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    early = FIRST._replace(period_id="2022")
    blocked = BlockedRead(application, monkeypatch, early)

    async def scenario(page: PageHarness) -> None:
        page.change_query(early)
        assert await asyncio.to_thread(blocked.has_read.wait, WAIT_SECONDS)
        page.change_query(FIRST._replace(period_id="2023"))
        await page.wait_for(lambda preview: preview.period_id == "2023")
        blocked.may_continue.set()
        await page.wait_for_tasks()
        assert page.periods == ["2023"]
        page.change_query(early)
        await page.wait_for(lambda preview: preview.period_id == "2022")

    run(application, scenario)


def test_change_during_navigation_is_not_missed(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = BlockedRead(application, monkeypatch, SECOND)

    async def scenario(page: PageHarness) -> None:
        page.change_query(SECOND)
        assert await asyncio.to_thread(blocked.has_read.wait, WAIT_SECONDS)
        await asyncio.to_thread(pipeline.deliver, application, large_dataset.folder(1, meldinger=3, day="2025-01-20"))
        event_id = application.event_log.last_event_id()
        await asyncio.to_thread(
            pipeline.wait_until, lambda: page.fanout.last_event_id(SECOND.organization_id) >= event_id, "the event"
        )
        blocked.may_continue.set()
        await page.wait_for(
            lambda preview: preview.organization_id == SECOND.organization_id and preview.position >= event_id
        )

    run(application, scenario)
