"""Numbers, days and periods as they are written in each language (ui.md, Numbers). Everything shown is formatted here, on the server."""

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
INSTANT: dict[Language, str] = {"nb": "d. MMMM y 'kl.' HH:mm", "nn": "d. MMMM y 'kl.' HH:mm", "en": "d MMMM y 'at' HH:mm"}
CLOCK: dict[Language, str] = {"nb": "'kl.' HH:mm", "nn": "'kl.' HH:mm", "en": "'at' HH:mm"}
SHORT_DAY: dict[Language, str] = {"nb": "d. MMM", "nn": "d. MMM", "en": "d MMM"}
"""As Babel takes them."""
_HALF = {"nb": "{half}. halvår {year}", "nn": "{half}. halvår {year}", "en": "H{half} {year}"}


@lru_cache(16_384, typed=True)  # Babel takes 50 µs a number, and a page has some hundred, mostly the same ones again
def number(language: Language, value: float) -> str:
    """An int with its thousands apart (`1 480`), a float with one decimal besides (`48,6`)."""
    pattern = "#,##0.0" if isinstance(value, float) else "#,##0"
    formatted = format_decimal(abs(value), format=pattern, locale=_LOCALE[language])
    return (MINUS if value < 0 else "") + formatted


def signed(language: Language, value: float) -> str:
    """As `number`, with a plus where it is above 0."""
    return ("+" if value > 0 else "") + number(language, value)


def percent(language: Language, value: float) -> str:
    """As `number`, with the per cent sign: `81,5 %` in Norwegian, `81.5%` in English."""
    return number(language, value) + ("%" if language == "en" else f"{NO_BREAK_SPACE}%")


def signed_percent(language: Language, value: float) -> str:
    """As `percent`, with a plus where it is above 0."""
    return ("+" if value > 0 else "") + percent(language, value)


@lru_cache(4_096)
def day(language: Language, iso: str) -> str:
    """An ISO day: `25. mars 2026`, `25 March 2026`."""
    return format_date(date.fromisoformat(iso), _DAY[language], locale=_LOCALE[language])


def period(language: Language, period_id: str) -> str:
    """A period's id: `2024`; `1. halvår 2024`, `H1 2024`."""
    parsed = Period.parse(period_id)
    return _HALF[language].format(half=parsed.half, year=parsed.year) if parsed.half else period_id
