"""What the benchmarks measured is kept by benchmark and mode, and written between the marks of a page."""

from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from benchmarks.plot import growth_svg
from benchmarks.record import GROWTH_PLOT, PAGE, Measurement, keep, read_measurements, write_page
from benchmarks.registry import BENCHMARKS
from benchmarks.results import BenchmarkResult, ratio
from tests.architecture.source_files import REPOSITORY

_SVG = "{http://www.w3.org/2000/svg}"


def measurement(benchmark: str, value: float, *, short: bool = False) -> Measurement:
    result = BenchmarkResult(f"result of {benchmark}", value, target=1.0)
    return Measurement(benchmark, "2026-01-02T03:04:05+00:00", "2 cores", 0.5, 1.5, 60, short, [result])


def test_every_benchmark_has_a_module() -> None:
    names = {path.stem for path in (REPOSITORY / "benchmarks" / "suites").glob("[!_]*.py")}
    assert {benchmark.name for benchmark in BENCHMARKS} == names


def test_last_measurement_is_kept_by_benchmark_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "bench" / "results.json"
    first, second, short = (measurement("fanout", 1), measurement("fanout", 2), measurement("fanout", 3, short=True))
    other = measurement("get_requests", 4)
    for each in (first, short, second, other):
        keep(each, path)
    kept = [(each.benchmark, each.results[0].value, each.short) for each in read_measurements(path)]
    assert kept == [("get_requests", 4, False), ("fanout", 2, False), ("fanout", 3, True)]


def test_page_gets_the_results_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("A\n<!-- results, written by make bench -->\nold\n<!-- end of results -->\nB\n", encoding="utf-8")
    write_page([measurement("fanout", 0.5), measurement("live", 7, short=True)], page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("A\n")
    assert text.endswith("\nB\n")
    assert "old" not in text
    assert "2026-01-02 03:04 UTC" in text
    assert "| result of fanout | 0.5 x | <= 1 x | met |" in text
    assert "live" not in text


def test_page_keeps_the_section_of_a_benchmark_not_measured(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("A\n<!-- results, written by make bench -->\n<!-- end of results -->\nB\n", encoding="utf-8")
    write_page([measurement("live", 7), measurement("fanout", 0.5)], page)
    write_page([measurement("get_requests", 3), measurement("fanout", 0.25)], page)
    titles = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("### ")]
    assert titles == ["### get_requests", "### fanout", "### live"]
    results = [line.split(" | ")[1] for line in page.read_text(encoding="utf-8").splitlines() if "| result of" in line]
    assert results == ["3 x", "0.25 x", "7 x"]
    once = page.read_text(encoding="utf-8")
    write_page([], page)
    assert page.read_text(encoding="utf-8") == once


def test_performance_page_has_the_marks() -> None:
    assert "<!-- results, written by make bench -->" in (REPOSITORY / PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize(("at_least", "is_met"), [(True, True), (False, False)])
def test_ratio_is_of_medians_and_tells_its_spread(at_least: bool, is_met: bool) -> None:
    result = ratio("a ratio", [2, 4, 6], [1, 2, 6], 1.5, at_least=at_least)
    assert result.value == 2
    assert result.spread == (1, 2)
    assert result.is_met is is_met
    assert "2 x (1 to 2)" in result.row()


def test_ratio_of_unequal_rounds_has_no_spread() -> None:
    assert ratio("a ratio", [2, 4], [1]).spread is None


def test_growth_is_drawn_beside_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- results, written by make bench -->\n<!-- end of results -->\n", encoding="utf-8")
    result = BenchmarkResult(
        "rows & more: 10 / 100 <rows>",
        1,
        "as exponent",
        1.1,
        samples_unit="ms",
        points=[(10, 2), (100, 20)],
        points_unit="<rows>",
    )
    write_page([msgspec.structs.replace(measurement("growth", 1), results=[result])], page)
    drawing = ElementTree.parse(tmp_path / GROWTH_PLOT).getroot()
    texts = ["".join(text.itertext()) for text in drawing.iter(f"{_SVG}text")]
    assert texts == [
        *("rows & more", "ms; dashed: proportional to the size"),
        *("10", "100", "1", "10", "100"),
        *("2", "20", "<rows>"),
    ]
    assert GROWTH_PLOT in page.read_text(encoding="utf-8")


def test_growth_is_drawn_on_logarithmic_axes() -> None:
    result = BenchmarkResult("rows", 1, samples_unit="ms", points=[(10, 1), (100, 1_000), (1_000, 10_000)])
    drawing = ElementTree.fromstring(growth_svg([result]))
    centres = [(float(circle.get("cx", "")), float(circle.get("cy", ""))) for circle in drawing.iter(f"{_SVG}circle")]
    (first, second, third) = centres
    assert second[0] - first[0] == pytest.approx(third[0] - second[0], abs=0.2)
    assert first[1] - second[1] == pytest.approx(3 * (second[1] - third[1]), abs=0.4)
