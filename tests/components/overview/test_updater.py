"""Updates of the overview: a session gets its full state, then changes in their order; each row is rendered once."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from datetime import timedelta
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from components import assets
from components.context import AppContext
from components.live.fanout import Fanout
from components.overview.rendering import OverviewState, OverviewVariant, ShownServices
from components.overview.updater import OverviewUpdate, OverviewUpdater
from preview.core.clock import today
from preview.runtime.application import Application
from tests.builders import large_dataset
from tests.support import pipeline

WAIT_SECONDS = 30
SERVICES = 3
NB_2024 = OverviewVariant("2024", "nb")


class Session:
    """A session that queues the states that it gets."""

    def __init__(self, variant: OverviewVariant = NB_2024, fails: bool = False) -> None:
        self.variant = variant
        self.shown = ShownServices()
        self.needs_full_refresh = self.needs_totals = False
        self.shows_events = False
        self.fails = fails
        self.received: asyncio.Queue[OverviewState] = asyncio.Queue()
        self.totals: asyncio.Queue[str] = asyncio.Queue()

    def receive(self, update: OverviewUpdate) -> None:
        if self.fails:
            raise RuntimeError("the session is gone")
        if update.state:
            self.received.put_nowait(update.state)
        self.totals.put_nowait(update.regions_for(self.shown, frozenset()).get("totals", ""))

    async def next(self) -> OverviewState:
        return await asyncio.wait_for(self.received.get(), WAIT_SECONDS)

    async def wait_for(self, condition: Callable[[OverviewState], bool]) -> OverviewState:
        while not condition(state := await self.next()):
            pass
        return state


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.open_application(tmp_path / "data") as opened:
        pipeline.deliver(opened, *(large_dataset.folder(number) for number in range(SERVICES)))
        for number in range(SERVICES):
            pipeline.aggregate(opened, large_dataset.organization_id(number), "2024")
        yield opened


def run(application: Application, scenario: Callable[[AppContext, OverviewUpdater], Awaitable[None]]) -> None:
    """Run a scenario on an event loop of its own, connected to the application's dispatcher."""

    async def running() -> None:
        context = AppContext.from_application(application, assets.load_assets())
        fanout = Fanout(application.dispatcher, IOLoop.current())
        try:
            await scenario(context, OverviewUpdater(context, fanout))
        finally:
            fanout.close()

    asyncio.run(running())


def organization_ids(state: OverviewState) -> list[str]:
    return [row.entry.organization_id for row in state.rows]


def test_only_changed_rows_are_read_and_sent(application: Application) -> None:
    async def scenario(context: AppContext, updater: OverviewUpdater) -> None:
        session, other = Session(), Session(OverviewVariant(None, "en"))
        for added in (session, other):
            updater.add_session(added, await context.run_blocking(updater.renderer.read, added.variant))
        await context.run_blocking(
            pipeline.deliver, application, large_dataset.folder(1, meldinger=3, day="2025-01-20")
        )
        state = await session.wait_for(lambda state: any(row.is_stale for row in state.rows))
        assert organization_ids(state) == [large_dataset.organization_id(1)]
        assert "Utdatert" in state.regions["row-org-3001"]
        assert state.overview.period_id == "2024"
        state = await other.wait_for(lambda state: any(row.is_stale for row in state.rows))
        assert "Stale" in state.regions["row-org-3001"]
        assert state.overview.period_id == "2024"

    run(application, scenario)


def test_new_service_is_sent(application: Application) -> None:
    async def scenario(context: AppContext, updater: OverviewUpdater) -> None:
        session = Session()
        updater.add_session(session, await context.run_blocking(updater.renderer.read, NB_2024))
        listing = "organization_id,organization_name,organisasjonsnummer\norg-ny,Barnevernstjenesten Ny,912345678\n"
        await context.run_blocking(pipeline.deliver, application, listing.encode())
        state = await session.wait_for(lambda state: "row-org-ny" in state.regions)
        assert [row.entry.state for row in state.rows] == ["silent"]

    run(application, scenario)


