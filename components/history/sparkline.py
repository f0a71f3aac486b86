"""Small pictures of history, inline SVG: the bars of a field in its row, the lines of a section in its head.

They are hidden from assistive technology; the tables of histories have the numbers. As in the form (rule 7.4,
docs/domain.md), a dash stands for a missing value and a colon for a withheld one; a dot for one that does not apply. A
period without a report is a gap, and one that is not complete is hollow.
"""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from preview.views.history import HistoricalValue

_STEP, _BAR, _HEIGHT = 9, 7, 18
_SIGNS = {"missing": "M{left} 12h3", "withheld": "M{mid} 9h0m0 6h0", "not_applicable": "M{mid} 16h0"}

NO_PICTURE = Markup("")
"""The picture of fewer than two periods."""


def row_picture(values: Sequence[HistoricalValue], shown: str) -> Markup:
    """Return the bars of a field, the newest at the right; empty for fewer than two periods.

    Args:
        values: The values, oldest first.
        shown: Id of the period that the page shows, whose bar stands out.
    """
    if len(values) < 2:
        return NO_PICTURE
    maximum = _maximum(values)
    paths = {"": "", "now": "", "part": "", "part now": "", "sign": ""}
    for index, each in enumerate(values):
        left = index * _STEP
        middle = left + _BAR // 2
        if each.value is None:
            paths["sign"] += _SIGNS.get(each.state, "").format(left=left + 2, mid=middle)
            continue
        # A bar of nothing is a line on the ground, so that 0 is not a gap.
        height = max(1, round(max(0.0, float(each.value)) / maximum * _HEIGHT))
        name = " ".join(word for word, is_so in (("part", each.is_partial), ("now", each.period_id == shown)) if is_so)
        if each.is_partial:
            paths[name] += f"M{left}.5 17.5v-{max(1, height - 1)}h{_BAR - 1}v{max(1, height - 1)}z"
        else:
            paths[name] += f"M{left} 18v-{height}h{_BAR}v{height}z"
    return _svg(len(values), paths)


def section_picture(series: Iterable[Sequence[HistoricalValue]]) -> Markup:
    """Return a line for each field of a section, each on a scale of its own; empty for fewer than three periods.

    The lines are interrupted where a field has no value, and dashed to and from a period that is not complete.
    """
    lines = [values for values in series if len(values) > 2]
    if not lines:
        return NO_PICTURE
    paths = {"line": "", "line part": ""}
    for values in lines:
        maximum = _maximum(values)
        points = [
            None if each.value is None else f"{index * _STEP + _BAR // 2} {_HEIGHT - 1 - _level(each, maximum)}"
            for index, each in enumerate(values)
        ]
        for index in range(1, len(values)):
            start, end = points[index - 1], points[index]
            if start and end:
                is_partial = values[index - 1].is_partial or values[index].is_partial
                path = paths["line part" if is_partial else "line"]
                paths["line part" if is_partial else "line"] = (
                    f"{path}L{end}" if path.endswith(start) else f"{path}M{start}L{end}"
                )
    return _svg(len(lines[0]), paths)


def _maximum(values: Iterable[HistoricalValue]) -> float:
    return max((float(each.value) for each in values if each.value is not None), default=0.0) or 1.0


def _level(value: HistoricalValue, maximum: float) -> int:
    return round(max(0.0, float(value.value or 0)) / maximum * (_HEIGHT - 2))


def _svg(count: int, paths: dict[str, str]) -> Markup:
    width = (count - 1) * _STEP + _BAR
    drawn = Markup("").join(
        Markup('<path class="{}" d="{}"/>').format(name, path) if name else Markup('<path d="{}"/>').format(path)
        for name, path in paths.items()
        if path
    )
    return Markup(
        '<svg class="spark" width="{0}" height="{1}" viewBox="0 0 {0} {1}" aria-hidden="true">{2}</svg>'
    ).format(width, _HEIGHT, drawn)
