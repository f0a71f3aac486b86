"""Faults that pass by themselves or when an operator acts: a full disk, a held lock, an I/O error.

They never end a thread or a process. The step that met one is tried again after a pause that grows; it is logged once
with its cause when it begins and once when it has passed, and reported by `/readyz` meanwhile.
"""

import errno
import logging
import threading
from collections.abc import Iterator

from preview.core.errors import InsufficientStorage, Unavailable

log = logging.getLogger(__name__)

_PAUSES = (0.25, 0.5, 1.0, 2.0)
"""Seconds before the second, third, ... attempt; the last one repeats, so that recovery takes no longer than it."""

RETRY_AFTER_SECONDS = 2
"""When a client may repeat a request that met a passing fault: threads try again as often."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE})


def as_passing(error: BaseException) -> Unavailable | None:
    """Return a passing fault in the domain's words, or None if the error is not one.

    `Unavailable` and its subclasses are passing. Of `OSError`, those of a full disk or quota become
    `InsufficientStorage`, any other one `Unavailable`; its message names no file.
    """
    if isinstance(error, Unavailable):
        return error
    if not isinstance(error, OSError):
        return None
    if error.errno in _FULL:
        return InsufficientStorage("The disk is full.")
    if error.errno in _NO_DESCRIPTOR:
        return Unavailable("Too many files and connections are open.")
    return Unavailable(f"The disk cannot be used ({error.strerror or type(error).__name__}).")


def pauses() -> Iterator[float]:
    """Yield the seconds to wait before each further attempt, without end."""
    yield from _PAUSES[:-1]
    while True:
        yield _PAUSES[-1]


class PassingFault:
    """The state of one repeated step: whether it is failing now, why, and how long to wait before the next attempt.

    Only the thread that runs the step calls `failed` and `succeeded`; any thread may read `cause`.
    """

    def __init__(self, step: str) -> None:
        self.cause: str | None = None
        """Why the step fails at present, None while it works."""
        self._step = step
        self._pauses = pauses()

    def failed(self, fault: Unavailable) -> float:
        """Note a failed attempt, log it if it is the first or has another cause, and return the seconds to wait."""
        if self.cause != fault.detail:
            log.warning("%s fails and is tried again: %s", self._step, fault.detail)
        self.cause = fault.detail
        return next(self._pauses)

    def succeeded(self) -> None:
        """Note that the step works, and log it if it failed before."""
        if self.cause is not None:
            log.warning("%s works again", self._step)
            self.cause = None
            self._pauses = pauses()


class PassingFaults:
    """The passing faults of a process' steps, by name of the step, for readiness."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[str, PassingFault] = {}

    def step(self, name: str) -> PassingFault:
        """Return the state of a step, which is made when it is first asked for."""
        with self._lock:
            return self._faults.setdefault(name, PassingFault(name))

    def forget(self, name: str) -> None:
        """Drop the state of a step that is over."""
        with self._lock:
            self._faults.pop(name, None)

    def causes(self) -> list[str]:
        """Return a sentence for each step that fails at present."""
        with self._lock:
            faults = list(self._faults.items())
        return [f"{name} waits: {fault.cause}" for name, fault in faults if fault.cause is not None]
