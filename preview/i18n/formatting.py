"""Formats numbers, days and periods in each language. All formatting is done here, on the server."""

from datetime import date
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_decimal

from preview.core.languages import Language
from preview.core.periods import Period

MINUS = "\u2212"
NO_BREAK_SPACE = "\u00a0"

_LOCALE: dict[Language, str] = {"nb": "nb_NO", "nn": "nn_NO", "en": "en_GB"}
_DAY = {"nb": "d. MMMM y", "nn": "d. MMMM y", "en": "d MMMM y"}
INSTANT: dict[Language, str] = {
    "nb": "d. MMMM y 'kl.' HH:mm",
    "nn": "d. MMMM y 'kl.' HH:mm",
    "en": "d MMMM y 'at' HH:mm",
}
CLOCK: dict[Language, str] = {"nb": "'kl.' HH:mm", "nn": "'kl.' HH:mm", "en": "'at' HH:mm"}
SHORT_DAY: dict[Language, str] = {"nb": "d. MMM", "nn": "d. MMM", "en": "d MMM"}
"""Babel patterns, by language."""
_DAY_AND_MONTH = {"nb": "d. MMMM", "nn": "d. MMMM", "en": "d MMMM"}
_UNTIL = {"nb": "{period} (til {day})", "nn": "{period} (til {day})", "en": "{period} (to {day})"}
_WEEKDAY = {"nb": "EEEE d. MMMM y", "nn": "EEEE d. MMMM y", "en": "EEEE d MMMM y"}
_HALF = {"nb": "{half}. halvår {year}", "nn": "{half}. halvår {year}", "en": "H{half} {year}"}


@lru_cache(16_384, typed=True)  # Babel needs 50 µs per number, and a page has some hundred, most of them repeated.
def number(language: Language, value: float) -> str:
    """Return an int with grouped thousands (`1 480`), or a float with one decimal as well (`48,6`)."""
    pattern = "#,##0.0" if isinstance(value, float) else "#,##0"
    formatted = format_decimal(abs(value), format=pattern, locale=_LOCALE[language])
    return (MINUS if value < 0 else "") + formatted


def signed(language: Language, value: float) -> str:
    """Return the `number` with a plus sign if it is positive."""
    return ("+" if value > 0 else "") + number(language, value)


def percent(language: Language, value: float) -> str:
    """Return the `number` with a per cent sign: `81,5 %` in Norwegian, `81.5%` in English."""
    return number(language, value) + ("%" if language == "en" else f"{NO_BREAK_SPACE}%")


def signed_percent(language: Language, value: float) -> str:
    """Return the `percent` with a plus sign if it is positive."""
    return ("+" if value > 0 else "") + percent(language, value)


@lru_cache(4_096)
def day(language: Language, iso: str) -> str:
    """Return an ISO day as text: `25. mars 2026`, `25 March 2026`."""
    return format_date(date.fromisoformat(iso), _DAY[language], locale=_LOCALE[language])


@lru_cache(4_096)
def weekday(language: Language, iso: str) -> str:
    """Return an ISO day with its weekday: `onsdag 25. mars 2026`, `Wednesday 25 March 2026`."""
    return format_date(date.fromisoformat(iso), _WEEKDAY[language], locale=_LOCALE[language])


@lru_cache(4_096)
def day_and_month(language: Language, iso: str) -> str:
    """Return an ISO day without its year: `25. mars`, `25 March`."""
    return format_date(date.fromisoformat(iso), _DAY_AND_MONTH[language], locale=_LOCALE[language])


def period(language: Language, period_id: str) -> str:
    """Return the name of a period: `2024`; `1. halvår 2024` or `H1 2024` for `2024-H1`.

    A period that is cut off at a day, such as `2025/2025-11-29`, is `2025 (til 29. november)`.
    """
    period_id, _, until = period_id.partition("/")
    parsed = Period.parse(period_id)
    name = _HALF[language].format(half=parsed.half, year=parsed.year) if parsed.half else period_id
    return _UNTIL[language].format(period=name, day=day_and_month(language, until)) if until else name
