"""Tests of exports as CSV and XLSX: numbers are numbers, and no text is evaluated as a formula."""

import csv
import io
from datetime import datetime

import msgspec
import openpyxl
import pytest

from preview.activity.last_changes import LastChange
from preview.core.languages import Language
from preview.form.catalogue import Catalogue
from preview.form.numbers import change_between
from preview.form.rules.base import Deviation
from preview.i18n.catalog import MessageCatalog
from preview.views.changes_since import ChangesSince, ValueThen
from preview.views.changes_table import with_changes
from preview.views.export_tables import preview_table
from preview.views.overview import OverviewEntry
from preview.views.overview_columns import STATUS_COLUMNS, ServiceLine
from preview.views.overview_table import overview_table
from preview.views.preview import FieldRow, Preview
from preview.views.spreadsheet import Table, to_csv, to_xlsx

CATALOGUE, TEXTS = Catalogue.load(), MessageCatalog.load()


def preview(source: str = "fagsystem-cis", *, hidden_number: int = 0) -> Preview:
    """Return 34 fields with different values; the field number `hidden` is withheld, no. 34 has no value."""
    rows: list[FieldRow] = []
    for field in CATALOGUE.fields:
        value = None if field.number == 34 else field.number * 1000 if field.unit == "antall" else field.number + 0.5
        before = field.number * 1001 if field.unit == "antall" else field.number + 1.0
        is_hidden = field.number == hidden_number
        change, percent = change_between(value, before, field.unit)
        rows.append(
            FieldRow(
                number=field.number,
                field_key=field.field_key,
                section_id=field.section_id,
                unit=field.unit,
                part_of=field.part_of,
                value=None if is_hidden else value,
                state="withheld" if is_hidden else "missing" if value is None else "present",
                compared_value=before,
                compared_state="present",
                data_source=source,
                change=change,
                percent=percent,
                deviations=[],
            )
        )
    return Preview(
        *(0, "org-1", "Tjenesten", "999999999", "2024", "2023", "2024", ["2024"], "2024"),
        *(None, None, None, None, rows, None, True, [], []),
    )


