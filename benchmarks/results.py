"""Defines the result of a benchmark and formats it."""

from collections.abc import Sequence
from math import ceil
from statistics import median

import msgspec


class BenchmarkResult(msgspec.Struct, frozen=True):
    """One line of the result.

    Attributes:
        name: What was measured.
        value: The measured value: a ratio to the baseline, or an absolute number.
        unit: Unit of the value; `x` for a ratio.
        target: The target; None if the value is only informative.
        at_least: Whether the target is a lower bound.
        samples: Measurements of the program.
        baseline_samples: Measurements of the baseline; where there are as many, each was made in turns with the other.
        samples_unit: Unit of the measurements.
        points: Of a result about growth: each size, and what was measured at it, in the unit of the measurements.
        points_unit: What the sizes count.
    """

    name: str
    value: float
    unit: str = "x"
    target: float | None = None
    at_least: bool = False
    samples: Sequence[float] = ()
    baseline_samples: Sequence[float] = ()
    samples_unit: str = "s"
    points: Sequence[tuple[float, float]] = ()
    points_unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the target is met; true without one."""
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def spread(self) -> tuple[float, float] | None:
        """The smallest and largest ratio of a round; None without rounds."""
        if self.unit != "x" or len(self.samples) != len(self.baseline_samples) or len(self.samples) < 2:
            return None
        ratios = [one / other for one, other in zip(self.samples, self.baseline_samples, strict=True)]
        return min(ratios), max(ratios)

    def row(self) -> str:
        """Return the result as a row of the Markdown table."""
        target = (
            "" if self.target is None else f"{'>=' if self.at_least else '<='} {format_number(self.target)} {self.unit}"
        )
        verdict = "" if self.target is None else "met" if self.is_met else "**not met**"
        samples = [_format_samples(values, self.samples_unit) for values in (self.samples, self.baseline_samples)]
        if self.points:
            samples[0] = f"{' / '.join(format_number(value) for _, value in self.points)} {self.samples_unit}"
        value = f"{format_number(self.value)} {self.unit}"
        if self.spread is not None:
            value += " ({} to {})".format(*map(format_number, self.spread))
        return f"| {self.name} | {value} | {target} | {verdict} | {samples[0]} | {samples[1]} |"


def percentile(samples: Sequence[float], part: float) -> float:
    """Return the smallest sample that at least a part (0..1) of all do not exceed."""
    return sorted(samples)[ceil(part * len(samples)) - 1]


def ratio(
    name: str,
    samples: Sequence[float],
    baseline_samples: Sequence[float],
    target: float | None = None,
    *,
    at_least: bool = False,
    unit: str = "s",
) -> BenchmarkResult:
    """Return the median of the program's samples divided by that of the baseline's, as a result."""
    value = median(samples) / median(baseline_samples)
    return BenchmarkResult(name, value, "x", target, at_least, samples, baseline_samples, unit)


def table(results: Sequence[BenchmarkResult]) -> str:
    """Return the results as a Markdown table."""
    columns = "| what | measured (rounds) | target | | program, median (min to max) | baseline, median (min to max) |"
    return "\n".join([columns, "|---|---|---|---|---|---|", *(result.row() for result in results)])


def format_number(value: float) -> str:
    """Return a number with three significant digits, or without decimals from 100."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _format_samples(values: Sequence[float], unit: str) -> str:
    if not values:
        return ""
    median_text = f"{format_number(median(values))} {unit}"
    return (
        f"{median_text} ({format_number(min(values))} to {format_number(max(values))}, n={len(values)})"
        if len(values) > 1
        else median_text
    )
