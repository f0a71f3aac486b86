"""Starts a process that crashes at a chosen point (`crash_process.py`)."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support import crash_process
from tests.support.fork_server import REPOSITORY, ForkedProcess
from tests.support.server_process import fork_process

EXIT_SECONDS = 30


@contextmanager
def crashing_process(data_dir: Path, point: str, *files: Path) -> Generator[ForkedProcess]:
    """Run a process that crashes at a point of `CRASH_POINTS` for the duration of a block; kill it at its end."""
    arguments = [str(data_dir), point, *map(str, files)]
    process = fork_process(arguments, REPOSITORY, dict(os.environ), crash_process.__name__)
    with process.stdout:
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def run_until_crash(data_dir: Path, point: str, *files: Path) -> None:
    """Run a process until it has crashed."""
    with crashing_process(data_dir, point, *files) as process:
        assert process.wait(EXIT_SECONDS) == -signal.SIGKILL, process.stdout.read()


@contextmanager
def hanging_process(data_dir: Path, point: str, *files: Path) -> Generator[ForkedProcess]:
    """Run a process that hangs at the point for the duration of a block; the block may kill it."""
    with crashing_process(data_dir, point, *files) as process:
        assert process.stdout.readline() == crash_process.HANGING_LINE
        yield process
