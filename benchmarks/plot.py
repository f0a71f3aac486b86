"""Draws how cost grows with size as SVG: a panel for each result, with logarithmic axes and a dashed line for
proportional growth. The colours follow the reader's choice of light or dark, and there is a background.
"""

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10

from benchmarks.results import BenchmarkResult, format_number

_WIDTH, _HEIGHT = 400, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 52, 56, 56
_PER_ROW = 2
_ROOM = 0.3  # Part of a power of ten below the lowest point, for its number.

_STYLE = """
svg { font: 12px sans-serif; --back: #fff; --text: #1e2b3c; --grid: #d5dbe1; --bound: #68707c; --line: #0062ba }
@media (prefers-color-scheme: dark) {
svg { --back: #14191f; --text: #e4e9ee; --grid: #39424c; --bound: #9aa4af; --line: #6cb0f5 }
}
text { fill: var(--text) }
.title { font-weight: bold; font-size: 13px }
.grid { stroke: var(--grid) }
.axis { stroke: var(--text) }
.bound { stroke: var(--bound); stroke-dasharray: 5 4; stroke-width: 1.5 }
.line { stroke: var(--line); stroke-width: 2.5; fill: none }
circle { fill: var(--line) }
.x { text-anchor: middle }
.y { text-anchor: end }
"""

Point = tuple[float, float]


def growth_svg(results: Sequence[BenchmarkResult]) -> str:
    """Return a drawing with a panel for each result that has points."""
    panels = [_Panel(result).svg() for result in results if result.points]
    rows = -(-len(panels) // _PER_ROW)
    placed = "\n".join(
        f'<g transform="translate({_WIDTH * (number % _PER_ROW)} {_HEIGHT * (number // _PER_ROW)})">\n{panel}\n</g>'
        for number, panel in enumerate(panels)
    )
    width, height = _WIDTH * _PER_ROW, _HEIGHT * rows
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f'<style>{_STYLE}</style>\n<rect width="100%" height="100%" style="fill: var(--back)"/>\n{placed}\n</svg>\n'
    )


class _Panel:
    """Draws one result; both axes end at whole powers of ten."""

    def __init__(self, result: BenchmarkResult) -> None:
        self._result = result
        (first_size, first), (last_size, _) = result.points[0], result.points[-1]
        self._proportional = (first_size, first), (last_size, first * last_size / first_size)
        values = [value for _, value in [*result.points, *self._proportional]]
        self._x_powers = floor(log10(first_size)), ceil(log10(last_size))
        self._y_powers = floor(log10(min(values)) - _ROOM), ceil(log10(max(values)))

    def svg(self) -> str:
        """Return the panel, its top left corner at the origin."""
        points = self._result.points
        title, _, _ = self._result.name.partition(":")
        path = " ".join(f"{x},{y}" for x, y in map(self._place, points))
        parts = [
            f'<text class="title" x="{_LEFT}" y="22">{escape(title)}</text>',
            f'<text x="{_LEFT}" y="42">{self._result.samples_unit}; dashed: proportional to the size</text>',
            *self._grid(),
            self._line(*self._proportional, "bound"),
            f'<polyline class="line" points="{path}"/>',
        ]
        for point in points:
            x, y = self._place(point)
            parts.append(f'<circle cx="{x}" cy="{y}" r="4"/>')
            parts.append(f'<text x="{x + 7}" y="{y + 15}">{format_number(point[1])}</text>')
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        parts.append(f'<text class="x" x="{middle}" y="{_HEIGHT - 14}">{escape(self._result.points_unit)}</text>')
        return "\n".join(parts)

    def _grid(self) -> Iterator[str]:
        """Yield a line and its number for each power of ten; the first of each direction is the axis."""
        (left, right), (low, high) = self._x_powers, self._y_powers
        for power in range(left, right + 1):
            kind = "axis" if power == left else "grid"
            yield self._line((10**power, 10**low), (10**power, 10**high), kind)
            x, y = self._place((10**power, 10**low))
            yield f'<text class="x" x="{x}" y="{y + 18}">{10**power:,}</text>'
        for power in range(low, high + 1):
            kind = "axis" if power == low else "grid"
            yield self._line((10**left, 10**power), (10**right, 10**power), kind)
            x, y = self._place((10**left, 10**power))
            yield f'<text class="y" x="{x - 8}" y="{y + 4}">{format_number(10.0**power)}</text>'

    def _line(self, start: Point, end: Point, kind: str) -> str:
        (x1, y1), (x2, y2) = self._place(start), self._place(end)
        return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'

    def _place(self, point: Point) -> Point:
        (left, right), (low, high) = self._x_powers, self._y_powers
        x = _LEFT + (log10(point[0]) - left) / (right - left) * (_WIDTH - _LEFT - _RIGHT)
        y = _HEIGHT - _BOTTOM - (log10(point[1]) - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return round(x, 1), round(y, 1)
