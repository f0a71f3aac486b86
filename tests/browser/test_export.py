"""Exports of the preview: API, screen, CSV, XLSX and print agree in all 34 values, and filters limit the rows."""

import csv
import io
import re
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec
import openpyxl
import pytest
from playwright.sync_api import Page, expect

from preview.core.languages import Language
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.model.resources import SnapshotDocument
from tests.browser.conftest import API
from tests.browser.support.pdf import PrintedPdf
from tests.builders.case_xml import flytting, plan, tiltak, undersokelse
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, document, open_application
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

NAME = "Barnevernstjenesten for Indre og Ytre Eksempelfjord samt Nordre og Søndre Eksempeldal"
CATALOGUE, TEXTS = Catalogue.load(), MessageCatalog.load()
SERVICE = SampleService(7700)
Numbers = dict[str, tuple[str, str]]
"""(current, compared) by field key: digits with a decimal comma, `:` for suppressed, empty for no value."""


class ExportCase(NamedTuple):
    """A server and the values that it must show of 2024 compared with 2023."""

    server: Server
    numbers: Numbers

    @property
    def hides(self) -> bool:
        """Whether the server suppresses small counts."""
        return any(":" in pair for pair in self.numbers.values())


def folders() -> list[bytes]:
    """Return cases of two years that differ so much that many fields deviate, with counts from 0 to more than 1000."""
    placed = tiltak("2024-03-01", kategori="1.1", lov="BVL2021 5-1")
    fostered = tiltak("2024-04-01", kategori="2.1", lov="BVL2021 5-1", tilsyn=["2024-05-01"])
    ended = tiltak("2023-04-01", "2024-04-01")
    plans, moves = [plan("2024-03-01", type="4", evaluert=["2024-06-01"])], [flytting("2024-05-01")]
    late = [undersokelse("2024-01-02", "2024-11-01", "1") for _ in range(40)]
    cases = [
        SERVICE.folder(1, "2024-12-31", meldinger=["2023-02-01"]),
        SERVICE.folder(2, "2024-12-31", meldinger=["2023-02-02"] * 7),
    ]
    cases += [SERVICE.folder(case, "2024-12-31", tiltak=[tiltak("2023-02-01"), placed]) for case in (3, 4)]
    cases += [
        SERVICE.folder(case, "2024-12-31", tiltak=[fostered, ended], planer=plans, flyttinger=moves)
        for case in range(5, 17)
    ]
    return [
        SERVICE.folder(1, "2022-01-15"),
        *cases,
        SERVICE.folder(18, "2024-12-31", meldinger=["2024-01-10"] * 1203, undersokelser=late),
    ]


@pytest.fixture(scope="module")
def store_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a store with three years of a service with a long name, without suppression."""
    data_dir = tmp_path_factory.mktemp("export") / "data"
    data_dir.mkdir()
    with open_application(data_dir) as application:
        deliver(application, SERVICE.listing(SERVICE.organization_id, NAME))
        deliver(application, *folders())
        deliver(
            application,
            SERVICE.figures("2024,antall_arsverk,48.6,", "2023,antall_arsverk,9,", "2023,antall_arsverk_ubesatt,3.4,"),
        )
        for period in ("2022", "2023", "2024"):
            aggregate(application, SERVICE.organization_id, period)
    return data_dir


def spreadsheet_text(value: object) -> str:
    """Return a value as a Norwegian spreadsheet writes it."""
    return "" if value is None else str(value).replace(".", ",")


def document_numbers(document: SnapshotDocument) -> Numbers:
    """Return the values of the API's document."""
    return {
        field.field_key: (spreadsheet_text(field.value), spreadsheet_text(field.prior_period_value))
        for section in document.sections
        for field in section.fields
    }


def normalize(text: str) -> str:
    """Return a value of screen or paper as a spreadsheet writes it."""
    bare = re.sub(r"[\s%]", "", text)
    return {"–": "", "i.a.": "ikke aktuelt"}.get(bare, bare)


@pytest.fixture(
    scope="module",
    params=[False, pytest.param(True, marks=pytest.mark.slow)],
    ids=["all shown", "small counts hidden"],
)
def export_case(store_dir: Path, request: pytest.FixtureRequest) -> Generator[ExportCase]:
    """Run a server with or without suppression, and return the values that it must show."""
    with open_application(store_dir, started=False) as application:
        true = document_numbers(document(application, "snap-003"))
    with running_server(
        store_dir, environment={"BUFDIR_PREVIEW_SUPPRESS_SMALL_COUNTS": str(request.param).lower()}
    ) as server:
        reported_values = document_numbers(
            msgspec.json.decode(httpx.get(f"{server.url}{API}/snap-003").content, type=SnapshotDocument)
        )
        expected = {
            key: (_expected_value(key, true[key][0], now), _expected_value(key, true[key][1], before))
            for key, (now, before) in reported_values.items()
        }
        assert request.param == any(":" in pair for pair in expected.values())
        yield ExportCase(server, expected)


def _expected_value(key: str, true: str, reported_value: str) -> str:
    """Return what stands in the place of a value: both shares are supplied, so that one is null where it is of none."""
    if reported_value:
        return reported_value
    return ":" if true else "ikke aktuelt" if CATALOGUE.field(key).unit == "prosent" else ""


ALL_SHOWN = pytest.mark.parametrize("export_case", [False], indirect=True)


def live(page: Page, export_case: ExportCase, **query: str) -> Page:
    parameters = httpx.QueryParams({"organization_id": SERVICE.organization_id, "period_id": "2024", **query})
    page.goto(f"{export_case.server.url}/preview?{parameters}")
    expect(page.locator("html[data-live=on]")).to_be_attached()
    return page


