"""The export of a field: a row for each service, whose absent values are explained and never numbers."""

import pytest

from preview.core.languages import LANGUAGES, Language
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.totals.field_list import field_entries
from preview.totals.view import build_totals
from preview.views.export_cover import Export, field_cover
from preview.views.field_export import field_table
from preview.views.spreadsheet import Table
from tests.preview.totals.report_samples import sample_data, sample_report

CATALOGUE, TEXTS = Catalogue.load(), MessageCatalog.load()
FIELD = CATALOGUE.fields[21]


def exported(language: Language, county: str | None = None) -> Table:
    """Return the table of field 22 of services with all kinds of values."""
    reports = {
        "a": sample_report(CATALOGUE, {22: 10}, review_status="approved"),
        "b": sample_report(CATALOGUE, {22: 30}, provisional=True),
        "c": sample_report(CATALOGUE, {22: 2}, suppress=True, review_status="changed"),
        "d": sample_report(CATALOGUE, {}),
    }
    prior = {"a": sample_report(CATALOGUE, {22: 4})}
    data = sample_data(CATALOGUE, reports, prior, listed=frozenset({"e"}), county=county)
    totals = build_totals(CATALOGUE, data)
    return field_table(FIELD, totals, field_entries(data, FIELD, "rank"), TEXTS, language)


def test_rows_have_numbers_and_reasons() -> None:
    table = exported("nb")
    assert table.rows == [
        [
            1,
            "Tjenesten b",
            "b",
            30,
            None,
            None,
            None,
            "antall",
            "Ikke godkjent",
            "Foreløpig",
            "Forrige verdi: ingen rapport.",
        ],
        [2, "Tjenesten a", "a", 10, 4, 6, 150, "antall", "Godkjent", None, None],
        [
            *(None, "Tjenesten c", "c", ":", None, None, None, "antall", "Endret etter godkjenning", None),
            "Verdien: skjult av hensyn til personvern. Forrige verdi: ingen rapport.",
        ],
        [
            *(None, "Tjenesten d", "d", None, None, None, None, "antall", "Ikke godkjent", None),
            "Verdien: mangler. Forrige verdi: ingen rapport.",
        ],
        [
            *(None, "Tjenesten e", "e", None, None, None, None, "antall", None, None),
            "Verdien: ingen rapport. Forrige verdi: ingen rapport.",
        ],
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_headers_and_cover_name_field_place_and_periods(language: Language) -> None:
    table = exported(language, county="18")
    assert [column.header for column in table.columns][3:5] == ["2024", "2023"]
    label = getattr(FIELD.labels, language)
    assert table.title.startswith(f"{label}: Nordland, 2024")
    data = sample_data(CATALOGUE, {}, {})
    cover = field_cover(
        FIELD, build_totals(CATALOGUE, data), Export("kari", "2026-01-01T12:00:00Z", 0, 0), TEXTS, language
    )
    facts = [value for _, value in cover.facts]
    assert facts[:4] == [f"22 {label}", TEXTS.get(language, "country.whole"), "2024", "2023"]
