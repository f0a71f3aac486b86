"""Values and changes in the rows of the form, for every page that shows such rows."""

import math
from dataclasses import dataclass

from components.layout import value_formatting
from components.layout.preferences import Translator
from preview.form.value_state import ValueState
from preview.model.resources import Value

MAX_PLOTTED_CHANGE = 58
"""The end of the scale of changes, in per cent (percentages: points) on either side; larger ones are drawn there."""

USUAL_BAND = 30.0
"""The limit of a large change on that scale, for most numbers (rule `stor_endring`)."""


@dataclass(frozen=True)
class ValueView:
    """A value as a text, and what a screen reader speaks instead if the text is only a sign."""

    text: str
    spoken: str | None = None


def present_value(amount: Value, unit: str, state: ValueState, t: Translator) -> ValueView:
    """Return a value; without one, the sign of the reason with what a screen reader speaks."""
    if state == "present":
        return ValueView(value_formatting.value(amount, unit, t.language))
    return ValueView(t(f"absence.sign.{state}"), t(f"absence.spoken.{state}"))


def plotted_change(change: Value, percent: int | None, unit: str) -> float | None:
    """Return the place of a change on the scale of changes (`RowView.plotted_change`).

    Args:
        change: The change in the field's unit, None without one.
        percent: The same in per cent, None if the compared value is 0, and for a share.
        unit: The field's unit.
    """
    if change is None:
        return None
    if unit == "prosent":
        place = float(change)
    elif percent is not None:
        place = float(percent)
    else:
        # the compared value is 0, so there is no per cent
        place = math.copysign(MAX_PLOTTED_CHANGE, change) if change else 0.0
    return max(-MAX_PLOTTED_CHANGE, min(MAX_PLOTTED_CHANGE, place))


def plotted_band(margin: float | None, compared: Value, unit: str) -> float:
    """Return the limit of a large change on the scale of changes (`RowView.band`).

    Args:
        margin: The limit in the field's unit (`FieldRow.margin`), None if the change is not judged.
        compared: The compared value.
        unit: The field's unit.
    """
    if margin is None:
        return 0.0
    place = margin if unit == "prosent" or not compared else 100 * margin / abs(float(compared))
    return min(float(MAX_PLOTTED_CHANGE), round(place, 1))
