"""How fields have moved over the periods of one kind, worded: a section's in one table, a field's own in another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.layout.preferences import Translator
from components.preview.presenter import ValueView, present_value
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.entries import Field
from preview.i18n import formatting
from preview.views.preview import HistoricalValue

MAX_SECTION_PERIODS = 8
"""In a section's; a field's own has all of them."""

Series = Mapping[str, Sequence[HistoricalValue]]
"""By field key, oldest first: `Previews.history`."""


@dataclass(frozen=True)
class HistoryRowView:
    """A field's numbers, by period."""

    number: int
    label: str
    values: tuple[ValueView, ...]


@dataclass(frozen=True)
class HistoryView:
    """Numbers over the periods of one kind, in one language. `name` is the section's id or the field's key; `shown` the place of the period
    that the page shows, None where it has no report.
    """

    name: str
    title: str
    periods: tuple[str, ...]
    current_index: int | None
    rows: tuple[HistoryRowView, ...]

    @property
    def has_series(self) -> bool:
        """Whether there are two periods to compare."""
        return len(self.periods) > 1


def comparable_periods(series: Series, current_period: str) -> list[str]:
    """Years beside a year, first halves beside a first half; oldest first."""
    half = Period.parse(current_period).half
    period_ids = dict.fromkeys(
        historical_value.period_id
        for values in series.values()
        for historical_value in values
        if Period.parse(historical_value.period_id).half == half
    )
    return sorted(period_ids, key=lambda period: Period.parse(period).sort_key)


def present_section_history(section_id: str, series: Series, current_period: str, catalogue: Catalogue, t: Translator) -> HistoryView:
    """The newest periods of all fields of a section."""
    section = next(section for section in catalogue.sections if section.section_id == section_id)
    periods = comparable_periods(series, current_period)[-MAX_SECTION_PERIODS:]
    return _present(
        section_id, getattr(section.titles, t.language), catalogue.fields_in_section(section_id), periods, series, current_period, t
    )


def present_field_history(field_key: str, series: Series, current_period: str, catalogue: Catalogue, t: Translator) -> HistoryView:
    """All periods of one field."""
    field = catalogue.field(field_key)
    return _present(
        field_key, getattr(field.labels, t.language), [field], comparable_periods(series, current_period), series, current_period, t
    )


def _present(
    name: str, title: str, fields: Sequence[Field], periods: Sequence[str], series: Series, current_period: str, t: Translator
) -> HistoryView:
    rows: list[HistoryRowView] = []
    for field in fields:
        values_by_period = {historical_value.period_id: historical_value for historical_value in series[field.field_key]}
        values = (values_by_period.get(period, HistoricalValue(period, None)) for period in periods)
        cells = tuple(present_value(historical_value.value, field.unit, historical_value.hidden, t) for historical_value in values)
        rows.append(HistoryRowView(field.number, getattr(field.labels, t.language), cells))
    period_names = tuple(formatting.period(t.language, period) for period in periods)
    return HistoryView(name, title, period_names, periods.index(current_period) if current_period in periods else None, tuple(rows))
