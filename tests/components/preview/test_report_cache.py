"""Readings: one for all who ask for the same at a time, and never an older one than was asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import pytest

from components import assets
from components.context import House
from components.preview.report_cache import Asked, Readings
from preview.core.errors import NotFound
from preview.runtime.application import Application
from tests.builders import large_dataset
from tests.support import pipeline

WAIT_SECONDS = 30
ASKED = Asked(large_dataset.organization_id(0), "2024")


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.opened(tmp_path / "data") as opened:
        pipeline.deliver(opened, large_dataset.folder(0))
        pipeline.aggregate(opened, large_dataset.organization_id(0), "2024")
        yield opened


@pytest.fixture
def begun(application: Application, monkeypatch: pytest.MonkeyPatch) -> list[Future[Any]]:
    """What has been put on the threads that read."""
    put: list[Future[Any]] = []
    submit = application.executor.submit

    def noting(*args: Any) -> Future[Any]:
        put.append(submit(*args))
        return put[-1]

    monkeypatch.setattr(application.executor, "submit", noting)
    return put


def run(application: Application, scenario: Callable[[Readings], Awaitable[None]]) -> None:
    async def running() -> None:
        await asyncio.wait_for(scenario(Readings(House.of(application, assets.load()))), WAIT_SECONDS)

    asyncio.run(running())


def change(application: Application, day: str) -> int:
    """The case as it stood on another day, and the place in the log after it."""
    pipeline.deliver(application, large_dataset.folder(0, meldinger=3, day=day))
    return application.events.newest()


def test_who_asks_for_the_same_meanwhile_gets_the_same(application: Application, begun: list[Future[Any]]) -> None:
    async def scenario(readings: Readings) -> None:
        place = application.events.newest()
        first, second, other = await asyncio.gather(
            readings.read(ASKED, "nb"), readings.read(ASKED, "nb", place), readings.read(ASKED, "en", place)
        )
        assert first is second
        assert other.shown.words.language == "en"
        assert len(begun) == 2

    run(application, scenario)


def test_one_that_has_just_ended_and_is_too_old_is_not_given(application: Application, begun: list[Future[Any]]) -> None:
    """Two events shortly after each other: the first's reading ends while the loop is at something else, and then the second's is asked for."""

    async def scenario(readings: Readings) -> None:
        first = asyncio.create_task(readings.read(ASKED, "nb"))
        await asyncio.sleep(0)
        wait(begun)  # the loop stands still
        place = change(application, "2025-01-20")
        second, third = await asyncio.gather(readings.read(ASKED, "nb", place), readings.read(ASKED, "nb", place))
        assert (await first).preview.place < place
        assert second is third
        assert second.preview.place >= place
        assert len(begun) == 2
        later = change(application, "2025-01-21")
        assert (await readings.read(ASKED, "nb", later)).preview.place >= later

    run(application, scenario)


def test_who_waited_for_one_that_failed_reads_by_itself(application: Application, begun: list[Future[Any]]) -> None:
    async def scenario(readings: Readings) -> None:
        asked = Asked(large_dataset.organization_id(1), "2024")
        first = asyncio.create_task(readings.read(asked, "nb"))
        await asyncio.sleep(0)
        wait(begun)
        pipeline.deliver(application, large_dataset.folder(1))
        assert (await readings.read(asked, "nb", application.events.newest())).preview.organization_id == asked.organization_id
        with pytest.raises(NotFound):
            await first

    run(application, scenario)
