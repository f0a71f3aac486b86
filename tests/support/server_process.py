"""Runs the program as a separate process, for tests that use HTTP, crash it or restart it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import httpx

from preview.storage.sqlite import STORE_FILE
from tests.support.empty_store import copy_empty_store
from tests.support.fork_server import REPOSITORY, ForkedProcess, ForkServer
from tests.support.reporting_period import REPORTING_PERIOD

ADDRESS_PREFIX = "Bufdir Preview: "
START_SECONDS = 30
STOP_SECONDS = 10
# Below those that systems give to outgoing connections.
_FIRST_PORTS = {"server": 20_000, "proxy": 10_000}
_PORTS = 10_000

_fork_servers: list[ForkServer] = []


@contextmanager
def forking_servers() -> Generator[None]:
    """Fork all servers of a block from one process that has imported the program, but for those that are `fresh`."""
    fork_server = ForkServer()
    _fork_servers.append(fork_server)
    try:
        yield
    finally:
        _fork_servers.remove(fork_server)
        fork_server.close()


def start_process(
    arguments: list[str], cwd: Path, environment: dict[str, str], *, fresh: bool, launcher: Sequence[str] = ()
) -> "subprocess.Popen[str] | ForkedProcess":
    """Start `app.py`: forked within `forking_servers`, unless it is to be fresh; otherwise from nothing."""
    if _is_forked(fresh, launcher):
        return fork_process(arguments, cwd, environment)
    return subprocess.Popen(
        [*launcher, sys.executable, str(REPOSITORY / "app.py"), *arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _is_forked(fresh: bool, launcher: Sequence[str]) -> bool:
    return bool(_fork_servers) and not fresh and not launcher


def fork_process(arguments: list[str], cwd: Path, environment: dict[str, str], module: str = "app") -> ForkedProcess:
    """Call `main` of the module in a process that is forked within `forking_servers`."""
    return _fork_servers[-1].start(arguments, cwd, environment, module)


class Server:
    """A running `app.py serve` on a data folder. It is ready when the object exists; `url` has no trailing slash."""

    def __init__(
        self,
        data_dir: Path,
        arguments: Sequence[str] = (),
        environment: dict[str, str] | None = None,
        port: int = 0,
        *,
        fresh: bool = False,
        launcher: Sequence[str] = (),
    ) -> None:
        """Start the server and wait until `/readyz` answers 200.

        Args:
            data_dir: Folder of its store.
            arguments: Further arguments of `serve`.
            environment: Variables beside those of this process, of which none sets the program up.
            port: Port to listen on, or 0 for any: the worker's own if it is free.
            fresh: Whether the program starts from nothing, within `forking_servers` and without a store too.
            launcher: A command that runs the program, which is fresh then, as the command that follows it.

        Raises:
            RuntimeError: It did not become ready; the message contains its output.
        """
        self.data_dir = data_dir
        self._lines: list[str] = []
        self._listening = threading.Event()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BUFDIR_PREVIEW_")}
        if "--demo" not in arguments:
            inherited["BUFDIR_PREVIEW_REPORTING_PERIOD"] = REPORTING_PERIOD
        data_dir.mkdir(parents=True, exist_ok=True)
        if _is_forked(fresh, launcher):
            copy_empty_store(data_dir / STORE_FILE)
        self.process = start_process(
            ["serve", "--port", str(port or free_port("server")), "--data-dir", str(data_dir), *arguments],
            cwd=data_dir.parent,  # no bufdir-preview.toml of the person who runs the tests
            environment=inherited | {"PYTHONUNBUFFERED": "1"} | (environment or {}),
            fresh=fresh,
            launcher=launcher,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = self._address()
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    @property
    def output(self) -> str:
        """Return the output so far, of both streams."""
        return "".join(self._lines)

    @property
    def port(self) -> int:
        """The port that it listens on; pass it to another `Server` to reuse the address."""
        return httpx.URL(self.url).port or 80

    def stop(self) -> int:
        """Stop the server by SIGTERM and return its exit code; kill it and fail if it does not end in time."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"The server did not end within {STOP_SECONDS} s of SIGTERM.\n{self.output}") from None
        self._close()
        return code

    def kill(self) -> None:
        """Kill the server and its child processes by SIGKILL, like a power cut."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._close()

    def _close(self) -> None:
        self._reader.join(STOP_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.append(line)
            if line.startswith(ADDRESS_PREFIX):
                self._listening.set()
        self._listening.set()

    def _address(self) -> str:
        self._listening.wait(START_SECONDS)
        for line in self._lines:
            if line.startswith(ADDRESS_PREFIX):
                return line.removeprefix(ADDRESS_PREFIX).strip().rstrip("/")
        raise RuntimeError(f"The server printed no address.\n{self.output}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"The server is not ready.\n{self.output}")


def free_port(use: Literal["server", "proxy"]) -> int:
    """Return the port of this process of the tests, one for each use, or 0 if something listens there.

    A browser keeps what it has made of a script under the script's address, so servers one after the other share it,
    and so do proxies.
    """
    port = _FIRST_PORTS[use] + os.getpid() % _PORTS
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


@contextmanager
def running_server(
    data_dir: Path,
    *arguments: str,
    environment: dict[str, str] | None = None,
    port: int = 0,
    fresh: bool = False,
    launcher: Sequence[str] = (),
) -> Generator[Server]:
    """Run a server for the duration of a block, which may stop or kill it. An exception in its log fails the test."""
    server = Server(data_dir, arguments, environment, port, fresh=fresh, launcher=launcher)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()
    assert "Traceback (most recent call last)" not in server.output, server.output
    assert '"error": ' not in server.output, server.output
