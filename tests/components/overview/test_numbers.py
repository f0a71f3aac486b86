"""The overview with the numbers of a section: cells, heads, totals, order and export."""

import msgspec
import pytest
from lxml import html

from components.context import AppContext
from components.layout.preferences import Translator
from components.overview.presenter import present_row
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.totals.service_numbers import ServiceNumber
from preview.totals.sums import FieldTotal
from preview.views.overview_columns import STATUS_COLUMNS, ServiceLine, column_choice, number_key
from preview.views.overview_table import TotalLine, overview_table
from tests.components.overview_samples import READY, TODAY

CATALOGUE = Catalogue.load()
CHOICE = column_choice(CATALOGUE, "meldinger")
NUMBERS = (
    ServiceNumber(1480, "present", 1493, "present", -13),
    ServiceNumber(7, "present", None, "withheld", None),
    ServiceNumber(None, "missing", 3, "present", None),
    ServiceNumber(None, "withheld", 3, "present", None),
    ServiceNumber(None, "not_applicable", None, "no_report", None),
)
LINE = ServiceLine(msgspec.structs.replace(READY, county="03"), NUMBERS)


def texts_of(element: html.HtmlElement) -> list[str]:
    return [" ".join(cell.text_content().split()) for cell in element]


@pytest.fixture
def t(texts: MessageCatalog) -> Translator:
    return Translator(texts, "nb")


def test_absent_numbers_are_told_apart(context: AppContext, t: Translator) -> None:
    row = present_row(LINE, CHOICE, 34, t, "2024", TODAY)
    fragment = context.macros("overview/overview_regions.html").row(row, CHOICE, t)
    cells = texts_of(html.fragment_fromstring(f"<table>{fragment}</table>")[0])
    assert cells[1:4] == ["Med feil", "1 480", "−13"]
    assert cells[4:6] == ["7", ":skjult av hensyn til personvern"]
    assert cells[6:] == ["–mangler", "", ":skjult av hensyn til personvern", "", "i.a.ikke aktuelt", ""]


def test_note_says_what_numbers_and_deviations_are_compared_with(context: AppContext, t: Translator) -> None:
    note = context.macros("overview/overview_regions.html").note
    (numbers,) = texts_of(html.fragment_fromstring(f"<div>{note(CHOICE, '2023', False, t)}</div>"))
    (states,) = texts_of(html.fragment_fromstring(f"<div>{note(STATUS_COLUMNS, '2023', False, t)}</div>"))
    assert numbers.startswith("Endring er fra 2023. En sum sammenligner")
    assert states == "Avvik er talt i felt og vurdert mot hele 2023, også i foreløpige rapporter."


def test_heads_name_field_and_sort_by_value_and_change(context: AppContext, t: Translator) -> None:
    key = CHOICE.fields[0].key
    columns = context.macros("overview/overview_regions.html").columns(CHOICE, "2024", "2023", f"-{key}", t)
    head = html.fragment_fromstring(f"<table>{columns}</table>")[0]
    assert texts_of(head[0])[2] == "Meldinger mottatt"
    assert texts_of(head[1])[:4] == ["Tjeneste", "Status", "Meldinger mottatt: 2024", "Meldinger mottatt: Endring"]
    assert [cell.get("aria-sort") for cell in head[1]][:4] == ["none", "none", "descending", "none"]
    assert [button.get("value") for button in head.iterfind(".//button")][:4] == [
        "name",
        "-status",
        key,
        f"-{key}_change",
    ]


@pytest.mark.parametrize("values", [[-1000, -13.5, -2, 0, 0.1, 7, 1480, 2_000_000]])
def test_number_keys_sort_as_numbers(values: list[float]) -> None:
    keys = [number_key(value) for value in values]
    assert sorted(keys) == keys
    assert number_key(None) == ""


def test_export_has_value_prior_value_and_change_and_ends_with_totals(texts: MessageCatalog) -> None:
    total = FieldTotal(
        field_key="",
        value=90,
        state="present",
        matched_value=50,
        prior_value=40,
        prior_state="present",
        reporting=3,
        matched=2,
    )
    withheld = msgspec.structs.replace(total, value=None, state="withheld", matched_value=None)
    totals = [TotalLine("De viste", "3 tjenester", (total, withheld, total, total, total))]
    table = overview_table([LINE], CHOICE, totals, 34, "2024", texts, "nb")
    assert [column.header for column in table.columns][5:11] == [
        "Vurdering",
        "Data til",
        "Meldinger mottatt, 2024",
        "Meldinger mottatt, 2023",
        "Meldinger mottatt, endring",
        "Meldinger til undersøkelse, 2024",
    ]
    line, sums = table.rows
    assert line[:5] == ["Barnevernstjenesten Oslo Sør", "958935420-15", "org-0301-15", "Oslo", "2024"]
    assert line[7:] == [1480, 1493, -13, 7, ":", ":", None, 3, None, ":", 3, None, "ikke aktuelt", None, None]
    assert sums[0] == "De viste: 3 tjenester"
    assert sums[7:13] == [90, 40, 10, ":", ":", None]
