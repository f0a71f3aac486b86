"""Forks servers from a process that has imported the program already, as the program does with several processes.

Importing Panel takes more than a second of CPU time, reading the program's files and compiling its templates takes half
a second, and the tests start some 80 servers. Only that is shared: each server is a process of its own, with its own
arguments, environment, session and exit code. Some tests in `tests/test_signals.py` and `tests/test_start.py` start the
program from nothing, and so does everything outside of pytest.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TextIO

REPOSITORY = Path(__file__).resolve().parents[2]
_MAX_REQUEST_BYTES = 1 << 20


class ForkedProcess:
    """A server that the fork server has forked, with what tests use of `subprocess.Popen`."""

    def __init__(self, stdout: TextIO, status: int) -> None:
        """Wait until the process exists.

        Args:
            stdout: Its output, of both streams.
            status: Pipe from which its process id can be read, and its exit code when it has ended.
        """
        self.stdout = stdout
        self.returncode: int | None = None
        self._status = status
        self.pid = self._read_number()

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self._read_exit_code()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the process.

        Args:
            timeout: Seconds to wait, or None to wait for ever.

        Returns:
            Its exit code; that of a process that a signal has killed is the negative number of the signal.

        Raises:
            subprocess.TimeoutExpired: It runs still.
        """
        if self.returncode is None:
            if timeout is not None and not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("serve", timeout)
            self._read_exit_code()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process by SIGKILL, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _read_exit_code(self) -> None:
        self.returncode = self._read_number()
        os.close(self._status)

    def _read_number(self) -> int:
        line = b""
        while not line.endswith(b"\n"):
            read = os.read(self._status, 1)
            if not read:
                raise RuntimeError("The fork server is gone.")
            line += read
        return int(line)


class ForkServer:
    """Starts the fork server when it is first needed, and asks it for servers."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def start(self, arguments: list[str], cwd: Path, environment: dict[str, str], module: str = "app") -> ForkedProcess:
        """Call `main` of the module with these arguments, in a session of its own, in this folder and environment."""
        if self._socket is None:
            self._socket, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", __name__, str(theirs.fileno())],
                    cwd=REPOSITORY,
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
        output, their_output = os.pipe()
        status, their_status = os.pipe()
        request = json.dumps(
            {"arguments": arguments, "cwd": str(cwd), "environment": environment, "module": module}
        ).encode()
        socket.send_fds(self._socket, [len(request).to_bytes(4, "big") + request], [their_output, their_status])
        os.close(their_output)
        os.close(their_status)
        return ForkedProcess(open(output, encoding="utf-8"), status)  # noqa: PTH123  (a descriptor)

    def close(self) -> None:
        """End the fork server; servers that still run go on."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.wait()


def serve_requests(connection: socket.socket) -> None:
    """Fork a server for each request. A process between waits for it, and tells its number and its exit code."""
    import app

    app.preload_modules()
    _load_files()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process between stays as a zombie
    while True:
        data, descriptors, _, _ = socket.recv_fds(connection, 4, 2)
        if not data:
            return
        size, request = int.from_bytes(data, "big"), b""
        while len(request) < size:
            request += connection.recv(size - len(request))
        output, status = descriptors
        if os.fork() == 0:
            connection.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            pid = os.fork()
            if pid == 0:
                os.close(status)
                _run(output, **json.loads(request))
                return
            os.close(output)
            os.write(status, b"%d\n" % pid)
            _, ended = os.waitpid(pid, 0)
            os.write(status, b"%d\n" % os.waitstatus_to_exitcode(ended))
            os._exit(0)
        os.close(output)
        os.close(status)


def _load_files() -> None:
    """Load what each server would load: a process loads a file once, and here that is the one that is forked."""
    from components import assets
    from components.layout import templates
    from preview.form.catalogue import Catalogue
    from preview.i18n.catalog import MessageCatalog

    Catalogue.load()
    MessageCatalog.load()
    loaded = assets.load_assets()
    loaded.compress()
    templates.compile_templates(templates.create_environment(loaded, ""))


def _run(output: int, arguments: list[str], cwd: str, environment: dict[str, str], module: str) -> None:
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    importlib.import_module(module).main()


if __name__ == "__main__":
    serve_requests(socket.socket(fileno=int(sys.argv[1])))
