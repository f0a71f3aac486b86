"""The source of a period (domain.md 5.3), its name (1.11), and whether its case system has changed (7)."""

from datetime import date
from typing import Any

import pytest

from preview.core.periods import Period
from preview.form.sources import Choice, Source, choose, data_source, extract_day, system_changed

Y2024 = Period(2024)


def v4(first: str | None, newest: str | None, **more: Any) -> Source:
    """A v4 source with these instants, given to the minute in UTC."""
    given: dict[str, Any] = {"kilde": 1, "format": "v4", "year": 0, "versjon": 1, "siste_fulle": None, "fagsystem": "CIS", **more}
    instants: dict[str, Any] = {
        name: None if at is None else f"{at}:00.000000Z" for name, at in (("forste_uttrekk", first), ("siste_uttrekk", newest))
    }
    return Source(**given, **instants)


def kostra(year: int) -> Source:
    return Source(kilde=2, format="15f", year=year, versjon=1, forste_uttrekk=None, siste_uttrekk=None, siste_fulle=None, fagsystem="")


WHOLE = v4("2023-03-01T10:00", "2025-02-01T10:00")


def test_a_v4_source_that_spans_the_period_is_chosen() -> None:
    assert choose([kostra(2024), WHOLE], Y2024) == Choice(WHOLE, ufullstendig=False)


@pytest.mark.parametrize(
    ("newest", "chosen"),
    [("2023-12-31T22:59", False), ("2023-12-31T23:00", True)],  # the last minute of 2023 in Norway, and the first of 2024
)
def test_a_v4_source_has_data_from_the_period_s_first_day_in_norway(newest: str, chosen: bool) -> None:
    source = v4("2023-03-01T10:00", newest)
    assert choose([source], Y2024) == (Choice(source, ufullstendig=False) if chosen else None)


@pytest.mark.parametrize(
    ("first", "ufullstendig"),
    [("2024-12-31T22:59", False), ("2024-12-31T23:00", True)],  # the last minute of 2024 in Norway, and the first of 2025
)
def test_a_v4_source_that_began_after_the_period_s_last_day_in_norway_is_incomplete(first: str, ufullstendig: bool) -> None:
    source = v4(first, "2025-02-01T10:00")
    assert choose([source], Y2024) == Choice(source, ufullstendig=ufullstendig)


@pytest.mark.parametrize(("newest", "chosen"), [("2024-06-30T21:59", False), ("2024-06-30T22:00", True)])  # summer time
def test_half_years_begin_in_summer_time(newest: str, chosen: bool) -> None:
    assert (choose([v4("2023-03-01T10:00", newest)], Period(2024, 2)) is not None) == chosen


def test_the_15f_file_of_the_year_comes_before_a_v4_source_that_began_later() -> None:
    late = v4("2025-01-15T10:00", "2025-02-01T10:00")
    assert choose([late, kostra(2024)], Y2024) == Choice(kostra(2024), ufullstendig=False)
    assert choose([late, kostra(2024)], Period(2024, 1)) == Choice(kostra(2024), ufullstendig=False)
    assert choose([late, kostra(2023), kostra(2025)], Y2024) == Choice(late, ufullstendig=True)


def test_the_15f_file_supplies_where_the_v4_source_ended_before_the_period() -> None:
    ended = v4("2022-01-15T10:00", "2023-11-01T10:00")
    assert choose([ended, kostra(2024)], Y2024) == Choice(kostra(2024), ufullstendig=False)
    assert choose([ended, kostra(2023)], Y2024) is None


def test_without_a_source_there_is_none() -> None:
    assert choose([], Y2024) is None
    assert choose([v4(None, None)], Y2024) is None
    assert choose([kostra(2023)], Y2024) is None


def test_the_extract_day_is_norway_s_and_that_of_15f_the_year_s_last() -> None:
    assert extract_day(v4("2023-01-01T10:00", "2024-12-31T23:00")) == date(2025, 1, 1)
    assert extract_day(v4(None, None)) is None
    assert extract_day(kostra(2024)) == date(2024, 12, 31)


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
def test_the_data_source_is_the_slug_of_the_case_system(name: str, slug: str) -> None:
    assert data_source(v4(None, None, fagsystem=name)) == slug


def test_the_data_source_of_a_15f_file() -> None:
    assert data_source(kostra(2024)) == "kostra-15f"


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
def test_another_case_system_counts_until_a_full_delivery(
    full: str | None, prior: str | None, prior_uttrekk: str | None, changed: bool
) -> None:
    source = v4("2022-03-01T10:00", "2025-02-01T10:00", siste_fulle=full)
    assert system_changed(source, prior, prior_uttrekk) == changed


def test_a_15f_file_is_of_no_case_system() -> None:
    assert not system_changed(kostra(2024), "fagsystem-cis", "2024-01-31T10:00:00.000000Z")
