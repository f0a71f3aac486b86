"""Aggregation of the 34 fields of an organisation that delivered a ZIP of case folders, beside bare lxml on the same ZIP."""

import tempfile
import time
from pathlib import Path

from benchmarks import folder_fixtures, store_fixtures
from benchmarks.import_zip import parse_bare
from benchmarks.results import Figure, ratio
from preview.runtime.application import Application
from tests.support import pipeline

TARGET = 0.3


def measure(count: int = 20_000, rounds: int = 5) -> list[Figure]:
    """In turns: bare lxml; one request for a new snapshot, until its job has completed."""
    path = folder_fixtures.zip_of(count)
    bare: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, pipeline.opened(Path(folder) / "data") as application:
        store_fixtures.take(application, path)
        for _ in range(rounds):
            bare.append(parse_bare(path))
            ours.append(_aggregated(application))
    wall, cpu = [each[0] for each in bare], [each[1] for each in bare]
    return [
        ratio(f"aggregation of 34 fields over {count:,} folders, asked for until completed", [each[0] for each in ours], wall, TARGET),
        ratio("- its processor time", [each[1] for each in ours], cpu),
    ]


def _aggregated(application: Application) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    requested = pipeline.aggregate(application, folder_fixtures.ORGANIZATION, str(folder_fixtures.YEAR), force=True)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    document = application.jobs.document(requested.job_id)
    if document.job_status != "completed" or not pipeline.values(pipeline.document(application, requested.snapshot_id)):
        raise RuntimeError("the aggregation did not complete")
    return wall, cpu
