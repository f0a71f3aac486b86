"""Loads the demo's deliveries into an empty store through the real pipeline, while the server is already running.

The progress is stored, so that another process or the next start continues after a crash.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import TypeVar

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.leader_lock import LeaderLock
from preview.core.passing_faults import PassingFault, as_passing
from preview.core.periods import Period
from preview.demo import case_system
from preview.demo.decisions import DemoReviewer, ReportDecisions
from preview.demo.deliveries import DemoDelivery, demo_deliveries
from preview.reports.job_queue import claim, enqueue
from preview.reports.reconcile import reconcile
from preview.reports.snapshots import create_snapshot
from preview.runtime.application import Application
from preview.storage import jobs, meta, snapshots
from preview.storage.database import Connection
from preview.storage.jobs import JobRow

T = TypeVar("T")

log = logging.getLogger(__name__)

ACTOR = "demo"
FAILURE_DETAIL = "The demo made this aggregation fail, to show how a failure is displayed."
_STATE = "demo_loading"
_POLL_SECONDS = 0.02
_LEADER_POLL_SECONDS = 0.5
_LONGEST_WAIT_FOR_REPORT_SECONDS = 30.0


class _Stopping(Exception):
    """The program is stopping."""


class _Progress(msgspec.Struct, frozen=True):
    """Stored progress: the number of deliveries of the demo data of that day that have been imported."""

    day: date
    done: int = 0


class DemoLoader:
    """Loads the demo on its own thread between `start` and `stop`. Of several processes the leader loads it.

    Args:
        application: The application whose store is loaded.
        today: Last day of the simulation.
    """

    def __init__(self, application: Application, today: date) -> None:
        self._application = application
        self._today = today
        self._leader_lock = LeaderLock(application.settings.data_dir / "demo.lock")
        self._fault = PassingFault("loading the demo")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for it. The next start loads the rest."""
        self._stopping.set()
        self._thread.join()
        self._leader_lock.close()

    def _run(self) -> None:
        try:
            while True:
                is_leader, progress = self._until_done(self._leader_lock.try_acquire), self._until_done(self._progress)
                if progress is None:
                    return
                if is_leader:
                    self._load(progress)
                    return
                self._wait(_LEADER_POLL_SECONDS)
        except _Stopping:
            log.info("the program stopped while the demo was loading; the next start continues")
        except Exception:
            log.exception("the demo could not be loaded completely; the next start continues")

    def _until_done(self, step: Callable[[], T]) -> T:
        """Return the result of a step, which is tried again until no passing fault stops it."""
        while True:
            try:
                result = step()
            except Exception as error:
                passing = as_passing(error)
                if passing is None:
                    raise
                self._wait(self._fault.failed(passing))
            else:
                self._fault.succeeded()
                return result

    def _progress(self) -> _Progress | None:
        """Return the progress; None if the store contains other data or the whole demo."""
        application = self._application
        stored = application.database.read(lambda connection: meta.get(connection, _STATE))
        if stored is not None:
            return msgspec.json.decode(stored, type=_Progress)
        _, deliveries = application.deliveries.page(None, None, 1, 1)
        _, organizations, _ = application.organizations.page(1, 1)
        return None if deliveries or organizations else _Progress(self._today)

    def _load(self, progress: _Progress) -> None:
        database = self._application.database
        for number, delivery in enumerate(demo_deliveries(progress.day)):
            if number >= progress.done:
                reached = msgspec.json.encode(_Progress(progress.day, number)).decode()
                self._until_done(
                    lambda reached=reached: database.write(lambda connection: meta.put(connection, _STATE, reached))
                )
                self._import_delivery(delivery)
                self._decide(delivery.decisions, progress.day)

        def finish(connection: Connection) -> None:
            meta.delete(connection, _STATE)
            case_system.mark_demo_loaded(connection, progress.day)

        self._until_done(lambda: database.write(finish))

    def _import_delivery(self, delivery: DemoDelivery) -> None:
        """Import a delivery and wait for it, and then for the snapshots that it requests."""
        application = self._application
        receipt = self._until_done(
            lambda: application.deliveries.receive([delivery.content], full=delivery.full, actor=ACTOR)
        )
        while self._until_done(lambda: application.deliveries.summary(receipt.delivery_id)).completed_at is None:
            self._wait(_POLL_SECONDS)
        for organization_id, period_id in delivery.fail:
            claimed = self._until_done(partial(_claim_job, application, organization_id, Period.parse(period_id)))
            self._until_done(partial(application.jobs.fail, claimed, FAILURE_DETAIL))
        requests = [
            self._until_done(partial(application.snapshots.request, organization_id, period_id, False, ACTOR))[0]
            for organization_id, period_id in delivery.aggregate
        ]
        for requested in requests:
            while self._until_done(partial(application.jobs.get, requested.job_id)).ended_at is None:
                self._wait(_POLL_SECONDS)

    def _decide(self, decisions: Sequence[ReportDecisions], day: date) -> None:
        """Decide on reports. One that somebody else keeps changing meanwhile is left as it is."""
        reviewer = DemoReviewer(self._application.reviews, self._application.snapshots, day)
        for report in decisions:
            deadline = time.monotonic() + _LONGEST_WAIT_FOR_REPORT_SECONDS
            while not self._until_done(partial(reviewer.decide, report)) and time.monotonic() < deadline:
                self._wait(_POLL_SECONDS)

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _Stopping


def _claim_job(application: Application, organization_id: str, period: Period) -> JobRow:
    """Request and claim an aggregation that is to fail, in one transaction, so that no worker can claim it."""
    report_config = application.report_config

    def claim_job(connection: Connection) -> JobRow:
        newest = next(iter(snapshots.list_for_period(connection, organization_id, period.sort_key)), None)
        if newest is None:
            _, job = create_snapshot(connection, report_config, organization_id, period, ACTOR, automatic=False)
        else:
            jobs.cancel_open(connection, newest.snapshot, format_rfc3339(now()))
            job = enqueue(
                connection, newest.snapshot, organization_id, str(period), actor=ACTOR, reason=None, automatic=False
            )
        reconcile(connection, report_config, organization_id)
        claimed = claim(connection, application.worker_id, job.job)
        assert claimed is not None  # The delivery is imported, and no job of the snapshot runs.
        return claimed

    return application.database.write(claim_job)
