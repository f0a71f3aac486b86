"""The source of a period (rule 5.3), its name (rule 1.11), and changes of the case system (docs/domain.md 7)."""

from datetime import date
from typing import Any

import pytest

from preview.core.periods import Period
from preview.form.sources import Source, SourceSelection, data_source, extract_day, has_system_changed, select_source

Y2024 = Period(2024)


def v4_source(first: str | None, newest: str | None, **more: Any) -> Source:
    """Return a v4 source with these instants, given to the minute in UTC."""
    given: dict[str, Any] = {
        "source_id": 1,
        "format": "v4",
        "year": 0,
        "version": 1,
        "last_full_at": None,
        "case_system": "CIS",
        **more,
    }
    instants: dict[str, Any] = {
        name: None if at is None else f"{at}:00.000000Z"
        for name, at in (("first_extract_at", first), ("last_extract_at", newest))
    }
    return Source(**given, **instants)


def annual_source(year: int) -> Source:
    return Source(
        source_id=2,
        format="15f",
        year=year,
        version=1,
        first_extract_at=None,
        last_extract_at=None,
        last_full_at=None,
        case_system="",
    )


WHOLE_PERIOD = v4_source("2023-03-01T10:00", "2025-02-01T10:00")


def test_v4_source_spanning_period_is_selected() -> None:
    assert select_source([annual_source(2024), WHOLE_PERIOD], Y2024) == SourceSelection(WHOLE_PERIOD, incomplete=False)


@pytest.mark.parametrize(
    ("newest", "chosen"),
    # the last minute of 2023 in Norway, and the first of 2024
    [
        ("2023-12-31T22:59", False),
        ("2023-12-31T23:00", True),
    ],
)
def test_v4_source_covers_first_day_in_norwegian_time(newest: str, chosen: bool) -> None:
    source = v4_source("2023-03-01T10:00", newest)
    assert select_source([source], Y2024) == (SourceSelection(source, incomplete=False) if chosen else None)


@pytest.mark.parametrize(
    ("first", "incomplete"),
    # the last minute of 2024 in Norway, and the first of 2025
    [
        ("2024-12-31T22:59", False),
        ("2024-12-31T23:00", True),
    ],
)
def test_v4_source_starting_after_period_is_incomplete(first: str, incomplete: bool) -> None:
    source = v4_source(first, "2025-02-01T10:00")
    assert select_source([source], Y2024) == SourceSelection(source, incomplete=incomplete)


@pytest.mark.parametrize(("newest", "chosen"), [("2024-06-30T21:59", False), ("2024-06-30T22:00", True)])  # summer time
def test_half_years_begin_in_summer_time(newest: str, chosen: bool) -> None:
    assert (select_source([v4_source("2023-03-01T10:00", newest)], Period(2024, 2)) is not None) == chosen


def test_15f_of_year_precedes_later_v4_source() -> None:
    late = v4_source("2025-01-15T10:00", "2025-02-01T10:00")
    assert select_source([late, annual_source(2024)], Y2024) == SourceSelection(annual_source(2024), incomplete=False)
    assert select_source([late, annual_source(2024)], Period(2024, 1)) == SourceSelection(
        annual_source(2024), incomplete=False
    )
    assert select_source([late, annual_source(2023), annual_source(2025)], Y2024) == SourceSelection(
        late, incomplete=True
    )


def test_15f_is_selected_if_v4_source_ended_earlier() -> None:
    ended = v4_source("2022-01-15T10:00", "2023-11-01T10:00")
    assert select_source([ended, annual_source(2024)], Y2024) == SourceSelection(annual_source(2024), incomplete=False)
    assert select_source([ended, annual_source(2023)], Y2024) is None


def test_no_source_is_selected_from_none() -> None:
    assert select_source([], Y2024) is None
    assert select_source([v4_source(None, None)], Y2024) is None
    assert select_source([annual_source(2023)], Y2024) is None


def test_extract_day_is_norwegian_and_31_december_for_15f() -> None:
    assert extract_day(v4_source("2023-01-01T10:00", "2024-12-31T23:00")) == date(2025, 1, 1)
    assert extract_day(v4_source(None, None)) is None
    assert extract_day(annual_source(2024)) == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("CIS", "fagsystem-cis"),
        ("Modulus Barn", "fagsystem-modulus-barn"),
        ("  Visma -- Flyt (Barnevern) 2.0 ", "fagsystem-visma-flyt-barnevern-2-0"),
        ("ÆrligØyÅs", "fagsystem-aerligoyas"),
        ("A\u030as", "fagsystem-as"),  # å as two characters
        ("Café", "fagsystem-caf"),
        ("", "fagsystem-ukjent"),
        ("?!", "fagsystem-ukjent"),
    ],
)
def test_data_source_is_slug_of_case_system(name: str, slug: str) -> None:
    assert data_source(v4_source(None, None, case_system=name)) == slug


def test_data_source_of_15f_file_is_kostra_15f() -> None:
    assert data_source(annual_source(2024)) == "kostra-15f"


@pytest.mark.parametrize(
    ("full", "prior", "prior_uttrekk", "changed"),
    [
        (None, "fagsystem-cis", "2024-01-31T10:00:00.000000Z", False),
        (None, "fagsystem-familia", "2024-01-31T10:00:00.000000Z", True),
        ("2024-01-31T10:00:00.000000Z", "fagsystem-familia", "2024-01-31T10:00:00.000000Z", True),
        ("2024-01-31T10:00:00.000001Z", "fagsystem-familia", "2024-01-31T10:00:00.000000Z", False),
        (None, "kostra-15f", "2023-12-31T10:00:00.000000Z", False),
        (None, None, None, False),
    ],
)
def test_case_system_change_lasts_until_full_delivery(
    full: str | None, prior: str | None, prior_uttrekk: str | None, changed: bool
) -> None:
    source = v4_source("2022-03-01T10:00", "2025-02-01T10:00", last_full_at=full)
    assert has_system_changed(source, prior, prior_uttrekk) == changed


def test_15f_source_never_changes_case_system() -> None:
    assert not has_system_changed(annual_source(2024), "fagsystem-cis", "2024-01-31T10:00:00.000000Z")
