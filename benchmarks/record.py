"""Keeps what was measured in a file, so that another program can read it, and writes it into docs/performance.md.

The file is not part of the repository: no result is stored in code.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.plot import growth_svg
from benchmarks.registry import BENCHMARKS
from benchmarks.results import BenchmarkResult, table

RESULTS_FILE = Path(".make/bench/results.json")
PAGE = Path("docs/performance.md")
GROWTH_PLOT = "growth.svg"

_MARK = re.compile(r"(<!-- results, written by make bench -->\n)(.*?)(<!-- end of results -->)", re.DOTALL)
_SECTION = re.compile(r"^### (\w+)\n.*?(?=\n+### |\s*\Z)", re.DOTALL | re.MULTILINE)


class Measurement(msgspec.Struct, frozen=True):
    """One run of a benchmark.

    Attributes:
        benchmark: Its name.
        measured_at: When it began, as RFC 3339.
        machine: What it ran on.
        load_before, load_after: The load average of the machine; what the benchmark itself needs is part of the latter.
        seconds: How long it took.
        short: Whether it ran in the short mode, on less and with fewer rounds.
        results: What was measured.
    """

    benchmark: str
    measured_at: str
    machine: str
    load_before: float
    load_after: float
    seconds: float
    short: bool
    results: list[BenchmarkResult]


def read_measurements(path: Path) -> list[Measurement]:
    """Return the measurements of a file in the order of the registry; none if there is no file."""
    if not path.exists():
        return []
    return msgspec.json.decode(path.read_bytes(), type=list[Measurement])


def keep(measurement: Measurement, path: Path) -> None:
    """Keep a measurement in place of the benchmark's last one in the same mode."""
    latest = {(kept.short, kept.benchmark): kept for kept in [*read_measurements(path), measurement]}
    path.parent.mkdir(parents=True, exist_ok=True)
    order = [(short, benchmark.name) for short in (False, True) for benchmark in BENCHMARKS]
    ordered = [latest[key] for key in order if key in latest]
    path.write_bytes(msgspec.json.format(msgspec.json.encode(ordered)) + b"\n")


def write_page(measurements: Sequence[Measurement], page: Path) -> None:
    """Replace the results on a page, and the plot of growth beside it.

    Those of the short mode are left out. The page keeps its section of a benchmark that was not measured again, because
    each section has a date of its own.
    """
    complete = [measurement for measurement in measurements if not measurement.short]
    for measurement in complete:
        if _shows_growth(measurement):
            page.with_name(GROWTH_PLOT).write_text(growth_svg(measurement.results), encoding="utf-8")
    new = {measurement.benchmark: _section(measurement) for measurement in complete}

    def renew(match: re.Match[str]) -> str:
        sections = {section[1]: section[0] for section in _SECTION.finditer(match[2])} | new
        ordered = [sections[benchmark.name] for benchmark in BENCHMARKS if benchmark.name in sections]
        return "{}\n{}\n\n{}".format(match[1], "\n\n".join(ordered), match[3])

    page.write_text(_MARK.sub(renew, page.read_text(encoding="utf-8")), encoding="utf-8")


def _section(measurement: Measurement) -> str:
    day, clock = measurement.measured_at[:10], measurement.measured_at[11:16]
    conditions = (
        f"{day} {clock} UTC, {measurement.seconds:.0f} s; {measurement.machine}; "
        f"load {measurement.load_before} before, {measurement.load_after} after."
    )
    plot = f"![How the cost grows with each size]({GROWTH_PLOT})\n\n" if _shows_growth(measurement) else ""
    return f"### {measurement.benchmark}\n\n{conditions}\n\n{plot}{table(measurement.results)}"


def _shows_growth(measurement: Measurement) -> bool:
    return any(result.points for result in measurement.results)
