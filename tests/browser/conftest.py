"""Fixtures of the browser tests: services with reports behind a running server, and helpers to change and read them."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.support import overview_fixtures
from tests.browser.support.overview_fixtures import MOSS, OSLO_SOR, TROMSO
from tests.builders import case_xml
from tests.support import pipeline
from tests.support.server_process import REPOSITORY, Server, running_server

API = "/api/v1/aggregated-report-data"
WAIT_MS = 20_000
AUTO_AGGREGATE_AT_ONCE = {"BUFDIR_PREVIEW_AUTO_QUIET_SECONDS": "0", "BUFDIR_PREVIEW_OPEN_PERIODS": "1999"}

expect.set_options(timeout=WAIT_MS)

Values = dict[str, tuple[object, object]]


class Service:
    """A child-welfare service with eight cases of 2023 and 2024. Each test has services of its own numbers."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.organization_id = f"org-{number}"
        self.name = f"Barnevernstjenesten Testby {number}"
        self.cases = [case_xml.uid() for _ in range(8)]

    def folder(self, case: int, *more: str, day: str = "2025-01-15") -> bytes:
        """Return a case as of a day: a melding in each year, of which the later was concluded too late, and more
        meldinger.
        """
        return case_xml.folder(
            self.cases[case],
            uttrekk=f"{day}T12:00:00+01:00",
            fagsystem="CIS",
            org=f"{self.number:09}",
            kommune=str(self.number),
            kommunenavn=f"Testby {self.number}",
            meldinger=[
                case_xml.melding("2023-03-01", "2023-03-05", "2", id=case_xml.uid(10 * case + 1)),
                case_xml.melding("2024-02-01", "2024-02-20", "2", id=case_xml.uid(10 * case + 2)),
                *more,
            ],
            undersokelser=[case_xml.undersokelse("2024-02-20", "2024-04-01", "1", id=case_xml.uid(10 * case + 3))],
            tiltak=[case_xml.tiltak("2024-04-02", id=case_xml.uid(10 * case + 4))],
        )

    def folders(self) -> list[bytes]:
        """Return all cases. The first extract is of 2023, so that the source covers both years."""
        return [self.folder(0, day="2023-06-01"), *(self.folder(case) for case in range(len(self.cases)))]


def with_new_melding(service: Service) -> bytes:
    """Return case 0 of a later extract, with one more melding in 2024, which was dismissed in time."""
    return service.folder(0, case_xml.melding("2024-06-03", "2024-06-05", "1"), day="2025-01-20")


def fill_store(data_dir: Path, services: list[Service], *periods: str) -> None:
    """Import and aggregate before the server is started."""
    with pipeline.open_application(data_dir) as application:
        pipeline.deliver(application, *(file for service in services for file in service.folders()))
        for service in services:
            for period in periods:
                pipeline.aggregate(application, service.organization_id, period)


def import_with_cli(data_dir: Path, folder: Path, *files: bytes) -> None:
    """Import files with the command line while the server runs."""
    folder.mkdir(exist_ok=True)
    for number, file in enumerate(files):
        (folder / f"{number}.xml").write_bytes(file)
    command = [sys.executable, str(REPOSITORY / "app.py"), "import", str(folder), "--data-dir", str(data_dir)]
    completed = subprocess.run(command, cwd=data_dir.parent, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr


def post_delivery(server: Server, folder: bytes) -> None:
    """Upload a file to the running server, which imports it asynchronously."""
    httpx.post(f"{server.url}/api/v1/deliveries", content=folder).raise_for_status()


def reported_values(server: Server, service: Service, period: str = "2024") -> Values:
    """Return the API's values by field key, each as (value, prior value)."""
    with httpx.Client(base_url=server.url) as api:
        listed = api.get(API, params={"organization_id": service.organization_id, "period_id": period}).json()["data"]
        document = api.get(f"{API}/{listed[0]['snapshot_id']}").json()
    return {
        field["field_key"]: (field["value"], field["prior_period_value"])
        for section in document["sections"]
        for field in section["fields"]
    }


def decision_tag(page: Page) -> Locator:
    """Return what line 2 of the preview says that the report needs next; it is there while the report is valid."""
    return page.locator("[data-region=state] [data-decision]")


def marked_cells(page: Page) -> set[tuple[str, str]]:
    """Return the cells that are marked as changed, each as (field key, column)."""
    found = page.locator("[data-changed]").evaluate_all(
        "cells => cells.map(cell => [cell.closest('tr').dataset.field, "
        "cell.classList.contains('current') ? 'current' : 'compared'])"
    )
    return {(key, column) for key, column in found}


def differing_cells(before: Values, after: Values) -> set[tuple[str, str]]:
    """Return the cells whose values differ, each as (field key, column)."""
    return {
        (key, column)
        for key in before
        for column, side in (("current", 0), ("compared", 1))
        if before[key][side] != after[key][side]
    }


@pytest.fixture
def open_preview(page: Page) -> Callable[..., Page]:
    """Return a function that opens a service's preview and waits until it is live."""

    def open_page(server: Server, service: Service, **query: str) -> Page:
        page.goto(f"{server.url}/preview?{httpx.QueryParams({'organization_id': service.organization_id, **query})}")
        expect(page.get_by_text("Direkte", exact=True).or_(page.get_by_text("Live", exact=True))).to_be_visible()
        return page

    return open_page


@pytest.fixture(scope="session")
def services() -> dict[str, Service]:
    """Return a service for each test that changes one, and one that no test changes."""
    return {
        name: Service(9900 + index)
        for index, name in enumerate(("still", "imported", "posted", "again", "moved", "filtered"))
    }


@pytest.fixture(scope="session")
def services_store(tmp_path_factory: pytest.TempPathFactory, services: dict[str, Service]) -> Path:
    """Return a data folder with reports of all services, which modules copy."""
    data_dir = tmp_path_factory.mktemp("services") / "data"
    data_dir.mkdir()
    fill_store(data_dir, list(services.values()), "2023", "2024")
    return data_dir


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory, services_store: Path) -> Generator[Server]:
    """Run a server that aggregates automatically."""
    data_dir = tmp_path_factory.mktemp("busy") / "data"
    shutil.copytree(services_store, data_dir)
    with running_server(data_dir, environment=AUTO_AGGREGATE_AT_ONCE) as server:
        yield server


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a server without automatic aggregation, with a service in every state."""
    data_dir = tmp_path_factory.mktemp("states") / "data"
    data_dir.mkdir()
    overview_fixtures.fill(data_dir)
    with (
        running_server(data_dir, environment=overview_fixtures.NO_AUTO_AGGREGATE) as server,
        overview_fixtures.open_second_application(data_dir) as application,
    ):
        overview_fixtures.start_held_job(application, MOSS, 0.62)
        overview_fixtures.start_held_job(application, TROMSO, 0.1)
        application.jobs.fail(overview_fixtures.start_held_job(application, OSLO_SOR), "It failed.")
        yield server
