"""A process that works on a store until it kills itself at a chosen point, as a power cut would.

    python -m tests.support.crash_process DATA_DIR POINT [FILE]

With a FILE it delivers that first. At a point that ends in `-hang` it says so on standard output and waits to be killed.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from preview.core.settings import Settings
from preview.ingest.deliveries import Deliveries
from preview.ingest.delivery_import import Taking
from preview.ingest.spool import Spool
from preview.reports import job_queue
from preview.reports.job_queue import Jobs
from preview.runtime.application import Application

HANGS = "hangs\n"

Function = Callable[..., Any]


def die() -> None:
    """At once, with whatever is half done."""
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    """Until somebody kills it; what comes meanwhile is left to other processes."""
    setattr(Jobs, "claim", lambda *_: None)  # noqa: B010  (as the points are patched)
    setattr(Deliveries, "claim", lambda *_: None)  # noqa: B010
    sys.stdout.write(HANGS)
    sys.stdout.flush()
    time.sleep(60)


def before(then: Callable[[], None]) -> Callable[[Function], Function]:
    """In place of the function."""
    return lambda _: lambda *_, **__: then()


def after(then: Callable[[], None], call: int = 1) -> Callable[[Function], Function]:
    """When the function has been called for the `call`-th time."""

    def wrap(function: Function) -> Function:
        left = call

        def wrapped(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            result = function(*arguments, **named)
            left -= 1
            if left == 0:
                then()
            return result

        return wrapped

    return wrap


def halfway(then: Callable[[], None]) -> Callable[[Function], Function]:
    """In the middle of an aggregation's read transaction."""

    def wrap(function: Function) -> Function:
        def on_progress(completed: float) -> None:
            if completed > 0.5:
                then()

        return lambda self, job, _: function(self, job, on_progress)

    return wrap


POINTS: dict[str, tuple[Any, str, Callable[[Function], Function]]] = {
    "job-claimed": (Jobs, "read", before(die)),
    "job-half-read": (Jobs, "read", halfway(die)),
    "job-before-commit": (job_queue, "settle", after(die)),
    "job-committed": (Jobs, "complete", after(die)),
    "job-half-read-hang": (Jobs, "read", halfway(hang)),
    "delivery-not-written-down": (Deliveries, "_received", before(die)),
    "delivery-received": (Deliveries, "_received", after(die)),
    "delivery-between": (Taking, "fold", after(die, 2)),
    "delivery-between-hang": (Taking, "fold", after(hang, 2)),
    "delivery-before-commit": (Taking, "_tell", after(die)),
    "delivery-in-spool": (Spool, "delete", before(die)),
}
"""By name: what is patched, and how. `settle` is the last thing that a job's last transaction does."""


def main(data_dir: str, point: str, *files: str) -> None:
    """Works until it dies; ends with an error where the point is not reached."""
    owner, name, wrap = POINTS[point]
    application = Application.open(Settings(data_dir=Path(data_dir), auto_aggregate=False))
    setattr(owner, name, wrap(getattr(owner, name)))
    if files:
        application.deliveries.receive_paths([Path(file) for file in files], full=False, actor="test")
    application.start()
    time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
