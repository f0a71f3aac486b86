"""An organisation that is erased leaves open pages and the memory of the process, also one that has no report."""

import asyncio
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from components import assets
from components.context import AppContext
from components.dashboard import PAGES
from components.layout.preferences import RequestPreferences
from components.live_page import LivePage, PageServices
from components.overview.page import OverviewPage
from components.preview.page import PreviewPage
from preview.core.periods import Period
from preview.runtime.application import Application
from tests.builders.services import SampleService
from tests.components.page_harness import PageHarness, run_pages
from tests.support import pipeline
from tests.support.kept_texts import texts_in

NAME = "Barnevernstjenesten i Ytterste Vik"
FIELD = "antall_meldinger_mottatt"


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    with pipeline.open_application(data_dir, reporting_period=Period(2024)) as opened:
        yield opened


async def fetch(page: LivePage[Any], **arguments: str) -> tuple[RequestPreferences, Any]:
    """Return the address of a page, and what it is rendered from."""
    path = f"/field/{FIELD}" if page.name == "field" else page.path
    preferences = RequestPreferences("nb", "light", arguments, path)
    return preferences, await page.fetch(preferences)


async def until_erased(application: Application, organization_id: str) -> None:
    await asyncio.to_thread(application.eraser.erase, organization_id, "test")


def test_nothing_of_it_stays_in_memory(application: Application) -> None:
    """Every page has shown it, and all of them keep what they have rendered."""
    service = SampleService()
    pipeline.deliver(application, service.listing(service.organization_id, NAME))
    pipeline.deliver(application, service.folder(1, "2023-06-01", ["2023-02-01"]))
    pipeline.deliver(application, service.folder(2, "2024-11-29", ["2024-02-01"]))
    for period in ("2023", "2024"):
        pipeline.aggregate(application, service.organization_id, period)

    async def scenario(services: PageServices) -> None:
        pages = [page(services) for page in PAGES]
        for page in pages:
            organization_id = service.organization_id
            await fetch(page, organization_id=organization_id, org=organization_id)
            await fetch(page, organization_id=organization_id, period_id="2024")
        kept = [page.name for page in pages if any(NAME in text for text in texts_in(page.__dict__))]
        assert {"preview", "overview", "wall", "field"} <= set(kept)
        await until_erased(application, service.organization_id)

        def remains() -> list[str]:
            return [text[:60] for text in texts_in(pages, application) if NAME in text]

        await asyncio.to_thread(pipeline.wait_until, lambda: not remains(), "the caches to forget it")

    run_pages(AppContext.from_application(application, assets.load_assets()), scenario)


def test_open_pages_lose_it_without_a_report(application: Application) -> None:
    """It is listed only: no snapshot is deleted with it, so that no event reports it."""
    service = SampleService()
    pipeline.deliver(application, service.listing(service.organization_id, NAME))

    async def scenario(services: PageServices) -> None:
        overview, preview = OverviewPage(services), PreviewPage(services)
        overview_address, shown = await fetch(overview)
        shown_overview: PageHarness[Any] = PageHarness(overview, overview_address, shown)
        shown_preview: PageHarness[Any] = PageHarness(
            preview, *await fetch(preview, organization_id=service.organization_id)
        )
        row = f"row-{service.organization_id}"
        await until_erased(application, service.organization_id)
        await shown_overview.wait_for(lambda regions: regions.get(row) == "")
        regions = await shown_preview.wait_for(lambda regions: "er fjernet" in regions.get("notice", ""))
        assert NAME not in regions["origins"]

    run_pages(AppContext.from_application(application, assets.load_assets()), scenario)
