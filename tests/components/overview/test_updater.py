"""Boards: sessions are given all that they lack, then what changes, in order, and each line is drawn once."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from datetime import timedelta
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from components import assets
from components.context import House
from components.live.component import Fanout
from components.overview.updater import Board, Boards
from preview.core.clock import today
from preview.core.languages import Language
from preview.runtime.application import Application
from tests.builders import large_dataset
from tests.support import pipeline

WAIT_SECONDS = 30
SERVICES = 3


class Session:
    """Takes what it is given."""

    def __init__(self, period_id: str | None = "2024", language: Language = "nb", fails: bool = False) -> None:
        self.period_id = period_id
        self.language: Language = language
        self.behind = False
        self.fails = fails
        self.given: asyncio.Queue[Board] = asyncio.Queue()

    def take(self, board: Board) -> None:
        if self.fails:
            raise RuntimeError("the session is gone")
        self.given.put_nowait(board)

    async def next(self) -> Board:
        return await asyncio.wait_for(self.given.get(), WAIT_SECONDS)

    async def until(self, condition: Callable[[Board], bool]) -> Board:
        while not condition(board := await self.next()):
            pass
        return board


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.opened(tmp_path / "data") as opened:
        pipeline.deliver(opened, *(large_dataset.folder(number) for number in range(SERVICES)))
        for number in range(SERVICES):
            pipeline.aggregate(opened, large_dataset.organization_id(number), "2024")
        yield opened


def run(application: Application, scenario: Callable[[House, Boards], Awaitable[None]]) -> None:
    """On a loop of its own, with the feed behind it."""

    async def running() -> None:
        house = House.of(application, assets.load())
        fanout = Fanout(application.feed, IOLoop.current())
        try:
            await scenario(house, Boards(house, fanout))
        finally:
            fanout.close()

    asyncio.run(running())


def ids(board: Board) -> list[str]:
    return [shown.line.organization_id for shown in board.lines]


def test_what_changed_alone_is_read_and_given(application: Application) -> None:
    async def scenario(house: House, boards: Boards) -> None:
        session, other = Session(), Session(None, "en")
        for each in (session, other):
            boards.join(each, await house.call(boards.read, each.period_id, each.language))
        await house.call(pipeline.deliver, application, large_dataset.folder(1, meldinger=3, day="2025-01-20"))
        board = await session.until(lambda board: any(shown.is_stale for shown in board.lines))
        assert ids(board) == [large_dataset.organization_id(1)]
        assert "Utdatert" in board.regions["row-org-3001"]
        assert board.overview.period_id == "2024"
        board = await other.until(lambda board: any(shown.is_stale for shown in board.lines))
        assert "Stale" in board.regions["row-org-3001"]
        assert board.lines[0].period == "2024"

    run(application, scenario)


def test_a_service_that_is_new_is_given_too(application: Application) -> None:
    async def scenario(house: House, boards: Boards) -> None:
        session = Session()
        boards.join(session, await house.call(boards.read, "2024", "nb"))
        listing = "organization_id,organization_name,organisasjonsnummer\norg-ny,Barnevernstjenesten Ny,912345678\n"
        await house.call(pipeline.deliver, application, listing.encode())
        board = await session.until(lambda board: "row-org-ny" in board.regions)
        assert [shown.line.state for shown in board.lines] == ["silent"]

    run(application, scenario)


def test_a_session_that_lacks_something_is_given_all(application: Application) -> None:
    async def scenario(house: House, boards: Boards) -> None:
        known = Session()
        old = await house.call(boards.read, "2024", "nb")
        boards.join(known, old)
        await house.call(pipeline.deliver, application, large_dataset.folder(1, meldinger=3, day="2025-01-20"))
        await known.until(lambda board: any(shown.is_stale for shown in board.lines))
        late, foreign = Session(), Session()
        boards.join(late, old)  # read before what the others know already
        boards.join(foreign, None)  # its page came from another process
        for session in (late, foreign):
            board = await session.next()
            assert len(ids(board)) == SERVICES
            assert sum(shown.is_stale for shown in board.lines) == 1

    run(application, scenario)


def test_another_period_is_given_whole_and_what_was_left_is_not(application: Application) -> None:
    async def scenario(house: House, boards: Boards) -> None:
        session = Session()
        boards.join(session, await house.call(boards.read, "2024", "nb"))
        boards.turn(session, "2019")
        board = await session.next()
        assert board.overview.period_id == "2019"
        assert [shown.line.state for shown in board.lines] == ["waiting"] * SERVICES
        assert '<option value="2019" selected>' in board.regions["periods"]
        await house.call(pipeline.aggregate, application, large_dataset.organization_id(0), "2019")
        assert {(await session.until(lambda board: board.lines[0].has_values)).overview.period_id} == {"2019"}

    run(application, scenario)


def test_one_that_fails_or_has_left_stops_nobody(application: Application, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(house: House, boards: Boards) -> None:
        session, gone, left = Session(), Session(fails=True), Session()
        board = await house.call(boards.read, "2024", "nb")
        for each in (gone, session, left):
            boards.join(each, board)
        boards.leave(left)
        await house.call(pipeline.aggregate, application, large_dataset.organization_id(2), "2023")
        await session.next()
        assert left.given.empty()
        gone.fails = False
        await house.call(pipeline.deliver, application, large_dataset.folder(2, meldinger=3, day="2025-01-20"))
        await session.until(lambda board: any(shown.is_stale for shown in board.lines))
        assert gone.given.empty()

    run(application, scenario)
    assert [record.message for record in caplog.records] == ["a dashboard session could not be told"]


def test_many_changes_are_given_and_an_unchanged_row_is_drawn_once(application: Application) -> None:
    async def scenario(house: House, boards: Boards) -> None:
        session = Session()
        first = await house.call(boards.read, "2024", "nb")
        again = await house.call(boards.read, "2024", "nb")
        assert all(again.regions[region] is html for region, html in first.regions.items() if region.startswith("row-"))
        boards.join(session, first)
        many = range(SERVICES, SERVICES + 12)
        await house.call(pipeline.deliver, application, *(large_dataset.folder(number) for number in many))
        given: set[str] = set()
        while not given >= {large_dataset.organization_id(number) for number in many}:
            given |= set(ids(await session.next()))

    run(application, scenario)


def test_at_midnight_all_is_drawn_anew(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(house: House, boards: Boards) -> None:
        session = Session()
        board = await house.call(boards.read, "2024", "nb")
        assert "i dag" in board.regions["row-org-3000"]
        tomorrow = today() + timedelta(days=1)
        monkeypatch.setattr("components.overview.updater._seconds_to_midnight", lambda: 0.0)
        boards.join(session, board)
        monkeypatch.setattr("components.overview.updater.today", lambda: tomorrow)
        board = await session.next()
        assert len(ids(board)) == SERVICES
        assert "i går" in board.regions["row-org-3000"]

    run(application, scenario)
