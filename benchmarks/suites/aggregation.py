"""Measures the aggregation of the 34 fields of an organisation, beside bare lxml on the ZIP that it delivered."""

import tempfile
import threading
import time
from pathlib import Path

from benchmarks.fixtures import case_files, stores
from benchmarks.results import BenchmarkResult, ratio
from benchmarks.suites.import_zip import parse_with_bare_lxml
from preview.events.log import AggregationProgress, EventRow
from preview.runtime.application import Application
from tests.support import pipeline

TARGET = 0.1

_WAIT_SECONDS = 60


def measure(count: int = 20_000, rounds: int = 5) -> list[BenchmarkResult]:
    """Measure in turns bare lxml and one request for a new snapshot, until the event that its job has completed."""
    path = case_files.zip_of(count)
    baseline_samples: list[tuple[float, float]] = []
    samples: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, pipeline.open_application(Path(folder) / "data") as application:
        stores.import_file(application, path)
        for _ in range(rounds):
            baseline_samples.append(parse_with_bare_lxml(path))
            samples.append(_measure_aggregation(application))
    wall, cpu = [sample[0] for sample in baseline_samples], [sample[1] for sample in baseline_samples]
    return [
        ratio(
            f"aggregation of 34 fields over {count:,} folders, asked for until completed",
            [sample[0] for sample in samples],
            wall,
            TARGET,
        ),
        ratio("- its processor time", [sample[1] for sample in samples], cpu),
    ]


def _measure_aggregation(application: Application) -> tuple[float, float]:
    completed = threading.Event()

    def on_events(rows: list[EventRow], _: list[AggregationProgress]) -> None:
        if any(row.type == "aggregation_completed" for row in rows):
            completed.set()

    unsubscribe = application.dispatcher.subscribe(on_events)
    wall, cpu = time.perf_counter(), time.process_time()
    requested, _ = application.snapshots.request(case_files.ORGANIZATION, str(case_files.YEAR), True, "benchmark")
    if not completed.wait(_WAIT_SECONDS):
        raise RuntimeError("The aggregation did not complete in time.")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    unsubscribe()
    document = application.jobs.get(requested.job_id)
    if document.job_status != "completed" or not pipeline.values(pipeline.document(application, requested.snapshot_id)):
        raise RuntimeError("The aggregation did not complete.")
    return wall, cpu
