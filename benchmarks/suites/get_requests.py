"""Measures GET of a snapshot, an unchanged one and a list, beside FastAPI, Datasette and a bare Tornado handler."""

import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks.fixtures import stores
from benchmarks.generators.gets import load_generator, requests_per_second
from benchmarks.processes import PEERS_PYTHON, loaded_server, run_alongside
from benchmarks.results import BenchmarkResult, ratio
from preview.storage.sqlite import STORE_FILE
from tests.builders import large_dataset

SERVICES = 375
LIST = "?limit=20"


class Comparison(NamedTuple):
    """A request to the program and the same one to a peer, and the least ratio of their rates."""

    name: str
    url: str
    peer_url: str
    target: float
    headers: Mapping[str, str]


def measure(rounds: int = 5, seconds: float = 2, services: int = SERVICES) -> list[BenchmarkResult]:
    """Measure the servers in turns with the same load generator, each in its own process."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        snapshot_id = stores.with_example(data_dir)
        large_dataset.fill_store(data_dir, services)
        with _comparisons(data_dir, snapshot_id, services * len(large_dataset.YEARS)) as comparisons:
            rates = _measure(comparisons, rounds, seconds)
    return [
        ratio(
            f"{comparison.name}, by {load_generator()}",
            [rate for rate, _ in rates[comparison.name]],
            [rate for _, rate in rates[comparison.name]],
            comparison.target,
            at_least=True,
            unit="requests/s",
        )
        for comparison in comparisons
    ]


@contextmanager
def _comparisons(data_dir: Path, snapshot_id: str, snapshots: int) -> Generator[list[Comparison]]:
    """Start all servers, and yield what is compared."""
    store, body_file = data_dir / STORE_FILE, data_dir / "snapshot.json"
    with ExitStack() as stack:
        program = f"{stack.enter_context(loaded_server(data_dir)).url}{stores.SNAPSHOTS}"
        document = httpx.get(f"{program}/{snapshot_id}").raise_for_status()
        body_file.write_bytes(document.content)
        fastapi, datasette = (
            stack.enter_context(run_alongside(f"benchmarks.baselines.{name}", store, python=PEERS_PYTHON)).ready_line
            for name in ("fastapi_server", "datasette_server")
        )
        tornado = stack.enter_context(run_alongside("benchmarks.baselines.bare_tornado", body_file)).ready_line
        if {httpx.get(url).content for url in (f"{fastapi}snapshots/{snapshot_id}", tornado)} != {document.content}:
            raise RuntimeError("The servers do not return the same bytes.")
        if httpx.get(f"{fastapi}snapshots{LIST}").json()["data"] != httpx.get(f"{program}{LIST}").json()["data"]:
            raise RuntimeError("The servers do not return the same list.")
        snapshot, fastapi_snapshot = f"{program}/{snapshot_id}", f"{fastapi}snapshots/{snapshot_id}"
        row = f"{datasette}{store.stem}/snapshot/{int(snapshot_id.removeprefix('snap-'))}.json?_col=document&_col=etag"
        httpx.get(row).raise_for_status()
        unchanged = {"If-None-Match": document.headers["ETag"]}
        yield [
            Comparison("GET of a snapshot beside FastAPI", snapshot, fastapi_snapshot, 1.2, {}),
            Comparison("GET of an unchanged one (304) beside FastAPI", snapshot, fastapi_snapshot, 1.3, unchanged),
            Comparison(
                f"GET of 20 snapshots of {snapshots:,} beside FastAPI",
                program + LIST,
                f"{fastapi}snapshots{LIST}",
                1,
                {},
            ),
            Comparison("GET of a snapshot beside a row of Datasette", snapshot, row, 10, {}),
            Comparison("GET of a snapshot beside bare Tornado", snapshot, tornado, 0.8, {}),
        ]


def _measure(comparisons: list[Comparison], rounds: int, seconds: float) -> dict[str, list[tuple[float, float]]]:
    rates: dict[str, list[tuple[float, float]]] = {comparison.name: [] for comparison in comparisons}
    for number in range(rounds + 1):
        for comparison in comparisons:
            pair = (
                requests_per_second(comparison.url, seconds, comparison.headers),
                requests_per_second(comparison.peer_url, seconds, comparison.headers),
            )
            if number:  # The first round warms up the servers.
                rates[comparison.name].append(pair)
    return rates
