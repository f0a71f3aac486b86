"""The worker of a process: claims jobs and deliveries, wakes when there may be some, takes over from dead workers, stops when told.

Threads of its own: aggregations wait for SQLite, which lets go of the GIL; deliveries wait for the reading process.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from preview.core import clock
from preview.core.errors import ClaimLost, NotFound, PreviewError
from preview.core.settings import Settings
from preview.ingest.deliveries import Deliveries, Read
from preview.reports.job_queue import Jobs
from preview.reports.reconcile import Form
from preview.reports.snapshots import automatic
from preview.runtime.worker_registry import Liveness
from preview.storage import jobs
from preview.storage.database import Connection, Database
from preview.storage.jobs import JobRow

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.25
_PROGRESS_SECONDS = 0.25
_JOB_THREADS = 2

Step = Callable[[], bool]
"""Does what there is to do; False where there was nothing, so that it waits until woken, or a moment."""

FAILED = "The aggregation failed by an error of the program; it is in the log."


class Worker:
    """Runs between `start` and `stop`. A thread that dies of an error takes the process' readiness with it: see `died`."""

    def __init__(
        self,
        database: Database,
        form: Form,
        settings: Settings,
        jobs: Jobs,
        deliveries: Deliveries,
        liveness: Liveness,
        read: Read,
        watching: Mapping[str, Step],
    ) -> None:
        """`watching` are further steps, of which no commit brings work: they look by themselves."""
        self._database = database
        self._form = form
        self._settings = settings
        self._jobs = jobs
        self._deliveries = deliveries
        self._liveness = liveness
        self._read = read
        self._stopping = threading.Event()
        woken: dict[str, Step] = {
            "jobs-1": self._run_job,
            "jobs-2": self._run_job,
            "deliveries": self._take_delivery,
            "timer": self._keep_time,
        }
        self._steps = woken | dict(watching)
        self._wakes = {name: threading.Event() for name in self._steps}
        self._woken = [self._wakes[name] for name in woken]
        self._threads: list[threading.Thread] = []
        self.died: list[str] = []

    def start(self) -> None:
        """Takes over what dead workers left, then begins to claim."""
        self._reclaim()
        self._database.after_commit(self.wake)
        for name, step in self._steps.items():
            thread = threading.Thread(target=self._loop, args=(name, step), name=f"worker-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self) -> None:
        """There may be work."""
        for wake in self._woken:
            wake.set()

    def ask_to_stop(self) -> None:
        """Nothing is begun any more."""
        self._stopping.set()
        for wake in self._wakes.values():
            wake.set()

    def stop(self, timeout: float = 5.0) -> None:
        """Lets what runs end, or gives it back."""
        self.ask_to_stop()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def run_until(self, done: Callable[[], bool]) -> None:
        """Waits until `done`, looking often; for the command line."""
        while not done():
            if self.died:
                raise PreviewError("The worker has stopped by an error of the program; it is in the log.")
            time.sleep(0.02)

    def _loop(self, name: str, step: Step) -> None:
        wake = self._wakes[name]
        while not self._stopping.is_set():
            try:
                wake.clear()
                if not step():
                    wake.wait(_POLL_SECONDS)
            except Exception:
                # Loudly: a worker that silently stands still would show old numbers as if they were new.
                log.exception("worker thread %s has died", name)
                self.died.append(name)
                return

    def _run_job(self) -> bool:
        job = self._jobs.claim(self._liveness.worker)
        if job is None:
            return False
        try:
            self._aggregate(job)
        except ClaimLost:
            log.info("job %s was taken over or cancelled", job.job)
        return True

    def _aggregate(self, job: JobRow) -> None:
        began = told = time.monotonic()

        def on_progress(completed: float) -> None:
            nonlocal told
            if time.monotonic() - told >= _PROGRESS_SECONDS:
                told = time.monotonic()
                self._jobs.progress(job, completed)

        try:
            result = self._jobs.read(job, on_progress)
        except NotFound as error:
            self._jobs.fail(job, error.detail)
        except Exception:
            log.exception("job %s failed", job.job)
            self._jobs.fail(job, FAILED)
        else:
            if result is None:
                self._jobs.release(job)
            else:
                self._jobs.complete(job, result, time.monotonic() - began)

    def _take_delivery(self) -> bool:
        row = self._deliveries.claim(self._liveness.worker)
        if row is None:
            return False
        try:
            self._deliveries.take(row, self._read, self._stopping.is_set)
        except ClaimLost:
            log.info("delivery %s was taken over", row.delivery)
        return True

    def _keep_time(self) -> bool:
        """Automatic aggregation when it is due (contract S6), and the work of dead workers."""
        if self._settings.auto_aggregate and (due := self._database.read(jobs.next_due)) is not None:
            if due <= time.time():
                self._database.write(self._aggregate_due)
            elif due - time.time() < _POLL_SECONDS:
                self._stopping.wait(max(0.0, due - time.time()))
                return True
        self._reclaim()
        return False

    def _aggregate_due(self, connection: Connection) -> None:
        for organization_id in jobs.take_due(connection, time.time()):
            automatic(connection, self._form, organization_id, self._settings.open_on(clock.today()))

    def _reclaim(self) -> None:
        self._jobs.reclaim(self._liveness.is_alive)
        self._deliveries.reclaim(self._liveness.is_alive)
