"""The export of the overview: the services that are to be seen, in the order in which they are."""

import csv
import io
from collections.abc import Generator
from pathlib import Path

import httpx
import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.browser import overview_fixtures
from tests.browser.overview_fixtures import ALTA, DRAMMEN, HAMAR, MOSS, Place
from tests.browser.pdf import Printed
from tests.support.server_process import Server, running

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A service in every state; nothing changes by itself."""
    data_dir = tmp_path_factory.mktemp("country") / "data"
    data_dir.mkdir()
    overview_fixtures.fill(data_dir, ["2024"])
    with running(data_dir, environment=overview_fixtures.NOTHING_BY_ITSELF) as server:
        yield server


@pytest.fixture
def overview(page: Page, country: Server) -> Page:
    page.goto(f"{country.url}/?period_id=2024")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    return page


def names(lines: list[list[str]]) -> list[str]:
    return [line[0] for line in lines]


def full_names(*of: Place) -> list[str]:
    return [place.full_name for place in of]


def downloaded(page: Page, name: str) -> bytes:
    """What the menu gives under that name."""
    page.keyboard.press("e")
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return Path(download.value.path()).read_bytes()


def csv_lines(content: bytes) -> list[list[str]]:
    """Without the head."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))[1:]


def test_the_rows_that_are_chosen_are_exported_in_their_order(overview: Page) -> None:
    seen = overview.locator(".list > tbody > tr:visible .go").evaluate_all("links => links.map(link => link.lastChild.textContent)")
    assert names(csv_lines(downloaded(overview, "CSV"))) == ["Barnevernstjenesten " + name for name in seen]
    overview.get_by_role("combobox", name="Fagsystem", exact=True).select_option("Acos")
    overview.get_by_role("columnheader", name="Tjeneste").get_by_role("button").click()
    overview.get_by_role("columnheader", name="Tjeneste").get_by_role("button").click()
    lines = csv_lines(downloaded(overview, "CSV"))
    assert names(lines) == full_names(MOSS, ALTA)
    assert [line[4] for line in lines] == ["Klar", "Klar"]
    sheet = openpyxl.load_workbook(io.BytesIO(downloaded(overview, ".xlsx"))).active
    assert sheet is not None
    shown = overview.locator(".list > tbody > tr:visible .full > [aria-hidden]:first-child").all_inner_texts()
    assert [(row[0], str(row[5])) for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        (MOSS.full_name, shown[0]),
        (ALTA.full_name, shown[1]),
    ]


def test_what_changed_here_is_exported_too(overview: Page, country: Server) -> None:
    with overview_fixtures.beside(country.data_dir) as application:
        overview_fixtures.finish(application, overview_fixtures.hold(application, HAMAR))
    expect(overview.locator("tr[data-changed]")).to_have_count(1)
    overview.keyboard.press("c")
    assert names(csv_lines(downloaded(overview, "CSV"))) == full_names(HAMAR)


def test_an_address_alone_is_enough(country: Server) -> None:
    answer = httpx.get(f"{country.url}/overview/export.csv", params={"period_id": "2024", "show": "error", "lang": "nn"})
    assert names(csv_lines(answer.content)) == full_names(DRAMMEN)
    assert answer.headers["content-disposition"] == 'attachment; filename="oversyn-2024.csv"'
    assert httpx.get(f"{country.url}/overview/export.csv", params={"period_id": "2024-H3"}).status_code == 422


@pytest.mark.chromium
def test_an_overview_is_printed_in_black_and_grey(overview: Page) -> None:
    printed = Printed(overview)
    assert {color for color in printed.colors if len(set(color)) > 1} == set()
    assert printed.size == (595, 842)
    for place in overview_fixtures.ALL:
        assert any(line.startswith(place.name) for line in printed.lines), place
    assert "Eksporter" not in printed.text
