"""What the charts of history show: the bars, signs and texts of each period, and the limit of a large change.

The chart of an opened row stands above the columns of its table, which has the years and values. The chart of a section
has a group of bars for each field, with the first and last year below, and the first, last and shown value above.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from components.form.row_values import present_value
from components.history.view import comparable_periods, values_in
from components.layout import value_formatting
from components.layout.preferences import Translator
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.entries import Field
from preview.i18n import formatting
from preview.views.history import RECENT_PERIODS, HistoricalValue, Series
from preview.views.preview import Preview

Bars = Mapping[str, Sequence[Any]]
"""The columns of a chart's data source, an entry a bar.

`x`, `height` and `color` are the bar. `sign` stands in its place where there is no value (rule 7.4, docs/domain.md).
`hatch`, `fill` and `line` are its pattern and the opacities of its area and outline: a period that is not complete is
hatched. `low` and `high` are the limits of a large change, both 0 where there are none. `reading` is what a pointer
reads. A section's chart also has `text` and `shown` above the bar, `year` below it, `edge` and `shift` of these texts,
and `angle`, `align` and `baseline` of the sign.
"""

Limits = Mapping[str, tuple[float, float]]
"""The values between which no change is large, by field key; fields whose change is not judged are absent."""


class HistorySource(NamedTuple):
    """What histories are made from.

    Attributes:
        series: The values of each field.
        current_period: Id of the period that the page shows.
        catalogue: The form.
        t: The texts.
        limits: The limits of large changes in that period.
    """

    series: Series
    current_period: str
    catalogue: Catalogue
    t: Translator
    limits: Limits


def limits_of(preview: Preview) -> Limits:
    """Return between which values those of a report are no large change from the compared ones."""
    return {
        row.field_key: (max(0.0, float(row.compared_value) - row.margin), float(row.compared_value) + row.margin)
        for row in preview.rows
        if row.margin is not None and row.compared_value is not None
    }


def limit_text(preview: Preview, field_key: str, catalogue: Catalogue, t: Translator) -> str:
    """Return between which values a field's value is no large change; empty if its change is not judged."""
    if field_key not in (limits := limits_of(preview)):
        return ""
    unit = catalogue.field(field_key).unit
    low, high = limits[field_key]
    if unit == "antall":  # the limits themselves are large changes already
        low, high = math.floor(low) + 1 if low else 0, math.ceil(high) - 1
    low, high = (value_formatting.value(round(limit, 1), unit, t.language) for limit in (low, high))
    return t("form.limit", low=low, high=high, period=formatting.period(t.language, preview.compared_days))


def section_bars(section_id: str, source: HistorySource, colors: Mapping[str, str]) -> Bars:
    """Return the bars of a section: a group for each field, with a bar for each period.

    Each field has a scale of its own from 0 to its maximum, since fields have different units.
    """
    periods = comparable_periods(source.series, source.current_period, RECENT_PERIODS)
    bars: dict[str, list[Any]] = {}
    for field in source.catalogue.fields_in_section(section_id):
        _append_bars(bars, field, [(str(field.number), period) for period in periods], periods, source, colors)
        _append_texts(bars, field, periods, source)
    # A word is wider than a bar among many, and would lie over its neighbours: it runs upwards.
    is_word = [len(sign) > 1 for sign in bars["sign"]]
    bars["angle"] = [math.pi / 2 if upwards else 0.0 for upwards in is_word]
    bars["align"] = ["left" if upwards else "center" for upwards in is_word]
    bars["baseline"] = ["middle" if upwards else "bottom" for upwards in is_word]
    return bars


def field_bars(field_key: str, source: HistorySource, colors: Mapping[str, str]) -> Bars:
    """Return the bars of a field, one for each period, which stand above the columns of the field's table."""
    periods = comparable_periods(source.series, source.current_period)
    bars: dict[str, list[Any]] = {}
    _append_bars(bars, source.catalogue.field(field_key), periods, periods, source, colors)
    return bars


def _append_texts(bars: dict[str, list[Any]], field: Field, periods: Sequence[str], source: HistorySource) -> None:
    """Append what stands above and below the bars of a field: the first and the last at the edges of its group, the
    shown one in a line of its own, so that none lies over another.
    """
    last = len(periods) - 1
    values = values_in(periods, source.series[field.field_key])
    for index, each in enumerate(values):
        is_shown, is_end = each.period_id == source.current_period, index in (0, last)
        text = value_formatting.value(each.value, field.unit, source.t.language) if each.state == "present" else ""
        columns = {
            "text": text if is_end and not is_shown else "",
            "shown": text if is_shown else "",
            "year": str(Period.parse(each.period_id).year) if is_end else "",
            "edge": "center" if last == 0 or not is_end else "left" if index == 0 else "right",
            "shift": 0 if not is_end else -1 if index == 0 else 1,
        }
        for name, value in columns.items():
            bars.setdefault(name, []).append(value)


def _append_bars(
    bars: dict[str, list[Any]],
    field: Field,
    x_factors: Sequence[Any],
    periods: Sequence[str],
    source: HistorySource,
    colors: Mapping[str, str],
) -> None:
    t, current = source.t, source.current_period
    shown = values_in(periods, source.series[field.field_key])
    maximum = max([abs(float(each.value)) for each in shown if each.value is not None], default=0.0) or 1.0
    limits = [limit / maximum for limit in source.limits.get(field.field_key, (0.0, 0.0))]
    columns: dict[str, list[Any]] = {
        "x": list(x_factors),
        "height": [max(0.0, float(each.value or 0)) / maximum for each in shown],
        "sign": ["" if each.state == "present" else t(f"absence.sign.{each.state}") for each in shown],
        "color": [colors["now" if each.period_id == current else "bar"] for each in shown],
        "hatch": ["right_diagonal_line" if each.is_partial else "blank" for each in shown],
        "fill": [(0.5 if each.period_id == current else 0.15) if each.is_partial else 1.0 for each in shown],
        "line": [0.5 if each.is_partial else 0.0 for each in shown],
        "low": [limits[0] if each.period_id == current else 0.0 for each in shown],
        "high": [limits[1] if each.period_id == current else 0.0 for each in shown],
        "reading": [_reading(each, field, t) for each in shown],
    }
    for name, values in columns.items():
        bars.setdefault(name, []).extend(values)


def _reading(value: HistoricalValue, field: Field, t: Translator) -> str:
    shown = present_value(value.value, field.unit, value.state, t)
    reading = t(
        "form.reading",
        field=getattr(field.labels, t.language),
        period=formatting.period(t.language, value.period_id),
        value=shown.spoken or shown.text,
    )
    return f"{reading} ({t('form.partial')})" if value.is_partial else reading
