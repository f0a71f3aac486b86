"""The benchmarks: what each measures, beside what, and how it runs when there is little time.

A new benchmark is a module in `benchmarks/suites/` whose `measure` returns results, and an entry here.
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.results import BenchmarkResult


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Attributes:
        name: Its module in `benchmarks/suites/`.
        measures: What is measured, for docs/performance.md.
        baseline: What it is compared with in the same run, or the unit of what has no baseline.
        short_arguments: The arguments of `measure` in the short mode; None if the benchmark takes too long for it.
    """

    name: str
    measures: str
    baseline: str
    short_arguments: Mapping[str, Any] | None = None

    def run(self, *, short: bool) -> list[BenchmarkResult]:
        """Measure, and return the results."""
        arguments = (self.short_arguments or {}) if short else {}
        return importlib.import_module(f"benchmarks.suites.{self.name}").measure(**arguments)


BENCHMARKS: Sequence[Benchmark] = (
    Benchmark(
        "get_requests",
        "GET of a snapshot, of an unchanged one and of a list, by wrk",
        "FastAPI (4); Datasette; a bare Tornado handler (2)",
        {"rounds": 1, "seconds": 1, "services": 25},
    ),
    Benchmark(
        "two_processes",
        "GET of a snapshot by two processes on one port, by wrk, on all cores and with a fixed share of a core each",
        "one process",
        {"rounds": 2, "seconds": 1},
    ),
    Benchmark(
        "get_latency",
        "the 99th percentile of GET while eight services are aggregated again and again and a ZIP is imported",
        "the idle server",
        {"rounds": 1, "folders": 2_000},
    ),
    Benchmark(
        "fanout",
        "from a request that changes something until 1,000 and 4,000 event streams have its event; their memory",
        "sse-starlette (4); nginx with nchan (5)",
        {"rounds": 5, "counts": (1_000,)},
    ),
    Benchmark(
        "many_streams",
        "how far 10,000 event streams of two processes fall behind 13 events a second",
        "none: ms",
    ),
    Benchmark(
        "import_zip",
        "import of a ZIP of 20,000 case files, with PUTs to a server on the same store",
        "bare lxml (1)",
        {"count": 4_000, "rounds": 1},
    ),
    Benchmark(
        "country",
        "400 services with 55,000 case files, from the POST of a ZIP of each to all snapshots, by two processes",
        "bare lxml (1) on two processes",
    ),
    Benchmark("aggregation", "the 34 fields over those cases", "bare lxml (1)", {"count": 4_000, "rounds": 3}),
    Benchmark(
        "long_writes",
        "the longest wait of a PUT beside deliveries with very many rows, and beside `forget`",
        "none: ms",
    ),
    Benchmark(
        "changed_case",
        "a changed case of a service of 3,000, beside 100 services, until GET shows it",
        "none: seconds",
    ),
    Benchmark(
        "first_load",
        "34 rows on the screen of a cold Chromium, also after a page of another site; bytes of a cold and a warm visit",
        "a Dash page (3), a Streamlit page (3); none",
        {"rounds": 3},
    ),
    Benchmark(
        "totals_pages",
        "the country, and one field of 400 services, on the screen of a cold Chromium",
        "Dash pages with the same tables and figures (3)",
    ),
    Benchmark(
        "overview",
        "400 services of eight years on a cold screen; its readable part and query, with all 3,200 reports decided on",
        "none: ms; the same without decisions; the query without reviews",
    ),
    Benchmark(
        "overview_interaction",
        "from a key or click to its frame (p95) on the overview of 400 services, with their status and with numbers",
        "none: ms",
        {"rounds": 1},
    ),
    Benchmark(
        "live",
        "from a commit, by another process and by the API, to two screens beside 50 sessions",
        "none: ms",
    ),
    Benchmark(
        "activity",
        "the first page of a million events, 384 combinations of filters and pages of them, and memory",
        "none: ms",
    ),
    Benchmark(
        "growth",
        "what more services, cases, event streams and events cost: exponent of the steepest step (1: in proportion)",
        "the next smaller size",
    ),
    Benchmark(
        "session_memory",
        "memory of an open dashboard session, and what 1,000 that were opened and closed leave",
        "none: bytes",
    ),
    Benchmark(
        "start_times",
        "from the start of a command to its end, and of the server to its first answer and page",
        "none: seconds",
        {"rounds": 3},
    ),
    Benchmark("reader_memory", "peak memory of the parsing processes for a ZIP of 300 MB", "none: bytes"),
)
