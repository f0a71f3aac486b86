"""The columns of the figures' data sources. Pure functions.

An entry of the services' columns stays in its place as long as the page is open: a selection is a list of places, and
one that the browser sends must mean the same services as when it was made.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from components.field.history import ChosenView
from components.field.presenter import FieldView, ServiceRowView
from components.form.row_values import MAX_PLOTTED_CHANGE
from components.layout.preferences import Translator
from preview.form.entries import Unit

NAN = math.nan
Columns = dict[str, list[Any]]

MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "hex", "star", "plus")
"""The shapes of the points of the chosen services."""
DASHES = ("solid", "dashed", "dotted", "dotdash")
"""The strokes of their lines."""

MAX_NAMED_BARS = 40
"""The most bars that have their names below them."""
_LETTER_HEIGHT = 0.06
"""The height of a letter as a part of the scale of values."""
_OFFSETS = range(8, 8 + 12 * len(MARKERS), 12)


class Scale(NamedTuple):
    """An axis of values: its ends, and the places of its ticks."""

    start: float
    end: float
    ticks: Sequence[float]


def place_ids(ids: Sequence[str], rows: Sequence[ServiceRowView]) -> list[str]:
    """Return the services in the places that they have already, followed by those that are new."""
    known = set(ids)
    return [*ids, *(row.organization_id for row in rows if row.organization_id not in known)]


def service_columns(ids: Sequence[str], view: FieldView, chosen: ChosenView) -> Columns:
    """Return the columns of the bars and dots, an entry for each service.

    `place` is the place in the order of values, from 1; services without a value come last. A service without a report
    has none, and is not drawn. `sign` stands in place of a bar, and `change_sign` in place of a dot.

    Args:
        ids: The services by place in the columns; those that the page no longer shows stay empty.
        view: The page.
        chosen: The chosen services.
    """
    rows = {row.organization_id: row for row in view.rows}
    places = {row.organization_id: place for place, row in enumerate(ranked(view.rows), 1)}
    columns: Columns = {name: [] for name in (*_ROW_COLUMNS, "place", "letter")}
    for organization_id in ids:
        row = rows.get(organization_id)
        for name, entry in (_row_entry(row, view.t) if row else _EMPTY_ROW).items():
            columns[name].append(entry)
        columns["place"].append(places.get(organization_id, NAN))
        columns["letter"].append(chosen.letter_of(organization_id))
    return columns


def ranked(rows: Sequence[ServiceRowView]) -> list[ServiceRowView]:
    """Return the services with a report, the highest value first, and those without a value last."""
    reported = [row for row in rows if row.entry.row.value_state != "no_report"]
    return sorted(
        reported,
        key=lambda row: (row.entry.row.rank is None, row.entry.row.rank or 0, row.sort_keys["organization_name"]),
    )


_ROW_COLUMNS = (
    "name",
    "value",
    "value_text",
    "prior_text",
    "change_text",
    "state",
    "sign",
    "hatch",
    "dot",
    "end",
    "change_sign",
)
_EMPTY_ROW: Mapping[str, Any] = dict.fromkeys(_ROW_COLUMNS, "") | {"value": NAN, "dot": NAN, "hatch": " "}


def _row_entry(row: ServiceRowView, t: Translator) -> Mapping[str, Any]:
    value, dot = row.entry.row.value, row.plotted_change
    is_past_end = dot is not None and abs(dot) >= MAX_PLOTTED_CHANGE
    change = f"{row.change} ({row.percent})" if row.percent and row.entry.percent is not None else row.change
    return {
        "name": row.entry.row.organization_name,
        "value": NAN if value is None else float(value),
        "value_text": row.current.spoken or row.current.text,
        "prior_text": row.compared.spoken or row.compared.text,
        "change_text": change if row.change_state == "present" else t(f"absence.spoken.{row.change_state}"),
        "state": row.state_text,
        "sign": "" if value is not None else row.current.text,
        "hatch": "/" if row.entry.provisional else " ",
        "dot": NAN if dot is None else dot,
        "end": ("triangle" if (dot or 0) > 0 else "inverted_triangle") if is_past_end else "circle",
        "change_sign": "" if row.change_state == "present" else t(f"absence.sign.{row.change_state}"),
    }


def value_scale(values: Sequence[float], unit: Unit) -> Scale:
    """Return a scale from 0 to the highest value, or from the lowest one if that is negative, with room above.

    The ticks of counts are whole numbers.
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    if low == high:
        high = 1.0
    step = _step(max((high - low) / 4, 1.0 if unit == "antall" else 0.1))
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [round(number * step, 6) for number in range(first, last + 1)]
    return Scale(low, high + 0.12 * (high - low), [tick for tick in ticks if tick <= high + 0.1 * (high - low)])


