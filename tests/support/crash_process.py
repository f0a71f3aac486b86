"""Works on a store and kills its own process at a chosen point, like a power cut.

The fork server (`fork_server.py`) starts it with the arguments DATA_DIR POINT [FILE]. A FILE is delivered first; at a
point that begins with `key-`, a delivery with an idempotency key is. At a point that ends with `-hang` it prints a line
and waits to be killed.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from preview.core.settings import Settings
from preview.ingest.annual_file_import import AnnualFileImporter
from preview.ingest.deliveries import Deliveries
from preview.ingest.delivery_completion import DeliveryCompletion
from preview.ingest.delivery_import import DeliveryImport
from preview.ingest.figure_import import FigureImporter
from preview.ingest.spool import Spool
from preview.reports import job_queue
from preview.reports.job_queue import JobQueue
from preview.runtime.application import Application
from preview.runtime.idempotency import IdempotencyStore, KeyedRequest, StoredResponse
from preview.storage import database, idempotency
from preview.storage.database import Database

HANGING_LINE = "hangs\n"

KEYED_REQUEST = KeyedRequest("deliveries", "a key", b"a body")

Function = Callable[..., Any]


def kill_self() -> None:
    """Kill this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    """Print a line and wait to be killed."""
    setattr(JobQueue, "claim", lambda *_: None)  # noqa: B010  (as the points are patched)
    setattr(Deliveries, "claim", lambda *_: None)  # noqa: B010
    sys.stdout.write(HANGING_LINE)
    sys.stdout.flush()
    time.sleep(60)


def before(action: Callable[[], None]) -> Callable[[Function], Function]:
    """Run the action instead of the function."""
    return lambda _: lambda *_, **__: action()


def after(action: Callable[[], None], call: int = 1) -> Callable[[Function], Function]:
    """Run the action after the `call`-th call of the function."""

    def wrap(function: Function) -> Function:
        remaining_calls = call

        def wrapped(*arguments: Any, **named: Any) -> Any:
            nonlocal remaining_calls
            result = function(*arguments, **named)
            remaining_calls -= 1
            if remaining_calls == 0:
                action()
            return result

        return wrapped

    return wrap


def halfway(action: Callable[[], None]) -> Callable[[Function], Function]:
    """Run the action in the middle of an aggregation's read transaction."""

    def wrap(function: Function) -> Function:
        def on_progress(completed: float) -> None:
            if completed > 0.5:
                action()

        return lambda self, job, _: function(self, job, on_progress)

    return wrap


def send_keyed(
    application: Application, request: KeyedRequest = KEYED_REQUEST, store: IdempotencyStore | None = None
) -> StoredResponse:
    """Receive a delivery with an idempotency key; the response names it."""
    return (store or application.idempotency).run_once(
        request,
        partial(application.deliveries.receive, [b"content"], full=False, actor="test"),
        lambda receipt: StoredResponse(202, f"/{receipt.delivery_id}", receipt.delivery_id.encode()),
    )


CRASH_POINTS: dict[str, tuple[Any, str, Callable[[Function], Function]]] = {
    "job-claimed": (JobQueue, "aggregate", before(kill_self)),
    "job-half-read": (JobQueue, "aggregate", halfway(kill_self)),
    "job-before-commit": (job_queue, "reconcile", after(kill_self)),
    "job-committed": (JobQueue, "complete", after(kill_self)),
    "job-half-read-hang": (JobQueue, "aggregate", halfway(hang)),
    "delivery-not-written-down": (Deliveries, "_insert_delivery", before(kill_self)),
    "delivery-received": (Deliveries, "_insert_delivery", after(kill_self)),
    "delivery-between": (DeliveryImport, "import_batch", after(kill_self, 2)),
    "delivery-between-hang": (DeliveryImport, "import_batch", after(hang, 2)),
    "delivery-before-commit": (DeliveryCompletion, "_append_source_received", after(kill_self)),
    "pieces-written": (Database, "write_in_steps", after(kill_self, 2)),
    "annual-file-prepared": (AnnualFileImporter, "prepare", after(kill_self)),
    "figures-prepared": (FigureImporter, "prepare", after(kill_self)),
    "organization-told": (DeliveryCompletion, "complete_next", after(kill_self, 2)),
    "key-recorded": (idempotency, "insert", after(kill_self)),
    "key-committed": (IdempotencyStore, "run_once", after(kill_self)),
    "delivery-in-spool": (Spool, "delete", before(kill_self)),
}
"""By name: the patched attribute, and how. `reconcile` is the last call in a job's last transaction."""


def main() -> None:
    """Work until the crash; return after a minute if the point is not reached."""
    data_dir, point, *files = sys.argv[1:]
    owner, name, wrap = CRASH_POINTS[point]
    application = Application.open(Settings(data_dir=Path(data_dir), auto_aggregate=False))
    setattr(owner, name, wrap(getattr(owner, name)))
    if point == "organization-told":
        database.STEP_SECONDS = 0.0  # each organisation in a transaction of its own
    if point.startswith("key-"):
        send_keyed(application)
    if files:
        application.deliveries.receive_paths([Path(file) for file in files], full=False, actor="test")
    application.start()
    time.sleep(60)
