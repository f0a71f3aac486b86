"""View models of history: the values of a section or a field over the periods of one kind, in one language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.form.row_values import ValueView, present_value
from components.layout.preferences import Translator
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.entries import Field
from preview.i18n import formatting
from preview.views.preview import HistoricalValue

MAX_SECTION_PERIODS = 8
"""The most periods that a section's history shows; a field's history shows all."""

Series = Mapping[str, Sequence[HistoricalValue]]
"""The values of each field by its key, oldest first (`PreviewQuery.history`)."""


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
        rows: A row for each field.
    """

    name: str
    title: str
    periods: tuple[str, ...]
    current_index: int | None
    rows: tuple[HistoryRowView, ...]

    @property
    def has_series(self) -> bool:
        """Whether there are at least two periods, so that a chart makes sense."""
        return len(self.periods) > 1


def comparable_periods(series: Series, current_period: str) -> list[str]:
    """Return the ids of the periods of the current period's kind (years, first or second half-years), oldest first."""
    half = Period.parse(current_period).half
    period_ids = dict.fromkeys(
        historical_value.period_id
        for values in series.values()
        for historical_value in values
        if Period.parse(historical_value.period_id).half == half
    )
    return sorted(period_ids, key=lambda period: Period.parse(period).sort_key)


def present_section_history(
    section_id: str, series: Series, current_period: str, catalogue: Catalogue, t: Translator
) -> HistoryView:
    """Return the history of all fields of a section, over the newest `MAX_SECTION_PERIODS` periods.

    Raises:
        StopIteration: If there is no section of that id.
    """
    section = next(section for section in catalogue.sections if section.section_id == section_id)
    periods = comparable_periods(series, current_period)[-MAX_SECTION_PERIODS:]
    return _present(
        section_id,
        getattr(section.titles, t.language),
        catalogue.fields_in_section(section_id),
        periods,
        series,
        current_period,
        t,
    )


def present_field_history(
    field_key: str, series: Series, current_period: str, catalogue: Catalogue, t: Translator
) -> HistoryView:
    """Return the history of one field over all periods."""
    field = catalogue.field(field_key)
    return _present(
        field_key,
        getattr(field.labels, t.language),
        [field],
        comparable_periods(series, current_period),
        series,
        current_period,
        t,
    )


def _present(
    name: str,
    title: str,
    fields: Sequence[Field],
    periods: Sequence[str],
    series: Series,
    current_period: str,
    t: Translator,
) -> HistoryView:
    rows: list[HistoryRowView] = []
    for field in fields:
        values_by_period = {
            historical_value.period_id: historical_value for historical_value in series[field.field_key]
        }
        values = (values_by_period.get(period, HistoricalValue(period, None, "no_report")) for period in periods)
        cells = tuple(
            present_value(historical_value.value, field.unit, historical_value.state, t) for historical_value in values
        )
        rows.append(HistoryRowView(field.number, getattr(field.labels, t.language), cells))
    period_names = tuple(formatting.period(t.language, period) for period in periods)
    return HistoryView(
        name, title, period_names, periods.index(current_period) if current_period in periods else None, tuple(rows)
    )
