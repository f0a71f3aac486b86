"""Worker of a process: threads that claim and run jobs and deliveries, and take over the work of crashed workers.

Work runs on threads: aggregations wait for SQLite, which releases the interpreter lock, and deliveries wait for the
parser process.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from preview.core import clock
from preview.core.errors import LeaseLost, NotFound, PreviewError
from preview.core.passing_faults import PassingFaults, as_passing
from preview.core.settings import Settings
from preview.ingest.deliveries import Deliveries, DeliveryReader
from preview.reports.automatic_aggregation import schedule_automatic_aggregations
from preview.reports.job_queue import JobQueue
from preview.reports.reconcile import ReportConfig
from preview.runtime.worker_registry import WorkerRegistry
from preview.storage import deliveries, jobs
from preview.storage.database import Connection, Database
from preview.storage.jobs import JobRow

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.25
_PROGRESS_SECONDS = 0.25
_JOB_THREADS = ("jobs-1", "jobs-2")
_DELIVERY_THREAD = "deliveries"
_TIMER_THREAD = "timer"

Step = Callable[[], bool]
"""Does one piece of work. Returns False if there was none: the thread then waits, at most for the poll interval."""

FAILURE_DETAIL = "The aggregation failed because of a program error. See the log."
"""Detail of a job that failed by an exception."""


class Worker:
    """Threads that run between `start` and `stop`.

    A thread that ends by an exception is listed in `failed`, and the process is then not ready.
    """

    def __init__(
        self,
        database: Database,
        report_config: ReportConfig,
        settings: Settings,
        jobs: JobQueue,
        deliveries: Deliveries,
        registry: WorkerRegistry,
        delivery_reader: DeliveryReader,
        pollers: Mapping[str, Step],
    ) -> None:
        """Prepare the threads; nothing is started.

        Args:
            database: The store.
            report_config: What shapes the documents.
            settings: All settings.
            jobs: The job queue.
            deliveries: The deliveries.
            registry: Tells which workers are alive.
            delivery_reader: Parses the files of a delivery.
            pollers: Further steps by name. A commit does not wake them; they poll at the poll interval.
        """
        self._database = database
        self._report_config = report_config
        self._settings = settings
        self._jobs = jobs
        self._deliveries = deliveries
        self._registry = registry
        self._delivery_reader = delivery_reader
        self._stopping = threading.Event()
        self._steps: dict[str, Step] = {
            **dict.fromkeys(_JOB_THREADS, self._run_job),
            _DELIVERY_THREAD: self._process_delivery,
            _TIMER_THREAD: self._schedule_due,
            **pollers,
        }
        self._wake_events = {name: threading.Event() for name in self._steps}
        self._threads: list[threading.Thread] = []
        self.failed: list[str] = []
        """The threads that have stopped because of an error of the program."""
        self.faults = PassingFaults()
        """What stops a thread at present and passes by itself."""

    def start(self) -> None:
        """Take over the work of crashed workers and start the threads."""
        self._requeue_orphaned()
        self._database.on_commit(self._wake_for_work)
        for name, step in self._steps.items():
            thread = threading.Thread(target=self._loop, args=(name, step), name=f"worker-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def request_stop(self) -> None:
        """Ask the threads to start no further work."""
        self._stopping.set()
        for wake in self._wake_events.values():
            wake.set()

    def stop(self, timeout: float = 5.0) -> None:
        """Stop the threads. Deliveries that do not finish in time are returned to their queue.

        Args:
            timeout: Seconds to wait for all threads.
        """
        self.request_stop()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds; for the command line.

        Raises:
            PreviewError: If a thread of the worker has failed.
        """
        while not condition():
            if self.failed:
                raise PreviewError("The worker has stopped because of a program error. See the log.")
            time.sleep(0.02)

    def _wake_for_work(self) -> None:
        """Wake the threads for which there is work after a commit; the others would only find that there is none.

        One look on the writer's thread costs less than waking four threads, which take the interpreter lock from the
        event loop while it answers.
        """
        try:
            names = self._database.read(self._threads_with_work)
        except Exception:  # noqa: BLE001  The threads meet the fault as well, and report it.
            names = (*_JOB_THREADS, _DELIVERY_THREAD, _TIMER_THREAD)
        for name in names:
            self._wake_events[name].set()

    def _threads_with_work(self, connection: Connection) -> list[str]:
        names: list[str] = []
        if jobs.next_runnable(connection) is not None:
            names += _JOB_THREADS
        if deliveries.has_pending(connection):
            names.append(_DELIVERY_THREAD)
        if self._settings.auto_aggregate and self._is_due_soon(self._next_due(connection)):
            names.append(_TIMER_THREAD)
        return names

    def _loop(self, name: str, step: Step) -> None:
        wake, fault = self._wake_events[name], self.faults.step(name)
        while not self._stopping.is_set():
            wake.clear()
            try:
                worked = step()
            except Exception as error:
                passing = as_passing(error)
                if passing is None:
                    # The process is no longer ready: a thread that stops unnoticed would leave old numbers that look
                    # new.
                    log.exception("worker thread %s has stopped because of an error of the program", name)
                    self.failed.append(name)
                    return
                self._stopping.wait(fault.failed(passing))
                continue
            fault.succeeded()
            if not worked:
                wake.wait(_POLL_SECONDS)

    def _until_done(self, name: str, action: Callable[[], object]) -> None:
        """Run an action on something that this worker has claimed until no passing fault stops it.

        If the process stops first, the claim is left: it is requeued when this worker's lock is gone.

        Raises:
            LeaseLost: If the claim is another worker's by now.
        """
        fault = self.faults.step(name)
        while True:
            try:
                action()
            except Exception as error:
                passing = as_passing(error)
                if passing is None:
                    raise
                if self._stopping.wait(fault.failed(passing)):
                    return
            else:
                fault.succeeded()
                return

    def _run_job(self) -> bool:
        job = self._jobs.claim(self._registry.worker_id)
        if job is None:
            return False
        try:
            self._until_done(f"job {job.job}", lambda: self._aggregate(job))
        except LeaseLost:
            log.info("job %s was taken over or cancelled", job.job)
        self.faults.forget(f"job {job.job}")
        return True

    def _aggregate(self, job: JobRow) -> None:
        started = reported_at = time.monotonic()

        def on_progress(completed: float) -> None:
            nonlocal reported_at
            if time.monotonic() - reported_at >= _PROGRESS_SECONDS:
                reported_at = time.monotonic()
                self._jobs.set_progress(job, completed)

        try:
            result = self._jobs.aggregate(job, on_progress)
        except NotFound as error:
            self._jobs.fail(job, error.detail)
        except Exception as error:
            if as_passing(error) is not None:
                raise
            log.exception("job %s failed", job.job)
            self._jobs.fail(job, FAILURE_DETAIL)
        else:
            if result is None:
                self._jobs.release(job)
            else:
                self._jobs.complete(job, result, time.monotonic() - started)

    def _process_delivery(self) -> bool:
        row = self._deliveries.claim(self._registry.worker_id)
        if row is None:
            self._deliveries.delete_unused()
            return False
        try:
            self._deliveries.process(row, self._delivery_reader, self._stopping.is_set)
        except LeaseLost:
            log.info("delivery %s was taken over", row.delivery)
        except Exception as error:
            if as_passing(error) is None:
                raise
            # The spool file is read again from its start: what is stored already changes nothing.
            self._until_done(f"delivery {row.delivery}", lambda: self._deliveries.release(row))
            self.faults.forget(f"delivery {row.delivery}")
            raise
        return True

    def _schedule_due(self) -> bool:
        """Start automatic aggregations that are due (rule S6), and take over the work of crashed workers."""
        if self._settings.auto_aggregate and (due := self._database.read(self._next_due)) is not None:
            if due <= time.time():
                self._database.write_in_steps(self._aggregate_next_due)
            elif self._is_due_soon(due):
                self._stopping.wait(max(0.0, due - time.time()))
                return True
        self._requeue_orphaned()
        return False

    @staticmethod
    def _is_due_soon(due: float | None) -> bool:
        return due is not None and due - time.time() < _POLL_SECONDS

    def _next_due(self, connection: Connection) -> float | None:
        return jobs.next_due(connection, time.time(), self._settings.auto_latest_seconds)

    def _aggregate_next_due(self, connection: Connection) -> bool:
        organization_id = jobs.pop_due(connection, time.time(), self._settings.auto_latest_seconds)
        if organization_id is None:
            return False
        schedule_automatic_aggregations(
            connection, self._report_config, organization_id, self._settings.open_periods_on(clock.today())
        )
        return True

    def _requeue_orphaned(self) -> None:
        self._jobs.requeue_orphaned(self._registry.is_alive)
        self._deliveries.requeue_orphaned(self._registry.is_alive)
