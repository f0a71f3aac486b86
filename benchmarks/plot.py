"""Draws how cost grows with size as SVG: on logarithmic axes, with a line for proportional growth beside the points."""

from collections.abc import Sequence
from html import escape
from math import log10

from benchmarks.results import BenchmarkResult, format_number

_WIDTH, _HEIGHT = 360, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 20, 48, 40
_PER_ROW = 2

Point = tuple[float, float]


def growth_svg(results: Sequence[BenchmarkResult]) -> str:
    """Return a drawing with a panel for each result that has points."""
    panels = [_panel(result) for result in results if result.points]
    rows = -(-len(panels) // _PER_ROW)
    placed = "\n".join(
        f'<g transform="translate({_WIDTH * (number % _PER_ROW)} {_HEIGHT * (number // _PER_ROW)})">{panel}</g>'
        for number, panel in enumerate(panels)
    )
    width, height = _WIDTH * _PER_ROW, _HEIGHT * rows
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="#fff"/>\n{placed}\n</svg>\n'
    )


def _panel(result: BenchmarkResult) -> str:
    points = [(log10(size), log10(value)) for size, value in result.points]
    (first_x, first_y), last_x = points[0], points[-1][0]
    proportional = [(first_x, first_y), (last_x, first_y + last_x - first_x)]
    low = min(y for _, y in points)
    high = max(y for _, y in [*points, *proportional])

    def place(point: Point) -> Point:
        x = _LEFT + (point[0] - first_x) / (last_x - first_x) * (_WIDTH - _LEFT - _RIGHT)
        y = _HEIGHT - _BOTTOM - (point[1] - low) / (high - low or 1) * (_HEIGHT - _TOP - _BOTTOM)
        return round(x, 1), round(y, 1)

    title, _, _ = result.name.partition(":")
    parts = [
        f'<text x="{_LEFT}" y="20" font-weight="bold">{escape(title)}</text>',
        f'<text x="{_LEFT}" y="36" fill="#555">ms; dashed: proportional</text>',
        _line([place(point) for point in proportional], "#888", ' stroke-dasharray="4 4"'),
        _line([place(point) for point in points], "#0062ba"),
    ]
    for (size, value), point in zip(result.points, points, strict=True):
        x, y = place(point)
        parts.append(f'<circle cx="{x}" cy="{y}" r="4" fill="#0062ba"/>')
        parts.append(f'<text x="{x}" y="{y - 8}" text-anchor="middle">{format_number(value)}</text>')
        parts.append(f'<text x="{x}" y="{_HEIGHT - 16}" text-anchor="middle">{size:,.0f}</text>')
    return "\n".join(parts)


def _line(points: Sequence[Point], colour: str, more: str = "") -> str:
    path = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{more}/>'
