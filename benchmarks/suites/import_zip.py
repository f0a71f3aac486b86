"""Measures the import of a ZIP of case files beside bare lxml, while PUTs are sent to a server on the same store."""

import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.fixtures import case_files, stores
from benchmarks.generators.paced import PUT_PAUSE_SECONDS, Waits
from benchmarks.processes import cpu_of_all, loaded_server, run, run_alongside
from benchmarks.results import BenchmarkResult, ratio
from tests.support.server_process import Server

IMPORT_TARGET = 4.0
PUT_TARGET_MS = 100.0

_SEED_FOLDERS = 200


class ImportResult(NamedTuple):
    """One import: its duration, and the waiting times of the PUTs during it."""

    wall: float
    cpu: float
    put_waits: Waits


def measure(count: int = 20_000, rounds: int = 3) -> list[BenchmarkResult]:
    """Measure in turns bare lxml, the command line beside a server, and the server to which the ZIP is posted."""
    path = case_files.zip_of(count)
    seed = case_files.zip_of(min(count, _SEED_FOLDERS))
    baseline_samples: list[tuple[float, float]] = []
    by_cli: list[ImportResult] = []
    by_server: list[ImportResult] = []
    for _ in range(rounds):
        baseline_samples.append(parse_with_bare_lxml(path))
        by_cli.append(_import_beside_server(path, seed))
        baseline_samples.append(parse_with_bare_lxml(path))
        by_server.append(_import_by_server(path, seed))
    return [
        *_beside_baseline(f"import of {count:,} folders beside a server, PUTs all along", by_cli, baseline_samples),
        *_beside_baseline(f"the server itself takes {count:,} folders, PUTs all along", by_server, baseline_samples),
    ]


def parse_with_bare_lxml(path: Path) -> tuple[float, float]:
    """Return the seconds of wall clock and of processor time that bare lxml needs to parse every file of a ZIP."""
    wall, cpu = run("-m", "benchmarks.baselines.bare_lxml", path).output.split()
    return float(wall), float(cpu)


def _import_beside_server(path: Path, seed: Path) -> ImportResult:
    with tempfile.TemporaryDirectory() as folder, server_under_put_load(Path(folder), seed) as (server, waits):
        before = cpu_of_all(server.process.pid)  # The server's worker can claim the delivery of the command line.
        outcome = run("app.py", "import", "--data-dir", server.data_dir, path)
        return ImportResult(outcome.wall, outcome.cpu + cpu_of_all(server.process.pid) - before, waits())


def _import_by_server(path: Path, seed: Path) -> ImportResult:
    with tempfile.TemporaryDirectory() as folder, server_under_put_load(Path(folder), seed) as (server, waits):
        before = cpu_of_all(server.process.pid)
        began = time.perf_counter()
        stores.post(server.url, path.read_bytes(), "application/zip")
        wall = time.perf_counter() - began
        return ImportResult(wall, cpu_of_all(server.process.pid) - before, waits())


@contextmanager
def server_under_put_load(
    folder: Path, seed: Path, prepare: Callable[[Path], None] = lambda _: None
) -> Generator[tuple[Server, Callable[[], Waits]]]:
    """Run a server to which PUTs are sent, for a snapshot of the imported organisation and one of another.

    Args:
        folder: Where the data folder is made.
        seed: A ZIP of case files that is imported beforehand.
        prepare: Is called with the data folder before the server starts.
    """
    data_dir = folder / "data"
    snapshots = stores.with_example_and(data_dir, seed)
    prepare(data_dir)
    body_file = folder / "body.json"
    body_file.write_bytes(b"{}")
    with loaded_server(data_dir) as server, run_alongside("benchmarks.baselines.bare_tornado", body_file) as bare:
        urls = [f"{server.url}{stores.SNAPSHOTS}/{snapshot}" for snapshot in snapshots]
        arguments = ("PUT", str(PUT_PAUSE_SECONDS), bare.ready_line, *urls)
        with run_alongside("benchmarks.generators.paced", *arguments) as put_load:
            yield server, lambda: msgspec.json.decode(put_load.end(), type=Waits)


def _beside_baseline(
    name: str, imports: list[ImportResult], baseline: list[tuple[float, float]]
) -> list[BenchmarkResult]:
    """Return what one way of importing took beside bare lxml, and how long PUTs waited for it."""
    return [
        ratio(name, [each.wall for each in imports], [wall for wall, _ in baseline], IMPORT_TARGET),
        ratio(
            "- its processor time (that of the server and its PUTs too)",
            [each.cpu for each in imports],
            [cpu for _, cpu in baseline],
        ),
        _longest_wait("longest wait of a PUT meanwhile", imports),
    ]


def _longest_wait(name: str, imports: list[ImportResult]) -> BenchmarkResult:
    """Return the result of all PUTs of all rounds: the longest wait counts."""
    samples = [wait for process_id in imports for wait in process_id.put_waits.samples]
    baseline_samples = [wait for process_id in imports for wait in process_id.put_waits.baseline]
    return BenchmarkResult(
        name, max(samples), "ms", PUT_TARGET_MS, samples=samples, baseline_samples=baseline_samples, samples_unit="ms"
    )
