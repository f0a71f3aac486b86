"""Measures how long a command and the server take to start."""

import http.client
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.processes import cpu_seconds, run, running_process
from benchmarks.results import BenchmarkResult
from tests.builders import large_dataset

COMMAND_TARGET, SERVER_TARGET = 0.2, 1.5

_POLL_SECONDS, _WAIT_SECONDS = 0.01, 60
_HOST = "127.0.0.1"


def measure(rounds: int = 7) -> list[BenchmarkResult]:
    """Start commands, and servers on a store that exists, by turns."""
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        large_dataset.fill_store(data_dir, 1, ("2024",))
        for _ in range(rounds):
            for name, arguments in {
                "an interpreter alone": ("-c", "pass"),
                "`--help`": ("app.py", "--help"),
                "`list`": ("app.py", "list", "--data-dir", data_dir),
            }.items():
                finished = run(*arguments)
                seconds.setdefault(name, []).append(finished.wall)
                seconds.setdefault(f"- processor time of {name}", []).append(finished.cpu)
            for name, value in _start_server(data_dir).items():
                seconds.setdefault(name, []).append(value)
    targets = {"`--help`": COMMAND_TARGET, "`list`": COMMAND_TARGET, "the server, to its first answer": SERVER_TARGET}
    return [
        BenchmarkResult(
            name if name.startswith("-") else f"start of {name}", median(values), "s", targets.get(name), samples=values
        )
        for name, values in seconds.items()
    ]


def _start_server(data_dir: Path) -> dict[str, float]:
    """Return the seconds until the server answers, until it has sent a page, and its processor time until then."""
    started = time.monotonic()
    with running_process("app.py", "serve", "--data-dir", data_dir, "--port", "0") as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rstrip("/\n").rpartition(":")[2])
        while _status(port, "/readyz") != 200:
            if time.monotonic() > started + _WAIT_SECONDS:
                raise RuntimeError("The server did not start in time.")
            time.sleep(_POLL_SECONDS)
        answered = time.monotonic() - started
        processor = cpu_seconds(process.pid)
        _status(port, "/")
        page = time.monotonic() - started
        process.terminate()
        process.wait(_WAIT_SECONDS)
    return {
        "the server, to its first answer": answered,
        "- processor time of the server": processor,
        "the server, to its first page": page,
    }


def _status(port: int, path: str) -> int | None:
    """Return the status of a GET, None without an answer."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=_WAIT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status
    except OSError:
        return None
    finally:
        connection.close()
