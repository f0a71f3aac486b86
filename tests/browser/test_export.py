"""The export of what is shown: the same 34 numbers on the screen, in the API, in the CSV and in the XLSX."""

import csv
import io
from pathlib import Path

import httpx
import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.folders import folder, melding, tiltak
from tests.pipeline import aggregate, deliver, opened
from tests.servers import running

pytestmark = pytest.mark.browser

ORGANIZATION = "org-0301"


@pytest.fixture
def filled(data_dir: Path) -> Path:
    """A store with one report of 2024."""
    with opened(data_dir) as application:
        deliver(
            application, folder(meldinger=[melding("2024-01-10", "2024-01-30", "1"), melding("2024-02-10")], tiltak=[tiltak("2024-03-01")])
        )
        aggregate(application, ORGANIZATION, "2024")
    return data_dir


def downloaded(page: Page, name: str) -> bytes:
    """What the menu gives under that name."""
    page.get_by_role("button", name="Eksporter").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return Path(download.value.path()).read_bytes()


def csv_lines(content: bytes) -> list[list[str]]:
    """Without the head."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))[1:]


def test_all_numbers_agree(filled: Path, page: Page) -> None:
    with running(filled) as server:
        document = httpx.get(f"{server.url}/api/v1/aggregated-report-data/snap-001").json()
        told = {field["field_key"]: field["value"] for section in document["sections"] for field in section["fields"]}
        page.goto(f"{server.url}/preview?organization_id={ORGANIZATION}&period_id=2024")
        expect(page.locator("html[data-live=on]")).to_be_attached()
        lines = {line[10]: line[3] for line in csv_lines(downloaded(page, "CSV"))}
        assert lines == {key: "" if value is None else str(value).replace(".", ",") for key, value in told.items()}
        sheet = openpyxl.load_workbook(io.BytesIO(downloaded(page, ".xlsx"))).active
        assert sheet is not None
        assert {row[10]: row[3] for row in sheet.iter_rows(min_row=2, values_only=True)} == told
        for key, value in told.items():
            shown = page.locator(f'tr[data-field="{key}"] td.cur').inner_text()
            expected = "–" if value is None else str(value).replace(".", ",")
            assert shown.replace("\u00a0", "").replace("%", "").split("\n")[0] == expected, key


def test_a_filter_leaves_only_what_is_shown(filled: Path, page: Page) -> None:
    with running(filled) as server:
        page.goto(f"{server.url}/preview?organization_id={ORGANIZATION}&period_id=2024")
        expect(page.locator("html[data-live=on]")).to_be_attached()
        page.keyboard.press("m")
        left = page.locator("tr[data-field]:visible").evaluate_all("rows => rows.map(row => row.dataset.field)")
        assert 0 < len(left) < 34
        assert [line[10] for line in csv_lines(downloaded(page, "CSV"))] == left


def test_an_unknown_organisation_is_told_calmly(filled: Path) -> None:
    with running(filled) as server:
        answer = httpx.get(f"{server.url}/preview/export.csv", params={"organization_id": "org-9999"})
    assert answer.status_code == 404
    assert "<html" in answer.text
