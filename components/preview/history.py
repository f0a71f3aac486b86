"""How fields have moved over the periods of one kind, worded: a section's in one table, a field's own in another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.layout.preferences import Words
from components.preview.presenter import ShownValue, word_value
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.entries import Field
from preview.i18n import formatting
from preview.views.preview import Past

MOST_PERIODS = 8
"""In a section's; a field's own has all of them."""

Series = Mapping[str, Sequence[Past]]
"""By field key, oldest first: `Previews.history`."""


@dataclass(frozen=True)
class HistoryRow:
    """A field's numbers, by period."""

    number: int
    label: str
    values: tuple[ShownValue, ...]


@dataclass(frozen=True)
class History:
    """Numbers over the periods of one kind, in one language. `name` is the section's id or the field's key; `shown` the place of the period
    that the page shows, None where it has no report.
    """

    name: str
    title: str
    periods: tuple[str, ...]
    shown: int | None
    rows: tuple[HistoryRow, ...]

    @property
    def is_told(self) -> bool:
        """Whether there are two periods to compare."""
        return len(self.periods) > 1


def periods_of(series: Series, shown: str) -> list[str]:
    """Years beside a year, first halves beside a first half; oldest first."""
    half = Period.parse(shown).half
    known = dict.fromkeys(past.period_id for values in series.values() for past in values if Period.parse(past.period_id).half == half)
    return sorted(known, key=lambda period: Period.parse(period).order)


def word_section(section_id: str, series: Series, shown: str, catalogue: Catalogue, words: Words) -> History:
    """The newest periods of all fields of a section."""
    section = next(section for section in catalogue.sections if section.section_id == section_id)
    periods = periods_of(series, shown)[-MOST_PERIODS:]
    return _word(section_id, getattr(section.titles, words.language), catalogue.fields_of(section_id), periods, series, shown, words)


def word_field(field_key: str, series: Series, shown: str, catalogue: Catalogue, words: Words) -> History:
    """All periods of one field."""
    field = catalogue.field(field_key)
    return _word(field_key, getattr(field.labels, words.language), [field], periods_of(series, shown), series, shown, words)


def _word(name: str, title: str, fields: Sequence[Field], periods: Sequence[str], series: Series, shown: str, words: Words) -> History:
    rows: list[HistoryRow] = []
    for field in fields:
        held = {past.period_id: past for past in series[field.field_key]}
        values = (held.get(period, Past(period, None)) for period in periods)
        told = tuple(word_value(past.value, field.unit, past.hidden, words) for past in values)
        rows.append(HistoryRow(field.number, getattr(field.labels, words.language), told))
    named = tuple(formatting.period(words.language, period) for period in periods)
    return History(name, title, named, periods.index(shown) if shown in periods else None, tuple(rows))
