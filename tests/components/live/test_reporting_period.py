"""The reporting period in the app bar: read after events, and sent to the open pages when it has changed."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from components import assets
from components.context import AppContext
from components.live.fanout import Fanout
from components.live.reporting_period import ReportingPeriodUpdates
from preview.model.reviews import ReportingPeriodDocument
from preview.runtime.application import Application
from tests.builders.services import SampleService
from tests.support import pipeline

WAIT_SECONDS = 30
SERVICE = SampleService(7)


class Session:
    """A session that notes what it receives."""

    def __init__(self, *, fails: bool = False) -> None:
        self.received: asyncio.Queue[ReportingPeriodDocument] = asyncio.Queue()
        self.fails = fails

    def receive_reporting_period(self, document: ReportingPeriodDocument) -> None:
        if self.fails:
            raise RuntimeError
        self.received.put_nowait(document)

    async def wait_for(self, condition: Callable[[ReportingPeriodDocument], bool]) -> ReportingPeriodDocument:
        while not condition(document := await asyncio.wait_for(self.received.get(), WAIT_SECONDS)):
            pass
        return document


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.open_application(tmp_path / "data") as opened:
        pipeline.deliver(opened, SERVICE.listing(SERVICE.organization_id, "Tjenesten"))
        yield opened


def run(
    application: Application,
    scenario: Callable[[AppContext, ReportingPeriodUpdates], Awaitable[None]],
) -> None:
    """Run a scenario on an event loop of its own, connected to the application's dispatcher."""

    async def running() -> None:
        context = AppContext.from_application(application, assets.load_assets())
        fanout = Fanout(application.dispatcher, IOLoop.current())
        try:
            await scenario(context, ReportingPeriodUpdates(context, fanout))
        finally:
            fanout.close()

    asyncio.run(running())


def test_delivered_report_reaches_all_open_pages(application: Application) -> None:
    def deliver() -> None:
        pipeline.deliver(application, SERVICE.folder(1, "2025-01-15"))
        pipeline.aggregate(application, SERVICE.organization_id, "2024")

    async def scenario(context: AppContext, updates: ReportingPeriodUpdates) -> None:
        broken, session, gone = Session(fails=True), Session(), Session()
        document, position = await updates.read()
        assert (document.period_id, document.delivered_organizations) == ("2024", 0)
        for added in (broken, session, gone):
            updates.add(added, position)
        updates.remove(gone)
        await context.run_blocking(deliver)
        document = await session.wait_for(lambda document: document.delivered_organizations == 1)
        assert (document.expected_organizations, document.approved_organizations) == (1, 0)
        assert gone.received.empty()

    run(application, scenario)


def test_page_of_another_process_gets_it_at_once(application: Application) -> None:
    async def scenario(context: AppContext, updates: ReportingPeriodUpdates) -> None:
        session = Session()
        updates.add(session, -1)
        document = await session.wait_for(lambda _: True)
        assert document.expected_organizations == 1

    run(application, scenario)


def test_days_are_counted_again_at_midnight(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(context: AppContext, updates: ReportingPeriodUpdates) -> None:
        monkeypatch.setattr("components.live.midnight._seconds_to_midnight", lambda: -1.0)
        session = Session()
        _, position = await updates.read()
        updates.add(session, position)
        monkeypatch.setattr("components.live.midnight._seconds_to_midnight", lambda: 3600.0)
        assert (await session.wait_for(lambda _: True)).period_id == "2024"

    run(application, scenario)
