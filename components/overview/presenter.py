"""View model of a row of the overview, in one language: its texts, the filters that it passes, and its sort keys.

The page's first HTML and every later patch are rendered from it, and the browser filters and sorts by the same keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from components.form.row_values import ValueView, present_value
from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.actions import by_actor
from components.preview.report_view import SeverityCount
from components.services.service_list import split_name
from preview.core.clock import local_date, parse_timestamp
from preview.form.rules.base import Severity
from preview.i18n import formatting
from preview.i18n.name_search import search_text
from preview.totals.counties import Counties
from preview.totals.service_numbers import ServiceNumber
from preview.views import overview_columns as columns
from preview.views.overview import OverviewEntry
from preview.views.overview_columns import ColumnChoice, ServiceLine


@dataclass(frozen=True)
class NumberView:
    """A field of a service: its value, and the change against the prior period, empty if there is no value to show."""

    value: ValueView
    change: ValueView


@dataclass(frozen=True)
class OverviewRowView:
    """A row of the overview.

    Attributes:
        name_prefix: The words that the names of most services begin with, if this one does, else empty.
        name: The rest of the name.
        preview_query: The query string of the organization's preview.
        approval: When and by whom the report was approved: `3. mars av Kari Nordmann`; empty without an approval.
        printed_approval: The same with a date and its year, for paper.
        comments_text: The number of open comments in words.
        data_until: The day on which the data of a provisional report end; empty for any other.
        latest_period: The newest period that the organization has delivered, where it has not delivered this one.
        latest_query: The query string of that report; both are empty without one.
        field_count: The number of fields of the form.
        missing: The number of fields that no source or figure gives; the rest of the fields without a value are not
            applicable or withheld.
        share: The progress of a running job in per cent, 0 to 100.
        is_selectable: Whether the report can be selected for an approval of several.
        day: The day of the values, near ones as "today" and "yesterday", and others of this year without the year.
        printed_day: The same as a date with its year, for paper.
        flags: The values of the filters `show` and `deviation` that the row passes.
        sort_keys: By column, a text that sorts by code points; empty if the row has no value in the column.
        numbers: The fields of the chosen columns.
        county_name: The name of the county; empty if it is not known.
        search_text: The text that search terms must occur in.
        version: A text that changes when the row says something else, except for progress.
    """

    entry: OverviewEntry
    name_prefix: str
    name: str
    preview_query: str
    approval: str
    printed_approval: str
    comments_text: str
    data_until: str
    latest_period: str
    latest_query: str
    has_values: bool
    is_stale: bool
    filled_text: str
    field_count: int
    missing: int
    missing_text: str
    severity_counts: tuple[SeverityCount, ...]
    is_selectable: bool
    day: str
    printed_day: str
    time: str
    share: int
    share_text: str
    flags: tuple[str, ...]
    sort_keys: Mapping[str, str]
    numbers: tuple[NumberView, ...]
    county_name: str
    search_text: str
    version: str


def present_row(
    line: ServiceLine, choice: ColumnChoice, field_count: int, t: Translator, period_id: str, today: date
) -> OverviewRowView:
    """Return the row of an organization in the language of the texts.

    Args:
        line: The organization, the state of its report, and its numbers.
        choice: The chosen columns.
        field_count: The number of fields of the form.
        t: The texts.
        period_id: The period that all rows show.
        today: The current date in Norway, for "today" and "yesterday".
    """
    entry, has_values, is_stale = line.entry, columns.has_values(line.entry), columns.is_stale(line.entry)
    missing = entry.missing if has_values else 0
    name_prefix, name = split_name(entry.organization_name, t)
    share = entry.completed or 0.0
    aggregated_at = entry.aggregated_at or ""
    approved_by = by_actor(entry.approved_by, t) if entry.approved_by else ""
    latest = entry.latest_period if entry.decision == "not_delivered" else None
    return OverviewRowView(
        entry=entry,
        name_prefix=name_prefix,
        name=name,
        preview_query=_query(entry, period_id, choice.since),
        approval=f"{_day(_day_of(entry.approved_at), t, today)} {approved_by}" if entry.approved_at else "",
        printed_approval=f"{_printed_day(entry.approved_at, t)} {approved_by}" if entry.approved_at else "",
        comments_text=t.plural("overview.comments", entry.open_comments),
        data_until=_data_until(entry, t, today),
        latest_period=formatting.period(t.language, latest) if latest else "",
        latest_query=_query(entry, latest, choice.since) if latest else "",
        has_values=has_values,
        is_stale=is_stale,
        filled_text=t("state.filled", n=entry.populated, total=field_count) if has_values else "",
        field_count=field_count,
        missing=missing,
        missing_text=t.plural("overview.missing", missing),
        severity_counts=_severity_counts(entry, t) if has_values else (),
        is_selectable=entry.decision == "ready" and entry.can_be_approved,
        day=_day(_day_of(aggregated_at), t, today) if has_values else "",
        printed_day=_printed_day(aggregated_at, t) if has_values else "",
        time=value_formatting.clock_time(aggregated_at, t.language) if has_values else "",
        share=round(100 * share),
        share_text=value_formatting.share(share, t.language),
        flags=_flags(entry, has_values, is_stale, missing),
        sort_keys=choice.sort_keys(line),
        numbers=tuple(
            present_number(number, field.unit, t) for number, field in zip(line.numbers, choice.fields, strict=True)
        ),
        county_name=(Counties.load().name_of(entry.county) or "") if entry.county else "",
        search_text=search_text(entry.organization_name, entry.kommuner, entry.number, entry.organization_id),
        version=_version(line),
    )


def present_number(number: ServiceNumber, unit: str, t: Translator) -> NumberView:
    """Return a field of a service, or a total, in the language of the texts."""
    value = present_value(number.value, unit, number.state, t)
    if number.change is not None:
        return NumberView(value, ValueView(value_formatting.change(number.change, unit, t.language)))
    if number.value is None:
        return NumberView(value, ValueView(""))
    if number.prior_state == "withheld":
        return NumberView(value, present_value(None, unit, "withheld", t))
    return NumberView(value, ValueView(value_formatting.ABSENT, t("overview.no_change")))


def _day(day: date, t: Translator, today: date) -> str:
    if day == today:
        return t("overview.today")
    if day == today - timedelta(days=1):
        return t("overview.yesterday")
    return value_formatting.short_day(day, t.language, with_year=day.year != today.year)


def _day_of(at: str) -> date:
    return local_date(parse_timestamp(at))


def _printed_day(at: str, t: Translator) -> str:
    return value_formatting.short_day(_day_of(at), t.language, with_year=True)


def _data_until(entry: OverviewEntry, t: Translator, today: date) -> str:
    if entry.data_until is None:
        return ""
    day = date.fromisoformat(entry.data_until)
    return value_formatting.short_day(day, t.language, with_year=day.year != today.year)


def _query(entry: OverviewEntry, period_id: str, since: str) -> str:
    """Return the query string of the organization's preview of a period, with the moment from which changes count."""
    query = {"organization_id": entry.organization_id, "period_id": period_id}
    return urlencode({**query, "since": since} if since else query)


