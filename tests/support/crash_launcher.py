"""Starts a process that crashes at a chosen point (`crash_process.py`)."""

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.crash_process import HANGING_LINE
from tests.support.server_process import REPOSITORY


def start_crash_process(data_dir: Path, point: str, *files: Path) -> "subprocess.Popen[str]":
    """Start a process that crashes at a point of `CRASH_POINTS`."""
    command = [sys.executable, "-m", "tests.support.crash_process", str(data_dir), point, *map(str, files)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def run_until_crash(data_dir: Path, point: str, *files: Path) -> None:
    """Run a process until it has crashed."""
    with start_crash_process(data_dir, point, *files) as process:
        assert process.wait(30) == -signal.SIGKILL


@contextmanager
def hanging_process(data_dir: Path, point: str, *files: Path) -> Generator["subprocess.Popen[str]"]:
    """Run a process that hangs at the point for the duration of a block; the block may kill it."""
    with start_crash_process(data_dir, point, *files) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == HANGING_LINE
        try:
            yield process
        finally:
            process.kill()
