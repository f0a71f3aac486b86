"""Takes the demo's deliveries through the real pipeline, into an empty store, while the server already shows what is there."""

import logging
import threading
import time
from datetime import date

from preview.application import Application
from preview.clock import now, timestamp
from preview.demo import live
from preview.demo.deliveries import iterate
from preview.errors import Unavailable
from preview.jobs import add, claim
from preview.periods import Period
from preview.settling import settle
from preview.snapshots import create
from preview.store import jobs, snapshots
from preview.store.database import Connection
from preview.store.jobs import JobRow

log = logging.getLogger(__name__)

ACTOR = "demo"
DETAIL = "The demo lets this aggregation fail, to show what that looks like."
_LOOK_SECONDS = 0.02


def start(application: Application, today: date) -> threading.Thread | None:
    """Begins on a thread of its own; None where the store is not empty."""
    _, deliveries = application.deliveries.page(None, None, 1, 1)
    _, organizations, _ = application.organizations.page(1, 1)
    if deliveries or organizations:
        return None
    thread = threading.Thread(target=_run, args=(application, today), name="demo", daemon=True)
    thread.start()
    return thread


def load(application: Application, today: date) -> None:
    """Delivers all, each after the one before has been taken, and asks for the snapshots; waits until they are there."""
    for delivery in iterate(today):
        receipt = application.deliveries.receive([delivery.content], full=delivery.full, actor=ACTOR)
        while application.deliveries.document(receipt.delivery_id).completed_at is None:
            time.sleep(_LOOK_SECONDS)
        for organization_id, period_id in delivery.fail:
            _fail(application, organization_id, Period.parse(period_id))
        asked = [
            application.snapshots.request(organization_id, period_id, False, ACTOR)[0] for organization_id, period_id in delivery.aggregate
        ]
        for requested in asked:
            while application.jobs.document(requested.job_id).ended_at is None:
                time.sleep(_LOOK_SECONDS)
    application.database.write(lambda connection: live.ready(connection, today))


def _fail(application: Application, organization_id: str, period: Period) -> None:
    """An aggregation that fails; asked for and claimed in one transaction, so that no worker gets hold of it."""
    form = application.form

    def work(connection: Connection) -> JobRow:
        newest = next(iter(snapshots.of_period(connection, organization_id, period.order)), None)
        if newest is None:
            _, job = create(connection, form, organization_id, period, ACTOR, automatic=False)
        else:
            jobs.cancel_open(connection, newest.snapshot, timestamp(now()))
            job = add(connection, newest.snapshot, organization_id, str(period), actor=ACTOR, reason=None, automatic=False)
        settle(connection, form, organization_id)
        claimed = claim(connection, application.worker_number, job.job)
        assert claimed is not None  # the delivery has been taken, and nothing of the snapshot runs
        return claimed

    application.jobs.fail(application.database.write(work), DETAIL)


def _run(application: Application, today: date) -> None:
    try:
        load(application, today)
    except Unavailable:
        log.info("stopped while the demo was loading")
    except Exception:
        log.exception("the demo could not be loaded")
