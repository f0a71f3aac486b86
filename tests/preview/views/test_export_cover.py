"""The first sheet of exported XLSX files: what is in the file, what was decided, who exported it and when."""

import io
from datetime import datetime
from typing import Any

import msgspec
import openpyxl
import pytest

from preview.core.languages import Language
from preview.model.reviews import ApprovalInForce, DecisionState, ReviewDocument
from preview.views.comparison import SameDayView
from preview.views.export_cover import Export, overview_cover, preview_cover
from preview.views.export_tables import preview_table
from preview.views.preview import Preview, SnapshotView, SourceView
from preview.views.spreadsheet import Cell, Table, to_csv, to_xlsx
from tests.preview.views.test_export_tables import CATALOGUE, TEXTS, preview

EXPORT = Export("Ola Nordmann", "2026-03-25T14:00:00Z", 34, 34)
APPROVAL = ApprovalInForce("apr-001", "dashboard", "Kari Nordmann", "2026-03-03T13:10:00Z", "=Sett.", "snap-001")


def report(**changed: Any) -> Preview:
    """Return a valid report of 2024 with data of all of it."""
    return msgspec.structs.replace(
        preview(),
        snapshot=SnapshotView("snap-001", "current", True, "2026-03-01T14:00:00Z", 33, '"a"'),
        source=SourceView("fagsystem-cis", "CIS", "2025-01-15", 1480, 4, False),
        **changed,
    )


def provisional(**changed: Any) -> Preview:
    """Return a report of 2024 with data until 29 November, compared with the same days of 2023."""
    values: dict[str, Any] = {
        "extract_until": "2024-11-29",
        "same_day": SameDayView("2023", "2023-11-29", is_offered=True, is_incomplete=False),
        "compared_until": "2023-11-29",
    }
    return report(**{**values, **changed})


def review(approval: ApprovalInForce | None = None) -> ReviewDocument:
    """Return a review."""
    return ReviewDocument("org-1", "2024", "snap-001", "open", approval, [], [], [], 0, 0)


def facts(
    shown: Preview,
    document: ReviewDocument | None = None,
    decision: DecisionState = "ready",
    export: Export = EXPORT,
    language: Language = "nb",
) -> dict[str, Cell]:
    """Return the facts of the cover by name."""
    return dict(preview_cover(shown, document or review(), decision, export, TEXTS, language).facts)


def test_cover_says_what_the_report_is() -> None:
    cover = facts(report())
    assert cover == {
        "Tjeneste": "Tjenesten",
        "Organisasjonsnummer": "999999999",
        "Periode": "2024",
        "Sammenlignet med": "2023",
        "Status": "Klar til godkjenning",
        "Data til": datetime(2025, 1, 15).date(),  # noqa: DTZ001  (a spreadsheet knows no zone)
        "Aggregert": datetime(2026, 3, 1, 15, 0),  # noqa: DTZ001
        "Viser": "Alle 34 felt",
        "Godkjent av": "Ikke godkjent",
        "Godkjent": None,
        "Merknad til godkjenningen": None,
        "Eksportert av": "Ola Nordmann",
        "Eksportert": datetime(2026, 3, 25, 15, 0),  # noqa: DTZ001
    }


def test_cover_says_by_whom_and_when_it_was_approved() -> None:
    cover = facts(report(), review(APPROVAL), "approved")
    assert (cover["Status"], cover["Godkjent av"], cover["Merknad til godkjenningen"]) == (
        "Godkjent",
        "Kari Nordmann",
        "=Sett.",
    )
    assert cover["Godkjent"] == datetime(2026, 3, 3, 14, 10)  # noqa: DTZ001
    unnamed = msgspec.structs.replace(APPROVAL, stated_name=None)
    assert facts(report(), review(unnamed), "approved")["Godkjent av"] == "nettsiden"


@pytest.mark.parametrize(
    ("language", "state", "period", "compared"),
    [
        ("nb", "Foreløpig: data til 29. november 2024", "2024 (til 29. november)", "2023 (til 29. november)"),
        ("nn", "Førebels: data til 29. november 2024", "2024 (til 29. november)", "2023 (til 29. november)"),
        ("en", "Provisional: data until 29 November 2024", "2024 (to 29 November)", "2023 (to 29 November)"),
    ],
)
def test_provisional_report_says_until_when(language: Language, state: str, period: str, compared: str) -> None:
    values = list(facts(provisional(), decision="provisional", language=language).values())
    assert values[2:5] == [period, compared, state]


