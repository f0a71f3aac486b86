"""View models of history: the values of a section or a field over the periods of one kind, in one language."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.form.row_values import ValueView, present_value
from components.layout.preferences import Translator
from preview.form.catalogue import Catalogue
from preview.form.entries import Field
from preview.i18n import formatting
from preview.views import history
from preview.views.history import MAX_PERIODS, RECENT_PERIODS, HistoricalValue, Series


@dataclass(frozen=True)
class HistoryRowView:
    """The values of a field, one for each period of the history."""

    number: int
    label: str
    values: tuple[ValueView, ...]


@dataclass(frozen=True)
class HistoryView:
    """The history of a section or a field.

    Attributes:
        name: The section's id or the field's key.
        title: The title of the section or the label of the field.
        periods: The names of the periods, oldest first.
        current_index: The index in `periods` of the period that the page shows, None if it has no report.
        partial: The indexes in `periods` of those that are not complete (`HistoricalValue.is_partial`).
        rows: A row for each field.
        limit: Between which values the current one is no large change; empty if that is not judged.
    """

    name: str
    title: str
    periods: tuple[str, ...]
    current_index: int | None
    partial: frozenset[int]
    rows: tuple[HistoryRowView, ...]
    limit: str = ""

    @property
    def has_series(self) -> bool:
        """Whether there are at least two periods, so that a chart makes sense."""
        return len(self.periods) > 1


def comparable_periods(series: Series, current_period: str, limit: int = MAX_PERIODS) -> list[str]:
    """Return the ids of the periods of the current period's kind (`preview.views.history.comparable_periods`)."""
    found = {each.period_id for values in series.values() for each in values if each.state != "no_report"}
    return history.comparable_periods(found, current_period, limit)


def values_in(periods: Sequence[str], values: Sequence[HistoricalValue]) -> list[HistoricalValue]:
    """Return a field's values in some periods, in their order."""
    by_period = {each.period_id: each for each in values}
    return [by_period.get(period, HistoricalValue(period, None, "no_report")) for period in periods]


def present_section_history(
    section_id: str, series: Series, current_period: str, catalogue: Catalogue, t: Translator
) -> HistoryView:
    """Return the history of all fields of a section, over the newest `RECENT_PERIODS` periods.

    Raises:
        StopIteration: If there is no section of that id.
    """
    section = next(section for section in catalogue.sections if section.section_id == section_id)
    periods = comparable_periods(series, current_period, RECENT_PERIODS)
    fields = catalogue.fields_in_section(section_id)
    return _present(section_id, getattr(section.titles, t.language), fields, periods, series, current_period, t)


def present_field_history(
    field_key: str, series: Series, current_period: str, catalogue: Catalogue, t: Translator, limit: str = ""
) -> HistoryView:
    """Return the history of one field over all periods; `limit` is `HistoryView.limit`."""
    field = catalogue.field(field_key)
    periods = comparable_periods(series, current_period)
    return _present(field_key, getattr(field.labels, t.language), [field], periods, series, current_period, t, limit)


def _present(
    name: str,
    title: str,
    fields: Sequence[Field],
    periods: Sequence[str],
    series: Series,
    current_period: str,
    t: Translator,
    limit: str = "",
) -> HistoryView:
    rows: list[HistoryRowView] = []
    partial: set[int] = set()
    for field in fields:
        values = values_in(periods, series[field.field_key])
        partial |= {index for index, each in enumerate(values) if each.is_partial}
        cells = tuple(present_value(each.value, field.unit, each.state, t) for each in values)
        rows.append(HistoryRowView(field.number, getattr(field.labels, t.language), cells))
    return HistoryView(
        name,
        title,
        tuple(formatting.period(t.language, period) for period in periods),
        periods.index(current_period) if current_period in periods else None,
        frozenset(partial),
        tuple(rows),
        limit,
    )
