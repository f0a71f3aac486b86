"""How the screen writes values, changes and instants, in nb, nn or en. Here and never in the browser.

Numbers and days themselves are written by `preview.i18n.formatting`. Instants come as the API's UTC text and are shown in Norwegian time.
"""

from datetime import date

from babel import Locale
from babel.dates import format_date, format_datetime

from preview.core.clock import OSLO, parse_timestamp
from preview.core.languages import Language
from preview.i18n.formatting import CLOCK, INSTANT, NO_BREAK_SPACE, SHORT_DAY, number, percent, signed, signed_percent
from preview.model.resources import Value

ABSENT = "–"
HIDDEN = ":"
_LOCALES: dict[Language, Locale] = {"nb": Locale("nb", "NO"), "nn": Locale("nn", "NO"), "en": Locale("en", "GB")}


def _round_for_unit(amount: float, unit: str) -> float:
    """Counts are whole; prosent and årsverk have one decimal."""
    return int(amount) if unit == "antall" else float(amount)


def value(amount: Value, unit: str, language: Language) -> str:
    """In its unit: `1 480`, `81,5 %`, `48,6`; `–` where there is none."""
    if amount is None:
        return ABSENT
    return (percent if unit == "prosent" else number)(language, _round_for_unit(amount, unit))


def change(amount: Value, unit: str, language: Language) -> str:
    """With its sign: `+38`, `−3,0 pp` (shares change in percentage points); `–` where it cannot be told."""
    if amount is None:
        return ABSENT
    return signed(language, _round_for_unit(amount, unit)) + (f"{NO_BREAK_SPACE}pp" if unit == "prosent" else "")


def percent_change(per_cent: int | None, unit: str, language: Language) -> str:
    """In whole per cent: `+7 %`. Shares have none (no per cent of a per cent), and where nothing can be told it is `–`."""
    if unit == "prosent":
        return ""
    return ABSENT if per_cent is None else signed_percent(language, per_cent)


def share(fraction: float, language: Language) -> str:
    """A part of 1 in whole per cent: `62 %`."""
    return percent(language, round(100 * fraction))


def size(amount: int, language: Language) -> str:
    """Of a file: `2,4 MB`, `812 kB`."""
    for unit, threshold in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if amount >= threshold:
            return f"{number(language, round(amount / threshold, 1))}{NO_BREAK_SPACE}{unit}"
    return f"{number(language, amount)}{NO_BREAK_SPACE}byte"


def instant(timestamp: str, language: Language) -> str:
    """`2026-03-25T14:00:00Z` -> `25. mars 2026 kl. 15:00`."""
    return format_datetime(parse_timestamp(timestamp), INSTANT[language], tzinfo=OSLO, locale=_LOCALES[language])


def clock_time(timestamp: str, language: Language) -> str:
    """`2026-03-25T14:02:00Z` -> `kl. 15:02`."""
    return format_datetime(parse_timestamp(timestamp), CLOCK[language], tzinfo=OSLO, locale=_LOCALES[language])


def short_day(day: date, language: Language, *, with_year: bool) -> str:
    """`25. mars`, `3. nov. 2025`."""
    return format_date(day, SHORT_DAY[language] + (" y" if with_year else ""), locale=_LOCALES[language])
