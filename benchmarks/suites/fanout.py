"""Measures how long after a commit thousands of event streams get their event, and what an open stream costs, beside
sse-starlette and nginx with nchan.
"""

import tempfile
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.baselines import nchan_server
from benchmarks.fixtures import stores
from benchmarks.processes import PEERS_PYTHON, Helper, loaded_server, resident_bytes, run_alongside
from benchmarks.results import BenchmarkResult, ratio
from preview.storage.sqlite import STORE_FILE
from tests.support.server_process import Server

COUNTS = (1000, 4000)
DELAY_TARGET = 0.4
NCHAN_DELAY_TARGET = 1.5
MEMORY_TARGET = 0.35

COMMENT = '{"field_key": null, "text": "?"}'
COMMENTS = f"/api/v1/reviews/{stores.EXAMPLE}/2024/comments"


class Peer(NamedTuple):
    """A server of streams: its name, address and process, the stream's path, and the request that sends an event."""

    name: str
    url: str
    pid: int
    stream_path: str
    trigger: tuple[str, str, str]


def measure(rounds: int = 15, counts: Sequence[int] = COUNTS) -> list[BenchmarkResult]:
    """Measure all servers in turns, each in its own process, by the same client."""
    results: list[BenchmarkResult] = []
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        stores.with_example(data_dir)
        for count in counts:
            with _servers(data_dir) as servers:
                results += _measure(servers, count, rounds, with_memory=count == max(counts))
    return results


def program_as_peer(server: Server) -> Peer:
    """Return a server of the program as one of those that are compared."""
    return Peer(
        "the program",
        server.url,
        server.process.pid,
        f"{stores.SNAPSHOTS}/watch",
        ("POST", COMMENTS, COMMENT),
    )


@contextmanager
def _servers(data_dir: Path) -> Generator[list[Peer]]:
    with ExitStack() as stack:
        program = stack.enter_context(loaded_server(data_dir, "--max-streams", "16000"))
        starlette = stack.enter_context(
            run_alongside("benchmarks.baselines.fastapi_server", data_dir / STORE_FILE, python=PEERS_PYTHON)
        )
        publish = ("POST", "/publish", "{}")
        servers = [
            program_as_peer(program),
            Peer("sse-starlette", starlette.ready_line, starlette.pid, "/watch", publish),
        ]
        if nchan_server.is_installed():
            nchan = stack.enter_context(run_alongside("benchmarks.baselines.nchan_server"))
            address, _, pid = nchan.ready_line.partition(" ")
            servers.append(Peer("nginx with nchan", address, int(pid), "/watch", publish))
        yield servers


def _measure(servers: list[Peer], count: int, rounds: int, *, with_memory: bool) -> list[BenchmarkResult]:
    delays: dict[str, list[float]] = {server.name: [] for server in servers}
    memory: dict[str, float] = {}
    with ExitStack() as stack:
        clients: dict[str, Helper] = {}
        for server in servers:
            before = resident_bytes(server.pid)
            clients[server.name] = stack.enter_context(open_streams(server, count))
            memory[server.name] = (resident_bytes(server.pid) - before) / 1_000_000
        for number in range(rounds + 1):
            for server in servers:
                _, last = clients[server.name].request("").split()
                if number:  # The first round warms up the servers.
                    delays[server.name].append(float(last))
    program, starlette, *others = (server.name for server in servers)
    results = [
        ratio(
            f"an event on {count:,} streams (p99 of the streams) beside {name}",
            delays[program],
            delays[name],
            DELAY_TARGET if name == starlette else NCHAN_DELAY_TARGET,
            unit="ms",
        )
        for name in (starlette, *others)
    ]
    if with_memory:
        results.append(
            ratio(
                f"memory of {count:,} streams beside {starlette}",
                [memory[program]],
                [memory[starlette]],
                MEMORY_TARGET,
                unit="MB",
            )
        )
    return results


def open_streams(server: Peer, count: int) -> AbstractContextManager[Helper]:
    """Open so many streams for the duration of a block, by a process that measures their delays."""
    address = urlsplit(server.url)
    return run_alongside(
        "benchmarks.generators.streams",
        address.hostname or "",
        str(address.port),
        server.stream_path,
        str(count),
        *server.trigger,
    )
