"""View model of a row of the overview, in one language: its texts, the filters that it passes, and its sort keys.

The page's first HTML and every later patch are rendered from it, and the browser filters and sorts by the same keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.report_view import SeverityCount
from preview.core.clock import local_date, parse_timestamp
from preview.form.rules.base import Severity
from preview.i18n import formatting
from preview.i18n.name_search import collation_key, search_text
from preview.views.overview import OverviewEntry

# The order of the column "status": the higher, the more attention a report needs.
_FAILED, _ERRORS, _STALE, _UNDER_WAY, _SILENT, _READY = "5", "4", "3", "2", "1", "0"


@dataclass(frozen=True)
class OverviewRowView:
    """A row of the overview.

    Attributes:
        name_prefix: The words that the names of most services begin with, if this one does, else empty.
        name: The rest of the name.
        preview_query: The query string of the organization's preview.
        period: The period of the row; empty if all rows show the selected one.
        field_count: The number of fields of the form.
        missing: The number of fields that no source or figure gives; the rest of the fields without a value are not
            applicable or withheld.
        share: The progress of a running job in per cent, 0 to 100.
        day: The day of the values, near ones as "today" and "yesterday", and others of this year without the year.
        printed_day: The same as a date with its year, for paper.
        flags: The values of the filters `show` and `deviation` that the row passes.
        sort_keys: By column, a text that sorts by code points; empty if the row has no value in the column.
        search_text: The text that search terms must occur in.
        version: A text that changes when the row says something else, except for progress.
    """

    entry: OverviewEntry
    name_prefix: str
    name: str
    preview_query: str
    period: str
    has_values: bool
    is_stale: bool
    filled_text: str
    field_count: int
    missing: int
    missing_text: str
    severity_counts: tuple[SeverityCount, ...]
    day: str
    printed_day: str
    time: str
    share: int
    share_text: str
    flags: tuple[str, ...]
    sort_keys: Mapping[str, str]
    search_text: str
    version: str


def present_row(
    entry: OverviewEntry, field_count: int, t: Translator, selected_period: str | None, today: date
) -> OverviewRowView:
    """Return the row of an organization in the language of the texts.

    Args:
        entry: The organization and the state of its report.
        field_count: The number of fields of the form.
        t: The texts.
        selected_period: The period that all rows show, None if each shows its newest.
        today: The current date in Norway, for "today" and "yesterday".
    """
    has_values = entry.aggregated_at is not None
    is_stale = has_values and not entry.cache_valid
    missing = entry.missing if has_values else 0
    day, printed_day, time = _aggregated_at(entry.aggregated_at, t, today) if entry.aggregated_at else ("", "", "")
    name = entry.organization_name.removeprefix(f"{t('overview.kind')} ")
    share = entry.completed or 0.0
    return OverviewRowView(
        entry=entry,
        name_prefix="" if name == entry.organization_name else t("overview.kind"),
        name=name,
        preview_query=_preview_query(entry, selected_period),
        period=formatting.period(t.language, entry.period_id) if entry.period_id and selected_period is None else "",
        has_values=has_values,
        is_stale=is_stale,
        filled_text=t("state.filled", n=entry.populated, total=field_count) if has_values else "",
        field_count=field_count,
        missing=missing,
        missing_text=t.plural("overview.missing", missing),
        severity_counts=_severity_counts(entry, t) if has_values else (),
        day=day,
        printed_day=printed_day,
        time=time,
        share=round(100 * share),
        share_text=value_formatting.share(share, t.language),
        flags=_flags(entry, has_values, is_stale, missing),
        sort_keys=_sort_keys(entry, has_values, is_stale),
        search_text=search_text(entry.organization_name, entry.kommuner, entry.number, entry.organization_id),
        version=_version(entry),
    )


def _aggregated_at(at: str, t: Translator, today: date) -> tuple[str, str, str]:
    day = local_date(parse_timestamp(at))
    if day == today:
        written = t("overview.today")
    elif day == today - timedelta(days=1):
        written = t("overview.yesterday")
    else:
        written = value_formatting.short_day(day, t.language, with_year=day.year != today.year)
    printed = value_formatting.short_day(day, t.language, with_year=True)
    return written, printed, value_formatting.clock_time(at, t.language)


def _preview_query(entry: OverviewEntry, selected_period: str | None) -> str:
    """Return the query string of the organization's preview."""
    period_id = entry.period_id or selected_period
    return urlencode({"organization_id": entry.organization_id} | ({"period_id": period_id} if period_id else {}))


def _severity_counts(entry: OverviewEntry, t: Translator) -> tuple[SeverityCount, ...]:
    sizes: tuple[tuple[Severity, int], ...] = (
        ("error", entry.errors),
        ("warning", entry.warnings),
        ("notice", entry.notices),
    )
    return tuple(
        SeverityCount(severity, size, t.plural(f"severity.{severity}_count", size)) for severity, size in sizes
    )


def _flags(entry: OverviewEntry, has_values: bool, is_stale: bool, missing: int) -> tuple[str, ...]:
    counts = {"error": entry.errors, "warning": entry.warnings, "notice": entry.notices}
    flags = [str(entry.state), *(severity for severity, size in counts.items() if has_values and size)]
    if missing:
        flags.append("missing")
    if has_values and not any(counts.values()):
        flags.append("none")
    if is_stale:
        flags.append("stale")
    return tuple(flags)


def _rank(entry: OverviewEntry, has_values: bool, is_stale: bool) -> str:
    if entry.state == "failed":
        return _FAILED
    if has_values and entry.errors:
        return _ERRORS
    if is_stale:
        return _STALE
    return {"processing": _UNDER_WAY, "waiting": _UNDER_WAY, "silent": _SILENT}.get(entry.state, _READY)


def _sort_keys(entry: OverviewEntry, has_values: bool, is_stale: bool) -> dict[str, str]:
    return {
        "name": collation_key(entry.organization_name),
        "status": _rank(entry, has_values, is_stale),
        "filled": f"{entry.populated:03}" if has_values else "",
        "deviations": f"{entry.errors:03}{entry.warnings:03}{entry.notices:03}" if has_values else "",
        "validity": str(int(is_stale)) if has_values else "",
        "aggregated": entry.aggregated_at or "",
        "system": collation_key(entry.case_system),
    }


def _version(entry: OverviewEntry) -> str:
    parts = (
        *(
            entry.organization_name,
            entry.state,
            entry.period_id,
            entry.populated,
            entry.missing,
            entry.errors,
            entry.warnings,
            entry.notices,
        ),
        *(entry.cache_valid, entry.aggregated_at, entry.case_system),
    )
    return "|".join("" if part is None else str(part) for part in parts)
