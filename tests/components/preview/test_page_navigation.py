"""Turning a page to another period or organisation: what was chosen last is shown, and nothing that happened meanwhile is missed."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from bokeh.document import Document
from tornado.ioloop import IOLoop

from components import assets
from components.context import House
from components.deliveries.drawer import Drawers
from components.layout.preferences import Visit
from components.live.component import Fanout
from components.preview.page import PreviewView
from components.preview.report_cache import Asked, Readings
from preview.runtime.application import Application
from preview.views.preview import Preview
from tests.builders import large_dataset
from tests.support import pipeline

WAIT_SECONDS = 30
HERE, THERE = (Asked(large_dataset.organization_id(number), "2024") for number in range(2))


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.opened(tmp_path / "data") as opened:
        pipeline.deliver(opened, *(large_dataset.folder(number) for number in range(2)))
        for asked in (HERE, THERE):
            pipeline.aggregate(opened, asked.organization_id, "2024")
        yield opened


class Turned:
    """A session's page, whose callbacks run when the test says so."""

    def __init__(self, application: Application, house: House, fanout: Fanout) -> None:
        self._document = Document()
        self.fanout = fanout
        self.periods: list[str] = []
        """Those that it has shown."""
        shown = Readings(house)._read(HERE, "nb")  # pyright: ignore[reportPrivateUsage]
        drawers = Drawers(house, application.feed, IOLoop.current())
        visit = Visit("nb", "light", {})
        self.view: Any = PreviewView(
            house, Readings(house), fanout, drawers, visit, self._document, "test", reading=shown, asked=shown.asked
        )
        self.view.param.watch(lambda changed: self.periods.append(changed.new.preview.period_id), "reading")
        fanout.join(self.view)

    def choose(self, asked: Asked) -> None:
        self.view.live.take({"do": "show", "arguments": asked._asdict()})

    async def until(self, condition: Callable[[Preview], bool]) -> None:
        """Of what is shown."""
        for _ in range(100 * WAIT_SECONDS):
            self.tick()
            if condition(self.view.reading.preview):
                return
            await asyncio.sleep(0.01)
        pytest.fail("It did not come about.")

    async def settle(self) -> None:
        """Until all that was begun has come."""
        await asyncio.gather(*self.view._tasks)  # pyright: ignore[reportPrivateUsage]
        self.tick()

    def tick(self) -> None:
        callbacks: list[Any] = self._document.session_callbacks
        for callback in callbacks:
            self._document.remove_next_tick_callback(callback)
            callback.callback()


def run(application: Application, scenario: Callable[[Turned], Awaitable[None]]) -> None:
    async def running() -> None:
        fanout = Fanout(application.feed, IOLoop.current())
        try:
            await scenario(Turned(application, House.of(application, assets.load()), fanout))
        finally:
            fanout.close()

    asyncio.run(running())


class Held:
    """Lets a reading of one period, or organisation, wait when it has been read."""

    def __init__(self, application: Application, monkeypatch: pytest.MonkeyPatch, which: Asked) -> None:
        self.has_read, self.may_go_on = threading.Event(), threading.Event()
        read = application.previews.read

        def holding(*asked: Any) -> Preview:
            preview = read(*asked)
            if Asked(*asked) == which and not self.has_read.is_set():
                self.has_read.set()
                assert self.may_go_on.wait(WAIT_SECONDS)
            return preview

        monkeypatch.setattr(application.previews, "read", holding)


def test_what_was_chosen_last_is_shown_whichever_is_read_first(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    early = HERE._replace(period_id="2022")
    held = Held(application, monkeypatch, early)

    async def scenario(page: Turned) -> None:
        page.choose(early)
        assert await asyncio.to_thread(held.has_read.wait, WAIT_SECONDS)
        page.choose(HERE._replace(period_id="2023"))
        await page.until(lambda preview: preview.period_id == "2023")
        held.may_go_on.set()
        await page.settle()
        assert page.periods == ["2023"]
        page.choose(early)
        await page.until(lambda preview: preview.period_id == "2022")

    run(application, scenario)


def test_what_happens_there_before_the_page_is_turned_is_not_missed(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(application, monkeypatch, THERE)

    async def scenario(page: Turned) -> None:
        page.choose(THERE)
        assert await asyncio.to_thread(held.has_read.wait, WAIT_SECONDS)
        await asyncio.to_thread(pipeline.deliver, application, large_dataset.folder(1, meldinger=3, day="2025-01-20"))
        place = application.events.newest()
        heard = page.fanout.newest  # by the page too, had it shown that organisation
        await asyncio.to_thread(pipeline.until, lambda: heard(THERE.organization_id) >= place, "the event")
        held.may_go_on.set()
        await page.until(lambda preview: preview.organization_id == THERE.organization_id and preview.place >= place)

    run(application, scenario)
