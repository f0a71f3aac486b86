"""The report cache: concurrent requests share a rendering, and none gets an older one than it asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future, wait
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from components import assets
from components.context import AppContext
from components.preview.report_cache import ReportCache, ReportQuery
from preview.core.clock import today
from preview.core.errors import NotFound
from preview.runtime.application import Application
from preview.storage.database import Database
from preview.storage.sqlite import STORE_FILE
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


# ── What is kept ──


def test_report_is_kept_while_nothing_changes(application: Application, submitted: list[Future[Any]]) -> None:
    async def scenario(report_cache: ReportCache) -> None:
        first = await report_cache.get(QUERY, "nb")
        assert await report_cache.get(QUERY, "nb", application.event_log.last_event_id()) is first
        assert (await report_cache.get(QUERY, "en")).view.t.language == "en"
        compared = await report_cache.get(QUERY._replace(compare="2022"), "nb")
        assert compared.preview.compare_period_id == "2022"
        assert await report_cache.get(QUERY, "nb") is first
        assert len(submitted) == 3

    run(application, scenario)


def test_kept_report_is_rendered_again_after_any_commit(application: Application) -> None:
    async def scenario(report_cache: ReportCache) -> None:
        first = await report_cache.get(QUERY, "nb")
        application.reviews.comments.add(QUERY.organization_id, "2024", None, "Ser riktig ut.", "test")
        second = await report_cache.get(QUERY, "nb")
        assert "Ser riktig ut." not in first.regions["comments"]
        assert "Ser riktig ut." in second.regions["comments"]
        with closing(Database(application.settings.data_dir / STORE_FILE)) as other:  # as another process has it open
            other.write(
                lambda connection: connection.execute(
                    "UPDATE organization SET organization_name = 'Nytt navn' WHERE organization_id = ?",
                    (QUERY.organization_id,),
                )
            )
        assert (await report_cache.get(QUERY, "nb")).preview.organization_name == "Nytt navn"

    run(application, scenario)


def test_commit_during_rendering_leaves_nothing_outdated(
    application: Application, submitted: list[Future[Any]]
) -> None:
    async def scenario(report_cache: ReportCache) -> None:
        first = asyncio.create_task(report_cache.get(QUERY, "nb"))
        await asyncio.sleep(0)
        wait(submitted)  # blocks the event loop: the rendering has ended, but is not kept yet
        application.reviews.comments.add(QUERY.organization_id, "2024", None, "Ser riktig ut.", "test")
        await first
        assert "Ser riktig ut." in (await report_cache.get(QUERY, "nb")).regions["comments"]

    run(application, scenario)


def test_kept_report_is_rendered_again_on_another_day(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(report_cache: ReportCache) -> None:
        first = await report_cache.get(QUERY, "nb")
        tomorrow = today() + timedelta(days=1)
        monkeypatch.setattr("components.preview.report_cache.today", lambda: tomorrow)
        second = await report_cache.get(QUERY, "nb")
        assert second is not first
        assert await report_cache.get(QUERY, "nb") is second

    run(application, scenario)


def test_report_with_open_job_is_not_kept(application: Application) -> None:
    async def scenario(report_cache: ReportCache) -> None:
        pipeline.start_reaggregation(application, (await report_cache.get(QUERY, "nb")).view.snapshot_id)
        first = await report_cache.get(QUERY, "nb")
        assert first.view.job is not None
        assert await report_cache.get(QUERY, "nb") is not first

    run(application, scenario)


def test_number_of_kept_reports_is_limited(application: Application, submitted: list[Future[Any]]) -> None:
    queries = [QUERY._replace(compare=str(year)) for year in range(2000, 2017)]

    async def scenario(report_cache: ReportCache) -> None:
        for query in queries:
            await report_cache.get(query, "nb")
        assert len(submitted) == 17
        await report_cache.get(queries[-1], "nb")
        assert len(submitted) == 17
        await report_cache.get(queries[0], "nb")
        assert len(submitted) == 18

    run(application, scenario)
