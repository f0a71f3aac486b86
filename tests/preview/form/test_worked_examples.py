"""The v4 examples of docs/domain.md 11, from the published files to the form. A field that is not named is 0."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from preview.core.clock import local_date, parse_timestamp
from preview.model.resources import Value
from preview.parsing import file_parser
from tests.preview.form.case_fixtures import CaseBase

FULL_2024: dict[int, Value] = {
    **dict.fromkeys((2, 3, 6, 7, 8, 13, 15, 17, 18, 20, 22, 23, 25, 26, 30, 31), 1),
    **dict.fromkeys((4, 28, 29), 2),
    1: 3,
    5: 33.3,
    12: 100.0,
}
CHANGES_2025: dict[int, Value] = {**dict.fromkeys((3, 13, 15, 18, 21, 24, 25, 30, 32), 1), 5: None, 12: None}
EARLY_2021: dict[int, Value] = {**dict.fromkeys((1, 2, 6, 7, 8, 13, 15, 16, 25, 28), 1), 5: 100.0, 12: 100.0}


@pytest.mark.parametrize(
    ("name", "period", "expected"),
    [
        ("test01_file09_total.xml", "2021", EARLY_2021),
        ("v4_full.xml", "2024", FULL_2024),
        ("v4_changes.xml", "2024", FULL_2024),
        ("v4_changes.xml", "2025", CHANGES_2025),
    ],
)
def test_published_file_gives_values_of_domain(
    base: CaseBase, cases: Path, name: str, period: str, expected: dict[int, Value]
) -> None:
    (folder,) = file_parser.parse_file(
        (cases / "barnevern" / name).read_bytes(), 1, bytes(32), datetime.now(UTC)
    ).folders
    assert folder.content is not None
    values = base.values([folder.content], period, local_date(parse_timestamp(folder.extract_at)).isoformat())
    found = {field.number: values[field.field_key] for field in base.catalogue.fields if field.computed}
    assert found == dict.fromkeys(range(1, 33), 0) | expected