def test_outdated_session_gets_full_state(application: Application) -> None:
    async def scenario(context: AppContext, updater: OverviewUpdater) -> None:
        known = Session()
        old = await context.run_blocking(updater.renderer.read, NB_2024)
        updater.add_session(known, old)
        await context.run_blocking(
            pipeline.deliver, application, large_dataset.folder(1, meldinger=3, day="2025-01-20")
        )
        await known.wait_for(lambda state: any(row.is_stale for row in state.rows))
        late, foreign = Session(), Session()
        updater.add_session(late, old)  # its state is older than what the others have
        updater.add_session(foreign, None)  # its page was rendered by another process
        for session in (late, foreign):
            state = await session.next()
            assert len(organization_ids(state)) == SERVICES
            assert sum(row.is_stale for row in state.rows) == 1

    run(application, scenario)


def test_period_change_sends_full_state_of_new_period_only(application: Application) -> None:
    async def scenario(context: AppContext, updater: OverviewUpdater) -> None:
        session = Session()
        updater.add_session(session, await context.run_blocking(updater.renderer.read, NB_2024))
        session.variant = OverviewVariant("2019", "nb")
        updater.request_all(session)
        state = await session.next()
        assert state.overview.period_id == "2019"
        assert [row.entry.state for row in state.rows] == ["waiting"] * SERVICES
        assert '<option value="2019" selected>' in state.regions["periods"]
        await context.run_blocking(pipeline.aggregate, application, large_dataset.organization_id(0), "2019")
        assert {(await session.wait_for(lambda state: state.rows[0].has_values)).overview.period_id} == {"2019"}

    run(application, scenario)


def test_failed_or_removed_session_does_not_block_others(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(context: AppContext, updater: OverviewUpdater) -> None:
        session, failing, removed = Session(), Session(fails=True), Session()
        state = await context.run_blocking(updater.renderer.read, NB_2024)
        for added in (failing, session, removed):
            updater.add_session(added, state)
        updater.remove_session(removed)
        await context.run_blocking(pipeline.aggregate, application, large_dataset.organization_id(2), "2023")
        await session.next()
        assert removed.received.empty()
        failing.fails = False
        await context.run_blocking(
            pipeline.deliver, application, large_dataset.folder(2, meldinger=3, day="2025-01-20")
        )
        await session.wait_for(lambda state: any(row.is_stale for row in state.rows))
        assert failing.received.empty()

    run(application, scenario)
    assert [record.message for record in caplog.records] == [
        "A dashboard session could not be updated; it gets no more updates."
    ]


def test_many_changes_are_sent_and_unchanged_rows_cached(application: Application) -> None:
    async def scenario(context: AppContext, updater: OverviewUpdater) -> None:
        session = Session()
        first = await context.run_blocking(updater.renderer.read, NB_2024)
        again = await context.run_blocking(updater.renderer.read, NB_2024)
        assert all(again.regions[region] is html for region, html in first.regions.items() if region.startswith("row-"))
        updater.add_session(session, first)
        many = range(SERVICES, SERVICES + 12)
        await context.run_blocking(pipeline.deliver, application, *(large_dataset.folder(number) for number in many))
        received: set[str] = set()
        while not received >= {large_dataset.organization_id(number) for number in many}:
            received |= set(organization_ids(await session.next()))

    run(application, scenario)


def test_all_rows_are_rendered_again_at_midnight(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(context: AppContext, updater: OverviewUpdater) -> None:
        session = Session()
        state = await context.run_blocking(updater.renderer.read, NB_2024)
        assert "i dag" in state.regions["row-org-3000"]
        tomorrow = today() + timedelta(days=1)
        monkeypatch.setattr("components.live.midnight._seconds_to_midnight", lambda: 0.0)
        updater.add_session(session, state)
        monkeypatch.setattr("components.overview.rendering.today", lambda: tomorrow)
        state = await session.next()
        assert len(organization_ids(state)) == SERVICES
        assert "i går" in state.regions["row-org-3000"]

    run(application, scenario)