def _severity_counts(entry: OverviewEntry, t: Translator) -> tuple[SeverityCount, ...]:
    sizes: tuple[tuple[Severity, int], ...] = (
        ("error", entry.errors),
        ("warning", entry.warnings),
        ("notice", entry.notices),
    )
    return tuple(
        SeverityCount(severity, size, t.plural(f"severity.{severity}_fields", size)) for severity, size in sizes
    )


def _flags(entry: OverviewEntry, has_values: bool, is_stale: bool, missing: int) -> tuple[str, ...]:
    counts = {"error": entry.errors, "warning": entry.warnings, "notice": entry.notices}
    flags: list[str] = [entry.decision, *(severity for severity, size in counts.items() if has_values and size)]
    if missing:
        flags.append("missing")
    if has_values and not any(counts.values()):
        flags.append("none")
    if is_stale:
        flags.append("stale")
    if entry.state in ("failed", "processing"):
        flags.append(entry.state)
    return tuple(flags)


def _version(line: ServiceLine) -> str:
    entry = line.entry
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
        *(entry.decision, entry.can_be_approved, entry.approved_at, entry.open_comments, entry.data_until),
        entry.latest_period,
        entry.changed,
        *(
            f"{number.value if number.state == 'present' else number.state}/{number.prior_value}"
            for number in line.numbers
        ),
    )
    return "|".join("" if part is None else str(part) for part in parts)
