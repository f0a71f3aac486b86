"""Formatting of values, changes and times in each language."""

import pytest

from components.layout import value_formatting
from preview.core.languages import Language

NB = "\u00a0"


@pytest.mark.parametrize(
    ("amount", "unit", "language", "expected"),
    [
        (0, "antall", "nb", "0"),
        (812, "antall", "nb", "812"),
        (1480, "antall", "nb", f"1{NB}480"),
        (1480, "antall", "nn", f"1{NB}480"),
        (1480, "antall", "en", "1,480"),
        (1234567, "antall", "nb", f"1{NB}234{NB}567"),
        (-4, "antall", "nb", "−4"),
        (81.5, "prosent", "nb", f"81,5{NB}%"),
        (100.0, "prosent", "nn", f"100,0{NB}%"),
        (81.5, "prosent", "en", "81.5%"),
        (33.3, "prosent", "nb", f"33,3{NB}%"),
        (48.6, "årsverk", "nb", "48,6"),
        (3, "årsverk", "nb", "3,0"),
        (None, "antall", "nb", "–"),
    ],
)
def test_value(amount: float | None, unit: str, language: Language, expected: str) -> None:
    assert value_formatting.value(amount, unit, language) == expected


@pytest.mark.parametrize(
    ("amount", "unit", "language", "expected"),
    [
        (38, "antall", "nb", "+38"),
        (-2, "antall", "nb", "−2"),
        (0, "antall", "nb", "0"),
        (-1500, "antall", "nb", f"−1{NB}500"),
        (-3.0, "prosent", "nb", f"−3,0{NB}pp"),
        (0.0, "prosent", "nb", f"0,0{NB}pp"),
        (2.4, "årsverk", "nb", "+2,4"),
        (10.3, "prosent", "en", f"+10.3{NB}pp"),
        (None, "antall", "nb", "–"),
    ],
)
def test_change(amount: float | None, unit: str, language: Language, expected: str) -> None:
    assert value_formatting.change(amount, unit, language) == expected


@pytest.mark.parametrize(
    ("per_cent", "unit", "expected"),
    [
        (7, "antall", f"+7{NB}%"),
        (-40, "antall", f"−40{NB}%"),
        (0, "antall", f"0{NB}%"),
        (None, "antall", "–"),
        (None, "prosent", ""),
        (5, "årsverk", f"+5{NB}%"),
    ],
)
def test_percent_change(per_cent: int | None, unit: str, expected: str) -> None:
    assert value_formatting.percent_change(per_cent, unit, "nb") == expected


def test_instant_uses_norwegian_time() -> None:
    assert value_formatting.instant("2026-03-25T14:00:00Z", "nb") == "25. mars 2026 kl. 15:00"
    assert value_formatting.instant("2026-07-25T14:00:00Z", "nn") == "25. juli 2026 kl. 16:00"
    assert value_formatting.instant("2026-03-25T14:00:00Z", "en") == "25 March 2026 at 15:00"
    assert value_formatting.clock_time("2026-03-25T14:02:00Z", "nb") == "kl. 15:02"


def test_instant_on_new_years_eve_utc_shows_next_year() -> None:
    assert value_formatting.instant("2024-12-31T23:30:00Z", "nb") == "1. januar 2025 kl. 00:30"


def test_share_is_rounded_to_whole_percent() -> None:
    assert value_formatting.share(0.619, "nb") == f"62{NB}%"
    assert value_formatting.share(0, "en") == "0%"