def _step(least: float) -> float:
    """Return the least round number that is not smaller: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def line_columns(chosen: ChosenView, colors: Sequence[str]) -> Columns:
    """Return the columns of the lines, an entry for each chosen service; a line is interrupted where a value is not."""
    places = [float(place) for place in range(len(chosen.periods))]
    columns: Columns = {"xs": [], "ys": [], "color": [], "dash": []}
    for index, service in enumerate(chosen.services):
        columns["xs"].append(places)
        columns["ys"].append([NAN if point.value is None else float(point.value) for point in service.points])
        columns["color"].append(colors[index % len(colors)])
        columns["dash"].append(DASHES[index // len(colors) % len(DASHES)])
    return columns


def point_columns(chosen: ChosenView, colors: Sequence[str], t: Translator) -> Columns:
    """Return the columns of the points on the lines: an entry for each service and period with a report.

    The value of a period that is not complete is hollow. `sign` stands on the axis in place of a value that is not
    there, one service beside the other. `letter` is beside the last point of each line, further away where two letters
    would be in one place.
    """
    columns: Columns = {
        name: []
        for name in (
            "x",
            "y",
            "sign_x",
            "sign",
            "letter",
            "letter_offset",
            "color",
            "fill",
            "marker",
            "name",
            "period",
            "value_text",
            "state",
        )
    }
    count, offsets = len(chosen.services), _letter_offsets(chosen)
    for index, service in enumerate(chosen.services):
        color = colors[index % len(colors)]
        with_value = [place for place, point in enumerate(service.points) if point.value is not None]
        for place, point in enumerate(service.points):
            if point.state == "no_report":
                continue
            has_value = point.value is not None
            entry = {
                "x": float(place) if has_value else NAN,
                "y": NAN if point.value is None else float(point.value),
                "sign_x": place + (index - (count - 1) / 2) * 0.09,
                "sign": "" if has_value else point.view.text,
                "letter": service.letter if with_value and place == with_value[-1] else "",
                "letter_offset": offsets[index],
                "color": color,
                "fill": 0.0 if point.is_partial else 1.0,
                "marker": MARKERS[index % len(MARKERS)],
                "name": f"{service.letter} {service.name_prefix} {service.name}".replace("  ", " "),
                "period": chosen.periods[place],
                "value_text": point.view.spoken or point.view.text,
                "state": t("field.partial") if point.is_partial else "",
            }
            for name, value in entry.items():
                columns[name].append(value)
    return columns


def _letter_offsets(chosen: ChosenView) -> list[int]:
    """Return how far the letter of each service is from its last point, in pixels."""
    last = [
        next((float(p.value) for p in reversed(each.points) if p.value is not None), 0.0) for each in chosen.services
    ]
    nearness = _LETTER_HEIGHT * max([abs(value) for value in last], default=0.0)
    offsets: list[int] = []
    for index, value in enumerate(last):
        taken = {offsets[other] for other in range(index) if abs(last[other] - value) <= nearness}
        offsets.append(next(offset for offset in _OFFSETS if offset not in taken))
    return offsets
