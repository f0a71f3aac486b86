"""The memory that a large ZIP takes: the most that each process of its import has had."""

import tempfile
import time
from pathlib import Path

from benchmarks import folder_fixtures
from benchmarks.processes import children_of, peak_of, started
from benchmarks.results import Figure

TARGET_MB = 200.0

_MB = 1_000_000
_LOOK_SECONDS = 0.1
_WAIT_SECONDS = 1_200


def measure(megabytes: int = 300) -> list[Figure]:
    """On the command line, which starts the process that reads."""
    path = folder_fixtures.zip_of_bytes(megabytes * _MB)
    with tempfile.TemporaryDirectory() as folder, started("app.py", "import", "--data-dir", Path(folder) / "data", path) as process:
        own = reader = 0
        end = time.monotonic() + _WAIT_SECONDS
        while process.poll() is None:
            own = max(own, peak_of(process.pid))
            reader = max([reader, *(peak_of(child) for child in children_of(process.pid))])
            if time.monotonic() > end:
                raise RuntimeError("the import did not end")
            time.sleep(_LOOK_SECONDS)
        if process.returncode:
            raise RuntimeError("the import failed")
    size = path.stat().st_size / _MB
    return [
        Figure(f"memory of the reader, a ZIP of {size:,.0f} MB", reader / _MB, "MB", TARGET_MB, samples_unit="MB"),
        Figure("memory of the process that folds what is read", own / _MB, "MB", TARGET_MB, samples_unit="MB"),
    ]