def test_cover_says_why_there_is_no_same_day() -> None:
    refused = SameDayView("2023", "2023-11-29", is_offered=False, is_incomplete=False)
    whole = facts(provisional(same_day=refused, compared_until=None))["Sammenlignet med"]
    assert str(whole).startswith("2023. Kan ikke sammenlignes til samme dag: 2023 er fra KOSTRA 15F")
    incomplete = SameDayView("2023", "2023-11-29", is_offered=True, is_incomplete=True)
    partial = facts(provisional(same_day=incomplete))["Sammenlignet med"]
    assert str(partial).startswith("2023 (til 29. november). 2023 kan mangle saker")


def test_cover_says_what_the_overview_counts_if_it_differs() -> None:
    counted = provisional()
    assert counted.snapshot is not None
    stored = msgspec.structs.replace(counted.snapshot, deviation_counts={"error": 0, "warning": 7, "notice": 1})
    told = facts(msgspec.structs.replace(counted, snapshot=stored))["Sammenlignet med"]
    assert told == (
        "2023 (til 29. november). "
        "Oversikten teller 7 felt med varsler, 1 felt med merknad: den sammenligner med hele 2023."
    )


def test_stale_and_changed_reports_say_so() -> None:
    stale = SnapshotView("snap-001", "current", False, "2026-03-01T14:00:00Z", 33, '"a"')
    assert facts(msgspec.structs.replace(report(), snapshot=stale), decision="changed")["Status"] == (
        "Endret etter godkjenning. Utdatert"
    )
    changed = facts(provisional(), decision="changed")["Status"]
    assert changed == "Endret etter godkjenning. Foreløpig: data til 29. november 2024"


def test_cover_names_the_filter_and_how_much_it_leaves() -> None:
    filtered = Export("dashboard", "2026-03-25T14:00:00Z", 3, 34, ["Varsler"])
    cover = facts(report(), export=filtered)
    assert (cover["Viser"], cover["Eksportert av"]) == ("Varsler. 3 av 34 felt", "nettsiden")
    overview = overview_cover("2024", Export("Ola", "2026-03-25T14:00:00Z", 4, 42, ["Søk: «ås»"]), TEXTS, "nb")
    assert overview.facts[:3] == [
        ("Periode", "2024"),
        ("Sammenlignet med", "2023"),
        ("Viser", "Søk: «ås». 4 av 42 tjenester"),
    ]
    single = Export("Ola", "2026-03-25T14:00:00Z", 1, 1)
    assert overview_cover("2024", single, TEXTS, "nb").facts[2] == ("Viser", "1 tjeneste")
    assert overview_cover("2024-H1", EXPORT, TEXTS, "en").facts[:3] == [
        ("Period", "H1 2024"),
        ("Compared with", "H1 2023"),
        ("Shows", "All 34 services"),
    ]


def test_cover_is_the_first_sheet_and_csv_has_none() -> None:
    cover = preview_cover(report(), review(APPROVAL), "approved", EXPORT, TEXTS, "nb")
    plain = preview_table(report(), CATALOGUE, TEXTS, "nb")
    table = Table(plain.title, plain.sheet, plain.columns, plain.frozen_columns, plain.rows, cover)
    assert to_csv(table) == to_csv(plain)
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(table)))
    assert book.sheetnames == ["Om eksporten", "Rapport"]
    sheet = book["Om eksporten"]
    cells = {row[0].value: row[1] for row in sheet.iter_rows(max_col=2)}
    assert list(cells) == [name for name, _ in cover.facts]
    note, approved_at = cells["Merknad til godkjenningen"], cells["Godkjent"]
    assert (note.value, note.data_type, note.quotePrefix) == ("=Sett.", "s", True)
    assert (approved_at.value, approved_at.number_format) == (datetime(2026, 3, 3, 14, 10), "dd.mm.yyyy hh:mm")  # noqa: DTZ001
    assert book["Rapport"].freeze_panes == "D2"
