"""Exports of the overview: the visible services in the order of the page."""

import csv
import io
import re
from pathlib import Path

import httpx
import openpyxl
import pytest
from playwright.sync_api import Page, expect

from components.layout import value_formatting
from preview.core.clock import today as today_in_norway
from tests.browser.support import overview_fixtures
from tests.browser.support.overview_fixtures import ALTA, DRAMMEN, HAMAR, MOSS, SampleService
from tests.browser.support.pdf import PrintedPdf
from tests.support.server_process import Server

pytestmark = pytest.mark.browser


def names(lines: list[list[str]]) -> list[str]:
    return [line[0] for line in lines]


def full_names(*services: SampleService) -> list[str]:
    return [service.full_name for service in services]


def downloaded(page: Page, name: str) -> bytes:
    """Download the file of a menu entry, and return its content."""
    page.keyboard.press("e")
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return Path(download.value.path()).read_bytes()


def csv_lines(content: bytes) -> list[list[str]]:
    """Return the rows of the file without its head."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))[1:]


def test_export_contains_filtered_rows_in_order(overview: Page) -> None:
    seen = overview.locator(".list > tbody > tr:visible .row-link").evaluate_all(
        "links => links.map(link => link.lastChild.textContent)"
    )
    assert names(csv_lines(downloaded(overview, "CSV"))) == ["Barnevernstjenesten " + name for name in seen]
    overview.get_by_role("combobox", name="Fagsystem", exact=True).select_option("Acos")
    overview.get_by_role("columnheader", name="Tjeneste").get_by_role("button").click()
    overview.get_by_role("columnheader", name="Tjeneste").get_by_role("button").click()
    lines = csv_lines(downloaded(overview, "CSV"))
    assert names(lines) == full_names(MOSS, ALTA)
    assert [line[5] for line in lines] == ["Klar til godkjenning", "Klar til godkjenning"]
    book = openpyxl.load_workbook(io.BytesIO(downloaded(overview, ".xlsx")))
    sheet = book["Oversikt"]
    shown = overview.locator(".list > tbody > tr:visible .full > [aria-hidden]:first-child").all_inner_texts()
    assert [(row[0], str(row[11])) for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        (MOSS.full_name, shown[0]),
        (ALTA.full_name, shown[1]),
    ]
    facts = {row[0]: row[1] for row in book["Om eksporten"].iter_rows(max_col=2, values_only=True)}
    assert facts["Viser"] == f"Fagsystem: Acos. 2 av {len(overview_fixtures.ALL)} tjenester"


def test_export_contains_rows_changed_in_session(overview: Page, states_server: Server) -> None:
    with overview_fixtures.open_second_application(states_server.data_dir) as application:
        overview_fixtures.finish_job(application, overview_fixtures.start_held_job(application, HAMAR))
    expect(overview.locator("tr[data-changed]")).to_have_count(1)
    overview.keyboard.press("c")
    assert names(csv_lines(downloaded(overview, "CSV"))) == full_names(HAMAR)


def test_export_works_from_url_alone(states_server: Server) -> None:
    answer = httpx.get(
        f"{states_server.url}/overview/export.csv", params={"period_id": "2024", "show": "has_errors", "lang": "nn"}
    )
    assert names(csv_lines(answer.content)) == full_names(DRAMMEN)
    assert answer.headers["content-disposition"] == 'attachment; filename="oversyn-2024.csv"'
    assert httpx.get(f"{states_server.url}/overview/export.csv", params={"period_id": "2024-H3"}).status_code == 422


@pytest.mark.chromium
def test_overview_prints_in_grayscale(overview: Page) -> None:
    printed = PrintedPdf(overview)
    assert {color for color in printed.colors if len(set(color)) > 1} == set()
    assert printed.size == (595, 842)
    for service in overview_fixtures.ALL:
        assert any(line.startswith(service.name) for line in printed.lines), service
    assert "Eksporter" not in printed.text
    today = value_formatting.short_day(today_in_norway(), "nb", with_year=True)
    assert f"{today} kl." in printed.text
    assert "i dag" not in printed.text


# The whole country has 400 rows.
_MULTIPLY_ROWS = """wanted => {
  const body = document.querySelector('.list > .rows'), rows = [...body.rows]
  for (let n = rows.length; n < wanted; n++) body.append(rows[n % rows.length].cloneNode(true))
}"""


@pytest.mark.slow
@pytest.mark.chromium
@pytest.mark.parametrize(("rows", "most_sheets"), [(120, 4), (400, 12)])
def test_long_overview_prints_head_and_number_on_each_sheet(overview: Page, rows: int, most_sheets: int) -> None:
    overview.get_by_role("searchbox").fill("oslo")
    overview.get_by_role("combobox", name="Avvik", exact=True).select_option("notice")
    heading = PrintedPdf(overview).lines[1]
    assert re.match(r"Utskrift \d+\. \w+ \d{4} kl\. \d\d:\d\d\. 1 av 12 tjenester\. ", heading)
    assert heading.endswith("Avvik: Merknader. Søk i tjenester: «oslo». Sortert etter: Status")

    overview.get_by_role("searchbox").fill("")
    overview.get_by_role("combobox", name="Avvik", exact=True).select_option("all")
    overview.evaluate(_MULTIPLY_ROWS, rows)
    sheets = PrintedPdf(overview).sheets
    assert 1 < len(sheets) <= most_sheets
    for number, lines in enumerate(sheets, 1):
        assert lines[-1] == f"{number} / {len(sheets)}"
        has_rows = any("911" in line for line in lines)  # the last sheet may have room for the notes only
        assert sum(line.startswith("Tjeneste ") for line in lines) == has_rows
    assert len(sheets[0]) > 30, "the first sheet is as full as the others"
