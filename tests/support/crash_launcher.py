"""Starts the process that dies at a chosen point (`crashing.py`), and waits for its end."""

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.crash_process import HANGING_LINE
from tests.support.server_process import REPOSITORY


def start_crash_process(data_dir: Path, point: str, *files: Path) -> "subprocess.Popen[str]":
    """The process that will die there."""
    command = [sys.executable, "-m", "tests.support.crash_process", str(data_dir), point, *map(str, files)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def run_until_crash(data_dir: Path, point: str, *files: Path) -> None:
    """Runs it until it is dead."""
    with start_crash_process(data_dir, point, *files) as process:
        assert process.wait(30) == -signal.SIGKILL


@contextmanager
def hanging_process(data_dir: Path, point: str, *files: Path) -> Generator["subprocess.Popen[str]"]:
    """It hangs there for the length of the block, or until it is killed in it."""
    with start_crash_process(data_dir, point, *files) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == HANGING_LINE
        try:
            yield process
        finally:
            process.kill()
