"""Import of a ZIP of case folders beside bare lxml, while PUTs are sent to a running server on the same store."""

import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks import folder_fixtures, store_fixtures
from benchmarks.processes import beside, children_of, cpu_of, run
from benchmarks.put_load import Waits
from benchmarks.results import Figure, ratio
from tests.support.server_process import Server, running

IMPORT_TARGET = 5.0
PUT_TARGET_MS = 100.0

_SEED_FOLDERS = 200


class Import(NamedTuple):
    """One import: how long it took, and how long PUTs waited meanwhile."""

    wall: float
    cpu: float
    waits: Waits


def measure(count: int = 20_000, rounds: int = 3) -> list[Figure]:
    """In turns: bare lxml; the command line beside a server; the server itself, to which the ZIP is POSTed."""
    path = folder_fixtures.zip_of(count)
    seed = folder_fixtures.zip_of(min(count, _SEED_FOLDERS))
    bare: list[tuple[float, float]] = []
    by_cli: list[Import] = []
    by_server: list[Import] = []
    for _ in range(rounds):
        bare.append(parse_bare(path))
        by_cli.append(_beside_server(path, seed))
        bare.append(parse_bare(path))
        by_server.append(_by_server(path, seed))
    wall, cpu = [each[0] for each in bare], [each[1] for each in bare]
    return [
        ratio(f"import of {count:,} folders beside a server, PUTs all along", [each.wall for each in by_cli], wall, IMPORT_TARGET),
        ratio("- its processor time (that of the server and its PUTs too)", [each.cpu for each in by_cli], cpu),
        _longest("longest wait of a PUT meanwhile", by_cli),
        ratio(f"the server itself takes {count:,} folders, PUTs all along", [each.wall for each in by_server], wall, IMPORT_TARGET),
        ratio("- its processor time (that of the server and its PUTs too)", [each.cpu for each in by_server], cpu),
        _longest("longest wait of a PUT meanwhile", by_server),
    ]


def parse_bare(path: Path) -> tuple[float, float]:
    """Seconds of wall clock and of processor that bare lxml takes to parse every file of a ZIP."""
    wall, cpu = run("-m", "benchmarks.baselines.bare_lxml", path).output.split()
    return float(wall), float(cpu)


def _beside_server(path: Path, seed: Path) -> Import:
    with tempfile.TemporaryDirectory() as folder, _measured_server(Path(folder), seed) as (server, waits):
        before = _cpu_of_all(server.process.pid)  # it may be the server that takes what the command line has laid in the store
        outcome = run("app.py", "import", "--data-dir", server.data_dir, path)
        return Import(outcome.wall, outcome.cpu + _cpu_of_all(server.process.pid) - before, waits())


def _by_server(path: Path, seed: Path) -> Import:
    with tempfile.TemporaryDirectory() as folder, _measured_server(Path(folder), seed) as (server, waits):
        before = _cpu_of_all(server.process.pid)
        began = time.perf_counter()
        store_fixtures.post(server.url, path.read_bytes(), "application/zip")
        wall = time.perf_counter() - began
        return Import(wall, _cpu_of_all(server.process.pid) - before, waits())


@contextmanager
def _measured_server(folder: Path, seed: Path) -> Generator[tuple[Server, Callable[[], Waits]]]:
    """A server to which PUTs are sent, for a snapshot of the organisation that is imported and one of another; what ends them."""
    data_dir = folder / "data"
    snapshots = store_fixtures.with_example_and(data_dir, seed)
    bytes_ = folder / "body.json"
    bytes_.write_bytes(b"{}")
    with running(data_dir) as server, beside("benchmarks.baselines.bare_tornado", bytes_) as bare:
        urls = [f"{server.url}{store_fixtures.SNAPSHOTS}/{snapshot}" for snapshot in snapshots]
        with beside("benchmarks.put_load", bare.ready_line, *urls) as putting:
            yield server, lambda: msgspec.json.decode(putting.end(), type=Waits)


def _cpu_of_all(pid: int) -> float:
    return sum(cpu_of(each) for each in (pid, *children_of(pid)))


def _longest(what: str, imports: list[Import]) -> Figure:
    """All PUTs of all rounds: the longest wait counts."""
    ours = [wait for each in imports for wait in each.waits.ours]
    bare = [wait for each in imports for wait in each.waits.bare]
    return Figure(what, max(ours), "ms", PUT_TARGET_MS, ours=ours, peer=bare, samples_unit="ms")