def read_csv(content: bytes) -> list[list[str]]:
    """Return the rows of a CSV file as a Norwegian Excel reads it."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_csv_holds_every_number_with_a_decimal_comma() -> None:
    head, *lines = read_csv(to_csv(preview_table(preview(), CATALOGUE, TEXTS, "nb")))
    assert head[:8] == ["Nr.", "Del", "Felt", "2024", "2023", "Endring", "Endring i prosent", "Enhet"]
    assert [line[0] for line in lines] == [str(number) for number in range(1, 35)]
    assert lines[0][3:7] == ["1000", "1001", "-1", "0"]
    assert lines[4][3:7] == ["5,5", "6,0", "-0,5", ""]
    assert lines[33][3:6] == ["", "35,0", ""]


def test_xlsx_holds_numbers_as_numbers_under_a_frozen_head() -> None:
    content = to_xlsx(preview_table(preview(), CATALOGUE, TEXTS, "en"))
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert sheet.freeze_panes == "D2"
    lines = list(sheet.iter_rows(min_row=2, values_only=True))
    shown = preview().rows
    assert [(line[3], line[4], line[5]) for line in lines] == [
        (row.value, row.compared_value, row.change) for row in shown
    ]


@pytest.mark.parametrize("source", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", "＋1", "－1", "＠SUM(A1)"])
def test_a_text_is_never_a_formula(source: str) -> None:
    exported = preview_table(preview(source), CATALOGUE, TEXTS, "nb")
    assert {line[9] for line in read_csv(to_csv(exported))[1:]} == {f"'{source}"}
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(exported))).active
    assert sheet is not None
    cells = [cell for (cell,) in sheet.iter_rows(min_row=2, min_col=10, max_col=10)]
    assert {(cell.value, cell.data_type, cell.quotePrefix) for cell in cells} == {(source, "s", True)}


def test_hidden_value_is_not_exported() -> None:
    lines = read_csv(to_csv(preview_table(preview(hidden_number=1), CATALOGUE, TEXTS, "nb")))
    assert (lines[1][3], lines[1][8]) == (":", "Skjult av hensyn til personvern.")


def test_signs_of_compared_values_are_explained_in_the_notes() -> None:
    shown = preview()
    states = {4: "withheld", 5: "not_applicable", 6: "missing", 7: "no_report"}
    rows = [
        msgspec.structs.replace(row, compared_value=None, compared_state=states[row.number])
        if row.number in states
        else row
        for row in shown.rows
    ]
    exported = to_csv(preview_table(msgspec.structs.replace(shown, rows=rows), CATALOGUE, TEXTS, "nb"))
    lines = {line[0]: (line[4], line[8]) for line in read_csv(exported)[1:]}
    assert lines["4"] == (":", "2023: Skjult av hensyn til personvern.")
    assert lines["5"] == ("ikke aktuelt", "2023: Ikke aktuelt: ingen meldinger med frist i perioden.")
    assert (lines["6"], lines["7"]) == (("", ""), ("", ""))


def test_reasons_for_no_value_are_told_apart() -> None:
    shown = preview()
    share = msgspec.structs.replace(shown.rows[4], value=None, state="not_applicable", compared_state="no_report")
    rows = [share if row.number == 5 else row for row in shown.rows]
    exported = to_csv(preview_table(msgspec.structs.replace(shown, rows=rows), CATALOGUE, TEXTS, "nb"))
    lines = {line[0]: (line[3], line[8]) for line in read_csv(exported)[1:]}
    assert lines["5"] == ("ikke aktuelt", "Ikke aktuelt: ingen meldinger med frist i perioden.")
    assert lines["34"] == ("", "Mangler: ingen kilde for 2024.")


def test_filter_limits_the_exported_fields() -> None:
    exported = preview_table(preview(), CATALOGUE, TEXTS, "nb", visible_keys={"antall_meldinger_mottatt"})
    assert [line[10] for line in exported.rows] == ["antall_meldinger_mottatt"]


def test_notes_name_their_severity() -> None:
    shown = preview()
    found = Deviation(
        "ingen_aktivitet",
        "notice",
        "andel_meldinger_innen_frist",
        "deviation.ingen_aktivitet.message",
        {"period": "2024"},
    )
    rows = [msgspec.structs.replace(row, deviations=[found]) if row.number == 5 else row for row in shown.rows]
    notes = [line[8] for line in preview_table(msgspec.structs.replace(shown, rows=rows), CATALOGUE, TEXTS, "nb").rows]
    assert notes[4] == f"Merknad: {TEXTS.get('nb', found.message, **found.params)}"
    assert set(notes[:33]) == {notes[4], ""}


ENTRY = OverviewEntry(
    *("org-1", "Barnevernstjenesten Ås", "999999999-01", True, "ready", "CIS", "snap-001", "2024-H1", "current"),
    *(False, "2026-03-25T14:00:00Z", 32, 1, 1, 2, 3, None),
    decision="changed",
    data_until="2024-06-02",
    approved_by="Kari Nordmann",
    approved_at="2026-03-24T23:10:00Z",
    open_comments=2,
    county="42",
)
ENTRY_WITHOUT_DATA = OverviewEntry(
    "org-2", "=Vik", "999999998", True, "silent", "", None, None, None, False, None, 0, 0, 0, 0, 0, None
)


def status_table(entries: list[OverviewEntry], language: Language) -> Table:
    lines = [ServiceLine(entry) for entry in entries]
    return overview_table(lines, STATUS_COLUMNS, [], 34, "2024-H1", TEXTS, language)


def test_organisations_are_rows_in_the_given_order() -> None:
    head, *lines = read_csv(to_csv(status_table([ENTRY_WITHOUT_DATA, ENTRY], "nb")))
    assert head[:7] == ["Tjeneste", "Nummer", "Id", "Fylke", "Periode", "Vurdering", "Data til"]
    assert head[7:12] == ["Godkjent av", "Godkjent", "Åpne kommentarer", "Status", "Utfylte felt"]
    assert lines == [
        ["'=Vik", "999999998", "org-2", "", "", "Ikke levert", "", "", "", "0", "Ikke levert", *[""] * 9],
        [
            "Barnevernstjenesten Ås",
            "999999999-01",
            "org-1",
            "Agder",
            "1. halvår 2024",
            *("Endret etter godkjenning", "02.06.2024", "Kari Nordmann", "25.03.2026 00:10", "2"),
            "Aggregert",
            *("32", "34", "1", "1", "2", "3", "Utdatert"),
            "25.03.2026 15:00",
            "CIS",
        ],
    ]


@pytest.mark.parametrize(
    ("data_until", "validity"), [("2024-06-02", "Foreløpig: data til 2. juni 2024"), (None, "Gyldig")]
)
def test_provisional_report_is_not_called_valid(data_until: str | None, validity: str) -> None:
    entry = msgspec.structs.replace(ENTRY, cache_valid=True, data_until=data_until)
    (_, line) = read_csv(to_csv(status_table([entry], "nb")))
    assert line[17] == validity


def test_an_overview_holds_times_as_times() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(status_table([ENTRY], "en")))).active
    assert sheet is not None
    assert (sheet.title, sheet.freeze_panes) == ("Overview", "B2")
    (line,) = sheet.iter_rows(min_row=2, values_only=True)
    assert line[6] == datetime(2024, 6, 2)  # noqa: DTZ001  (a spreadsheet knows no zone)
    assert line[18] == datetime(2026, 3, 25, 15, 0)  # noqa: DTZ001
    assert line[11:17] == (32, 34, 1, 1, 2, 3)


def test_changes_since_a_moment_are_columns_of_the_fields_that_have_changed() -> None:
    """A field whose value then is withheld has its sign, and one that has not changed has no cells."""
    first, second, third = (field.field_key for field in CATALOGUE.fields[:3])
    last = LastChange(
        event_id=7,
        at="2026-03-25T14:00:00Z",
        before=900,
        after=1000,
        before_withheld=False,
        after_withheld=False,
        actor="auto",
        reason=None,
        is_deletion=False,
        delivery_ids=["dlv-001", "dlv-002"],
    )
    changes = ChangesSince(
        before={first: ValueThen(900), second: ValueThen(None, is_withheld=True)}, last={first: last, third: last}
    )
    shown = msgspec.structs.replace(preview(), changes=changes)
    table = with_changes(preview_table(shown, CATALOGUE, TEXTS, "nb"), shown, "i går kl. 16:00", TEXTS, "nb")
    assert [column.header for column in table.columns[-4:]] == [
        "Før (i går kl. 16:00)",
        "Nå",
        "Sist endret",
        "Leveranser",
    ]
    assert [row[-4:] for row in table.rows[:3]] == [
        [900, 1000, datetime(2026, 3, 25, 15, 0), "dlv-001 dlv-002"],  # noqa: DTZ001
        [":", 2000, None, None],
        [None] * 4,
    ]
