"""Formatting of values, changes and instants for the screen, in nb, nn and en; always on the server.

Plain numbers and dates are formatted by `preview.i18n.formatting`. Instants are the API's UTC timestamps, shown in
Norwegian time.
"""

from datetime import date

from babel import Locale
from babel.dates import format_date, format_datetime

from preview.core.clock import OSLO, parse_timestamp
from preview.core.languages import Language
from preview.i18n.formatting import CLOCK, INSTANT, NO_BREAK_SPACE, SHORT_DAY, number, percent, signed, signed_percent
from preview.i18n.formatting import day as formatted_day
from preview.model.resources import Value

ABSENT = "–"
_LONG_DAY: dict[Language, str] = {"nb": "d. MMMM", "nn": "d. MMMM", "en": "d MMMM"}
_LOCALES: dict[Language, Locale] = {"nb": Locale("nb", "NO"), "nn": Locale("nn", "NO"), "en": Locale("en", "GB")}


def _round_for_unit(amount: float, unit: str) -> float:
    """Return the amount with the decimals of its unit: none for `antall`, as given (one) for `prosent`, `årsverk`."""
    return int(amount) if unit == "antall" else float(amount)


def value(amount: Value, unit: str, language: Language) -> str:
    """Return a value in its unit: `1 480`, `81,5 %`, `48,6`; `–` for None."""
    if amount is None:
        return ABSENT
    return (percent if unit == "prosent" else number)(language, _round_for_unit(amount, unit))


def change(amount: Value, unit: str, language: Language) -> str:
    """Return a change with its sign: `+38`; percentages change in percentage points: `−3,0 pp`; `–` for None."""
    if amount is None:
        return ABSENT
    return signed(language, _round_for_unit(amount, unit)) + (f"{NO_BREAK_SPACE}pp" if unit == "prosent" else "")


def percent_change(per_cent: int | None, unit: str, language: Language) -> str:
    """Return a change in whole per cent: `+7 %`; empty for percentages, which have no relative change; `–` for None."""
    if unit == "prosent":
        return ""
    return ABSENT if per_cent is None else signed_percent(language, per_cent)


def share(fraction: float, language: Language) -> str:
    """Return a fraction of 1 in whole per cent: `62 %`."""
    return percent(language, round(100 * fraction))


def size(amount: int, language: Language) -> str:
    """Return the size of a file in decimal units: `2,4 MB`, `812 kB`."""
    for unit, threshold in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if amount >= threshold:
            return f"{number(language, round(amount / threshold, 1))}{NO_BREAK_SPACE}{unit}"
    unit = "bytes" if language == "en" and amount != 1 else "byte"
    return f"{number(language, amount)}{NO_BREAK_SPACE}{unit}"


def instant(timestamp: str, language: Language) -> str:
    """Return a UTC timestamp as date and time in Norway: `2026-03-25T14:00:00Z` -> `25. mars 2026 kl. 15:00`."""
    return format_datetime(parse_timestamp(timestamp), INSTANT[language], tzinfo=OSLO, locale=_LOCALES[language])


def day(timestamp: str, language: Language) -> str:
    """Return a UTC timestamp as a date in Norway: `25. mars 2026`."""
    return formatted_day(language, parse_timestamp(timestamp).astimezone(OSLO).date().isoformat())


def clock_time(timestamp: str, language: Language) -> str:
    """Return a UTC timestamp as time of day in Norway: `2026-03-25T14:02:00Z` -> `kl. 15:02`."""
    return format_datetime(parse_timestamp(timestamp), CLOCK[language], tzinfo=OSLO, locale=_LOCALES[language])


def long_day(day: date, language: Language, *, with_year: bool) -> str:
    """Return a day with the name of its month, such as `1. februar` or `1. februar 2026`."""
    return format_date(day, _LONG_DAY[language] + (" y" if with_year else ""), locale=_LOCALES[language])


def short_day(day: date, language: Language, *, with_year: bool) -> str:
    """Return a date with a short month: `25. mars`, or with the year `3. nov. 2025`."""
    return format_date(day, SHORT_DAY[language] + (" y" if with_year else ""), locale=_LOCALES[language])
