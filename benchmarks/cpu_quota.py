"""Gives processes a fixed share of a core each, by a cgroup (version 1) with the controller `cpu`."""

import os
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup/cpu")
_CONTROLLER = "cpu"
_PERIOD_MICROSECONDS = 10_000
"""Short, so that a process that has used its share does not pause for longer than its answers take anyway."""


def can_limit() -> bool:
    """Return whether this machine has the controller, and this user may make groups of it."""
    return (_ROOT / "cpu.cfs_period_us").exists() and os.access(_group_of(os.getpid()) / "cgroup.procs", os.W_OK)


@contextmanager
def limited(pids: Iterable[int], cores: float) -> Generator[None]:
    """Give each of the processes so much of a core for the duration of a block, such as 0.4."""
    with ExitStack() as stack:
        for pid in pids:
            stack.enter_context(_limited(pid, cores))
        yield


@contextmanager
def _limited(pid: int, cores: float) -> Generator[None]:
    own = _group_of(pid)
    group = own / f"bufdir-preview-bench-{pid}"
    group.mkdir()
    try:
        _write(group / "cpu.cfs_period_us", _PERIOD_MICROSECONDS)
        _write(group / "cpu.cfs_quota_us", round(cores * _PERIOD_MICROSECONDS))
        _write(group / "cgroup.procs", pid)
        yield
    finally:
        # A group that has processes cannot be removed.
        for member in (group / "cgroup.procs").read_text(encoding="ascii").split():
            _write(own / "cgroup.procs", int(member))
        group.rmdir()


def _group_of(pid: int) -> Path:
    """Return the folder of the group that a process belongs to."""
    for line in Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if _CONTROLLER in controllers.split(","):
            return _ROOT / path.removeprefix("/")
    return _ROOT


def _write(path: Path, value: int) -> None:
    path.write_text(f"{value}\n", encoding="ascii")
