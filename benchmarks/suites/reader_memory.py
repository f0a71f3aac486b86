"""Measures the memory that the import of a large ZIP needs: the peak of each of its processes."""

import tempfile
import time
from pathlib import Path

from benchmarks.fixtures import case_files
from benchmarks.processes import descendants, peak_bytes, running_process
from benchmarks.results import BenchmarkResult

TARGET_MB = 200.0

_MB = 1_000_000
_POLL_SECONDS = 0.1
_WAIT_SECONDS = 1_200


def measure(megabytes: int = 300) -> list[BenchmarkResult]:
    """Import on the command line, which starts the parser process, and return the peaks."""
    path = case_files.zip_of_bytes(megabytes * _MB)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_process("app.py", "import", "--data-dir", Path(folder) / "data", path) as process,
    ):
        importer_peak = parser_peak = 0
        deadline = time.monotonic() + _WAIT_SECONDS
        while process.poll() is None:
            importer_peak = max(importer_peak, peak_bytes(process.pid))
            parser_peak = max([parser_peak, *(peak_bytes(child) for child in descendants(process.pid))])
            if time.monotonic() > deadline:
                raise RuntimeError("The import did not end in time.")
            time.sleep(_POLL_SECONDS)
        if process.returncode:
            raise RuntimeError("The import failed.")
    size = path.stat().st_size / _MB
    return [
        BenchmarkResult(
            f"memory of the reader, a ZIP of {size:,.0f} MB", parser_peak / _MB, "MB", TARGET_MB, samples_unit="MB"
        ),
        BenchmarkResult(
            "memory of the process that folds what is read", importer_peak / _MB, "MB", TARGET_MB, samples_unit="MB"
        ),
    ]