def downloaded(page: Page, name: str) -> bytes:
    """Download the file of a menu entry, and return its content."""
    page.keyboard.press("e")
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return Path(download.value.path()).read_bytes()


def csv_lines(content: bytes) -> list[list[str]]:
    """Return the rows of the file without its head."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))[1:]


def visible(page: Page) -> list[str]:
    """Return the keys of the visible fields."""
    return page.locator("tr[data-field]:visible").evaluate_all("rows => rows.map(row => row.dataset.field)")


# The visible texts of the cells, without those for screen readers.
_CELLS = """() => [...document.querySelectorAll("tr[data-field]")].map(row => [
  row.dataset.field,
  ...["current", "compared"].map(name => row.querySelector(`td.${name}`).innerText.split("\\n")[0])])"""


@pytest.mark.chromium
def test_values_agree_in_api_page_csv_xlsx_and_print(export_case: ExportCase, page: Page) -> None:
    live(page, export_case)
    cells = {key: tuple(normalize(text) for text in shown) for key, *shown in page.evaluate(_CELLS)}
    assert len(cells) == 34
    assert cells == export_case.numbers
    lines = {line[10]: (line[3], line[4]) for line in csv_lines(downloaded(page, "CSV"))}
    assert lines == export_case.numbers
    sheet = openpyxl.load_workbook(io.BytesIO(downloaded(page, ".xlsx")))["Rapport"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert {row[10]: (spreadsheet_text(row[3]), spreadsheet_text(row[4])) for row in rows} == {
        key: (_whole(now), _whole(before)) for key, (now, before) in export_case.numbers.items()
    }
    words = {row[3] for row in rows if isinstance(row[3], str)}
    assert words <= ({"ikke aktuelt", ":"} if export_case.hides else {"ikke aktuelt"})
    printed = PrintedPdf(page)
    on_paper = {field.field_key: printed.row(field.number, field.labels.nb) for field in CATALOGUE.fields}
    assert {key: (normalize(now), normalize(before)) for key, (now, before) in on_paper.items()} == export_case.numbers


def _whole(number: str) -> str:
    """Return a value without a trailing ",0", because XLSX does not distinguish 9 from 9,0."""
    return number.removesuffix(",0")


@ALL_SHOWN
def test_json_export_equals_api_document(export_case: ExportCase, page: Page) -> None:
    assert downloaded(live(page, export_case), "JSON") == httpx.get(f"{export_case.server.url}{API}/snap-003").content


@pytest.mark.chromium
@ALL_SHOWN
def test_filter_limits_export_and_print_states_it(export_case: ExportCase, page: Page) -> None:
    live(page, export_case).keyboard.press("w")
    left = visible(page)
    assert 0 < len(left) < 34
    assert [line[10] for line in csv_lines(downloaded(page, "CSV"))] == left
    cover = openpyxl.load_workbook(io.BytesIO(downloaded(page, ".xlsx")))["Om eksporten"]
    facts = {row[0]: row[1] for row in cover.iter_rows(max_col=2, values_only=True)}
    assert (facts["Tjeneste"], facts["Viser"]) == (NAME, f"Varsler. {len(left)} av 34 felt")
    assert (facts["Godkjent av"], facts["Eksportert av"]) == ("Ikke godkjent", "nettsiden")
    printed = PrintedPdf(page)
    assert printed.pages == 1
    for field in CATALOGUE.fields:
        row = re.compile(rf"{field.number} +{re.escape(field.labels.nb)}  ")
        assert any(row.match(line) for line in printed.lines) == (field.field_key in left), field.number
    assert f"Utskriften viser {len(left)} av 34 felt: Varsler." in printed.text
    page.keyboard.press("x")
    assert "Utskriften viser" not in PrintedPdf(page).text


@ALL_SHOWN
def test_export_uses_compared_period_of_page(export_case: ExportCase, page: Page) -> None:
    live(page, export_case, compare="2022")
    old = [normalize(compared) for _, _, compared in page.evaluate(_CELLS)]
    content = downloaded(page, "CSV")
    assert content.decode("utf-8-sig").splitlines()[0].split(";")[3:5] == ["2024", "2022"]
    assert [line[4] for line in csv_lines(content)] == old


@pytest.mark.chromium
@ALL_SHOWN
@pytest.mark.parametrize(
    ("language", "theme"),
    [
        ("en", "light"),
        ("nb", "dark"),
        *(pytest.param(language, "light", marks=pytest.mark.slow) for language in ("nb", "nn")),
    ],
)
def test_preview_prints_on_one_page_in_grayscale(
    export_case: ExportCase, page: Page, language: Language, theme: str
) -> None:
    """Print with a name of two lines, many deviations, and open rows."""
    live(page, export_case, lang=language, theme=theme).locator("tr[data-flags~=warning] .open").first.click()
    expect(page.locator(".detail:visible")).to_have_count(1)
    assert page.locator("tr[data-flags~=warning], tr[data-flags~=error]").count() > 10
    printed = PrintedPdf(page)
    assert (printed.pages, printed.size) == (1, (595, 842))
    assert {color for color in printed.colors if len(set(color)) > 1} == set()
    assert set(NAME.split()) <= set(printed.text.split())
    for control in ("export.menu.open", "head.again", "live.pause", "filter.all", "form.definition"):
        assert TEXTS.get(language, control) not in printed.text


@ALL_SHOWN
def test_export_of_unknown_organization_returns_404_page(export_case: ExportCase) -> None:
    answer = httpx.get(f"{export_case.server.url}/preview/export.csv", params={"organization_id": "org-9999"})
    assert answer.status_code == 404
    assert "<html" in answer.text
