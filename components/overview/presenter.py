"""An organisation in the overview, in one language: what its row says, which filters it passes, and how it sorts.

One of these feeds the page's first HTML and every later patch of it, and the browser filters and sorts by the same keys.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from components.layout import value_formatting
from components.layout.preferences import Words
from components.preview.presenter import ShownCount
from preview.core.clock import oslo_day, parse_instant
from preview.form.rules.base import Severity
from preview.i18n import formatting
from preview.views.overview import OverviewLine

# Letters that follow z in Norwegian, as characters that do so in Unicode.
_ALPHABET = str.maketrans({"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"})
# Who needs somebody most, highest first (ui.md, Look 10); ready ones without errors are lowest.
_FAILED, _ERRORS, _STALE, _UNDER_WAY, _SILENT, _READY = "5", "4", "3", "2", "1", "0"


@dataclass(frozen=True)
class ShownLine:
    """A row. `kind` is what the names of services begin with, where this one does, and `name` the rest of it.

    `flags` are the filters that it passes. `keys` say how it sorts by each column, as text in order of code points: empty where there is
    nothing to sort by. `search` is what a search is looked for in. `version` differs where the row says something else, progress apart.
    """

    line: OverviewLine
    kind: str
    name: str
    address: str
    period: str
    has_values: bool
    is_stale: bool
    filled: str
    missing: int
    missing_spoken: str
    counts: tuple[ShownCount, ...]
    day: str
    time: str
    share: int
    share_text: str
    flags: tuple[str, ...]
    keys: Mapping[str, str]
    search: str
    version: str


def word(line: OverviewLine, field_count: int, words: Words, asked_period: str | None, today: date) -> ShownLine:
    """The line in the language of the words. `today` is the day in Norway; `asked_period` None where each is of its own newest period."""
    has_values = line.aggregated_at is not None
    is_stale = has_values and not line.cache_valid
    missing = field_count - line.populated if has_values else 0
    day, time = _instant(line.aggregated_at, words, today) if line.aggregated_at else ("", "")
    name = line.organization_name.removeprefix(f"{words('overview.kind')} ")
    share = line.completed or 0.0
    return ShownLine(
        line=line,
        kind="" if name == line.organization_name else words("overview.kind"),
        name=name,
        address=_address(line, asked_period),
        period=formatting.period(words.language, line.period_id) if line.period_id and asked_period is None else "",
        has_values=has_values,
        is_stale=is_stale,
        filled=words("state.filled", n=line.populated, total=field_count) if has_values else "",
        missing=missing,
        missing_spoken=words.count("overview.missing", missing),
        counts=_counts(line, words) if has_values else (),
        day=day,
        time=time,
        share=round(100 * share),
        share_text=value_formatting.part(share, words.language),
        flags=_flags(line, has_values, is_stale, missing),
        keys=_keys(line, has_values, is_stale),
        search=_searched(line),
        version=_version(line),
    )


def collation(text: str) -> str:
    """Sorts as the Norwegian alphabet does: æ, ø, å last, other marks on letters passed over."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text.casefold()).translate(_ALPHABET))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _instant(at: str, words: Words, today: date) -> tuple[str, str]:
    day = oslo_day(parse_instant(at))
    if day == today:
        written = words("overview.today")
    elif day == today - timedelta(days=1):
        written = words("overview.yesterday")
    else:
        written = value_formatting.short_day(day, words.language, with_year=day.year != today.year)
    return written, value_formatting.clock_time(at, words.language)


def _address(line: OverviewLine, asked_period: str | None) -> str:
    """The query of its preview."""
    period_id = line.period_id or asked_period
    return urlencode({"organization_id": line.organization_id} | ({"period_id": period_id} if period_id else {}))


def _counts(line: OverviewLine, words: Words) -> tuple[ShownCount, ...]:
    sizes: tuple[tuple[Severity, int], ...] = (("error", line.errors), ("warning", line.warnings), ("notice", line.notices))
    return tuple(ShownCount(severity, size, words.count(f"severity.{severity}_count", size)) for severity, size in sizes)


def _flags(line: OverviewLine, has_values: bool, is_stale: bool, missing: int) -> tuple[str, ...]:
    found = {"error": line.errors, "warning": line.warnings, "notice": line.notices}
    passed = [str(line.state), *(severity for severity, size in found.items() if has_values and size)]
    if missing:
        passed.append("missing")
    if has_values and not any(found.values()):
        passed.append("none")
    if is_stale:
        passed.append("stale")
    return tuple(passed)


def _rank(line: OverviewLine, has_values: bool, is_stale: bool) -> str:
    if line.state == "failed":
        return _FAILED
    if has_values and line.errors:
        return _ERRORS
    if is_stale:
        return _STALE
    return {"processing": _UNDER_WAY, "waiting": _UNDER_WAY, "silent": _SILENT}.get(line.state, _READY)


def _keys(line: OverviewLine, has_values: bool, is_stale: bool) -> dict[str, str]:
    return {
        "name": collation(line.organization_name),
        "status": _rank(line, has_values, is_stale),
        "filled": f"{line.populated:03}" if has_values else "",
        "deviations": f"{line.errors:03}{line.warnings:03}{line.notices:03}" if has_values else "",
        "validity": str(int(is_stale)) if has_values else "",
        "aggregated": line.aggregated_at or "",
        "system": collation(line.case_system),
    }


def _searched(line: OverviewLine) -> str:
    """Name, municipalities, number and id; letters with marks besides as who has no such keys writes them."""
    name = f"{line.organization_name} {line.kommuner}".strip().lower()
    plain = "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))
    plain = plain.replace("ø", "o").replace("æ", "ae").replace("đ", "d").replace("ŋ", "n").replace("ŧ", "t")
    return " ".join(dict.fromkeys((name, plain, line.number, line.organization_id)))


def _version(line: OverviewLine) -> str:
    parts = (
        *(line.organization_name, line.state, line.period_id, line.populated, line.errors, line.warnings, line.notices),
        *(line.cache_valid, line.aggregated_at, line.case_system),
    )
    return "|".join("" if part is None else str(part) for part in parts)
