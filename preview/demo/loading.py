"""Takes the demo's deliveries through the real pipeline, into an empty store, while the server already shows what is there.

How far it is stands in the store: a process that dies of it leaves the rest to another, or to the next start.
"""

import logging
import threading
from datetime import date

import msgspec

from preview.core.clock import now, timestamp
from preview.core.errors import Unavailable
from preview.core.leader_lock import Lead
from preview.core.periods import Period
from preview.demo import live
from preview.demo.deliveries import DemoDelivery, iterate
from preview.reports.job_queue import add, claim
from preview.reports.reconcile import settle
from preview.reports.snapshots import create
from preview.runtime.application import Application
from preview.storage import jobs, meta, snapshots
from preview.storage.database import Connection
from preview.storage.jobs import JobRow

log = logging.getLogger(__name__)

ACTOR = "demo"
DETAIL = "The demo lets this aggregation fail, to show what that looks like."
_STATE = "demo_loading"
_LOOK_SECONDS = 0.02
_LEAD_SECONDS = 0.5


class _Progress(msgspec.Struct, frozen=True):
    """So many deliveries of the demo of that day have been taken."""

    day: date
    done: int = 0


class Loading:
    """Works on a thread of its own between `start` and `stop`. Of several processes one has the lead."""

    def __init__(self, application: Application, today: date) -> None:
        self._application = application
        self._today = today
        self._lead = Lead(application.settings.data_dir / "demo.lock")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)

    def start(self) -> None:
        """Returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """What is not loaded yet is left for later."""
        self._stopping.set()
        self._thread.join()
        self._lead.close()

    def _run(self) -> None:
        try:
            while True:
                ours, progress = self._lead.is_ours(), self._progress()
                if progress is None:
                    return
                if ours:
                    self._load(progress)
                    return
                self._wait(_LEAD_SECONDS)
        except Unavailable:
            log.info("stopped while the demo was loading")
        except Exception:
            log.exception("the demo could not be loaded")

    def _progress(self) -> _Progress | None:
        """How far it is; None where the store is another's, or holds all of it."""
        application = self._application
        stored = application.database.read(lambda connection: meta.get(connection, _STATE))
        if stored is not None:
            return msgspec.json.decode(stored, type=_Progress)
        _, deliveries = application.deliveries.page(None, None, 1, 1)
        _, organizations, _ = application.organizations.page(1, 1)
        return None if deliveries or organizations else _Progress(self._today)

    def _load(self, progress: _Progress) -> None:
        database = self._application.database
        for number, delivery in enumerate(iterate(progress.day)):
            if number >= progress.done:
                reached = msgspec.json.encode(_Progress(progress.day, number)).decode()
                database.write(lambda connection, reached=reached: meta.put(connection, _STATE, reached))
                self._take(delivery)

        def finish(connection: Connection) -> None:
            meta.delete(connection, _STATE)
            live.ready(connection, progress.day)

        database.write(finish)

    def _take(self, delivery: DemoDelivery) -> None:
        """Waits until it has been taken, and then until the snapshots that it asks for are there."""
        application = self._application
        receipt = application.deliveries.receive([delivery.content], full=delivery.full, actor=ACTOR)
        while application.deliveries.document(receipt.delivery_id).completed_at is None:
            self._wait(_LOOK_SECONDS)
        for organization_id, period_id in delivery.fail:
            _fail(application, organization_id, Period.parse(period_id))
        asked = [
            application.snapshots.request(organization_id, period_id, False, ACTOR)[0] for organization_id, period_id in delivery.aggregate
        ]
        for requested in asked:
            while application.jobs.document(requested.job_id).ended_at is None:
                self._wait(_LOOK_SECONDS)

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Unavailable("The program is stopping.")


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
