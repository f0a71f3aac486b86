"""Signals that the real program gets, with one process and with two."""

import os
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.server_process import Server, running_server


def exit_code(server: Server) -> int:
    """Wait until the server has ended, and return its exit code."""
    code = server.process.wait(15)
    server.kill()  # closes its pipe
    return code


@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_ends_with_exit_code_0(data_dir: Path, processes: str) -> None:
    with running_server(data_dir, "--processes", processes, "--demo", "--demo-live", fresh=True) as server:
        os.killpg(server.process.pid, signal.SIGINT)  # a terminal sends it to the whole group
        assert exit_code(server) == 0


def test_second_ctrl_c_does_not_change_the_exit_code(data_dir: Path) -> None:
    with running_server(data_dir, fresh=True) as server:
        for _ in range(20):
            os.killpg(server.process.pid, signal.SIGINT)
            try:
                server.process.wait(0.1)
                break
            except subprocess.TimeoutExpired:
                continue
        assert exit_code(server) == 0


@pytest.mark.parametrize("processes", ["1", "2"])
def test_hangup_and_user_signal_do_not_end_the_server(data_dir: Path, processes: str) -> None:
    with running_server(data_dir, "--processes", processes) as server:
        for signal_number in (signal.SIGHUP, signal.SIGUSR1):
            os.killpg(server.process.pid, signal_number)
        assert httpx.get(f"{server.url}/readyz", timeout=20).status_code == 200
        assert server.stop() == 0
