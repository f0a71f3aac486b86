"""The report cache: concurrent requests share a rendering, and none gets an older one than it asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import pytest

from components import assets
from components.context import AppContext
from components.preview.report_cache import ReportCache, ReportQuery
from preview.core.errors import NotFound
from preview.runtime.application import Application
from tests.builders import large_dataset
from tests.support import pipeline

WAIT_SECONDS = 30
QUERY = ReportQuery(large_dataset.organization_id(0), "2024")


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.open_application(tmp_path / "data") as opened:
        pipeline.deliver(opened, large_dataset.folder(0))
        pipeline.aggregate(opened, large_dataset.organization_id(0), "2024")
        yield opened


@pytest.fixture
def submitted(application: Application, monkeypatch: pytest.MonkeyPatch) -> list[Future[Any]]:
    """Return the calls that were submitted to the read executor."""
    futures: list[Future[Any]] = []
    submit = application.read_executor.submit

    def record(*args: Any) -> Future[Any]:
        futures.append(submit(*args))
        return futures[-1]

    monkeypatch.setattr(application.read_executor, "submit", record)
    return futures


def run(application: Application, scenario: Callable[[ReportCache], Awaitable[None]]) -> None:
    async def running() -> None:
        await asyncio.wait_for(
            scenario(ReportCache(AppContext.from_application(application, assets.load_assets()))), WAIT_SECONDS
        )

    asyncio.run(running())


def deliver_change(application: Application, day: str) -> int:
    """Import the case as of another day, and return the id of the last event after it."""
    pipeline.deliver(application, large_dataset.folder(0, meldinger=3, day=day))
    return application.event_log.last_event_id()


def test_concurrent_requests_share_one_render(application: Application, submitted: list[Future[Any]]) -> None:
    async def scenario(report_cache: ReportCache) -> None:
        event_id = application.event_log.last_event_id()
        first, second, other = await asyncio.gather(
            report_cache.get(QUERY, "nb"),
            report_cache.get(QUERY, "nb", event_id),
            report_cache.get(QUERY, "en", event_id),
        )
        assert first is second
        assert other.view.t.language == "en"
        assert len(submitted) == 2

    run(application, scenario)


def test_finished_outdated_render_is_not_reused(application: Application, submitted: list[Future[Any]]) -> None:
    """The first rendering ends while the event loop is busy, and then a rendering for a second event is requested."""

    async def scenario(report_cache: ReportCache) -> None:
        first = asyncio.create_task(report_cache.get(QUERY, "nb"))
        await asyncio.sleep(0)
        wait(submitted)  # blocks the event loop
        event_id = deliver_change(application, "2025-01-20")
        second, third = await asyncio.gather(
            report_cache.get(QUERY, "nb", event_id), report_cache.get(QUERY, "nb", event_id)
        )
        assert (await first).preview.position < event_id
        assert second is third
        assert second.preview.position >= event_id
        assert len(submitted) == 2
        later = deliver_change(application, "2025-01-21")
        assert (await report_cache.get(QUERY, "nb", later)).preview.position >= later

    run(application, scenario)


def test_waiter_renders_again_after_failed_render(application: Application, submitted: list[Future[Any]]) -> None:
    async def scenario(report_cache: ReportCache) -> None:
        query = ReportQuery(large_dataset.organization_id(1), "2024")
        first = asyncio.create_task(report_cache.get(query, "nb"))
        await asyncio.sleep(0)
        wait(submitted)
        pipeline.deliver(application, large_dataset.folder(1))
        assert (
            await report_cache.get(query, "nb", application.event_log.last_event_id())
        ).preview.organization_id == query.organization_id
        with pytest.raises(NotFound):
            await first

    run(application, scenario)
