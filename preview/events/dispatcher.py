"""Event dispatcher: one thread per process that polls the event log and passes every event to the process's listeners.

It reads the log of the store, so it delivers events of every process that writes there.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from preview.core.ids import format_job_id, format_snapshot_id
from preview.core.passing_faults import PassingFault, as_passing
from preview.events.log import AggregationProgress, EventLog
from preview.storage import deliveries, jobs
from preview.storage.database import Database
from preview.storage.events import EventRow
from preview.storage.jobs import JobRow
from preview.storage.removal import erasure

log = logging.getLogger(__name__)

Listener = Callable[[list[EventRow], list[AggregationProgress]], None]
"""Called with new events and changed progress of running jobs; one of the two lists can be empty."""

ErasureListener = Callable[[str], None]
"""Called with an organisation that is being erased."""

_POLL_SECONDS = 0.01
_PAGE_SIZE = 500


class EventDispatcher:
    """Polls the log and calls listeners.

    Listeners run on the dispatcher's thread and must not block. Each listener gets every event after its subscription
    once, in order. A listener that raises is logged and does not stop the others.
    """

    def __init__(self, database: Database, events: EventLog) -> None:
        """Create a dispatcher that is not started.

        Args:
            database: The store to poll.
            events: Its event log.
        """
        self._database = database
        self._events = events
        self._listeners: list[Listener] = []
        self._delivery_listeners: list[Callable[[], None]] = []
        self._delivery_state: object = None
        self._erasure_listeners: list[ErasureListener] = []
        self._being_erased: str | None = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._progress: dict[int, float] = {}
        self._thread = threading.Thread(target=self._run, name="event-dispatcher", daemon=True)
        self.position = 0
        """Id of the newest event that was dispatched."""
        self.fault = PassingFault("the event dispatcher")
        """What stops the thread at present and passes by itself."""
        self.failed = False
        """Whether the thread has ended by an error; the process is then not ready."""

    def start(self) -> None:
        """Start the thread; the first event to be dispatched is the next one that is appended."""
        self.position = self._events.last_event_id()
        self._database.on_commit(self._wake.set)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for its end."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every event from now on.

        Returns:
            A function that ends the subscription. Events up to `position`, as it is when `subscribe` returns, were
            dispatched before and do not reach the listener.
        """
        with self._lock:
            self._listeners = [*self._listeners, listener]

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = [registered for registered in self._listeners if registered is not listener]

        return unsubscribe

    def subscribe_deliveries(self, listener: Callable[[], None]) -> None:
        """Call `listener` on the dispatcher's thread whenever the progress of deliveries changes.

        That is when a delivery arrives, progresses, ends, or loses an organisation that was erased. These changes are
        columns of the delivery, not events.
        """
        with self._lock:
            self._delivery_listeners = [*self._delivery_listeners, listener]

    def subscribe_erasures(self, listener: ErasureListener) -> None:
        """Call `listener` on the dispatcher's thread when the erasure of an organisation begins, and when its rows are
        gone: what was read before the beginning can be kept in memory after it.

        No event reports the erasure of an organisation without snapshots, as it changes no aggregated data.
        """
        with self._lock:
            self._erasure_listeners = [*self._erasure_listeners, listener]

    def _run(self) -> None:
        seen_version = -1
        while not self._stopping:
            self._wake.clear()
            try:
                version = self._database.data_version()
                is_new = version != seen_version
                if is_new:
                    self._dispatch()
            except Exception as error:
                passing = as_passing(error)
                if passing is None:
                    log.exception("the event dispatcher has stopped because of an error; restart the process")
                    self.failed = True
                    return
                self._wake.wait(self.fault.failed(passing))
                continue
            self.fault.succeeded()
            seen_version = version
            # There may have been another commit while the events were dispatched.
            if not is_new:
                self._wake.wait(_POLL_SECONDS)

    def _dispatch(self) -> None:
        while events := self._events.read_after(self.position, _PAGE_SIZE):
            with self._lock:
                listeners = self._listeners
                self.position = events[-1].event_id
            self._notify(listeners, events, [])
        running, being_erased = self._database.read(
            lambda connection: (jobs.list_running(connection), erasure.being_erased(connection))
        )
        if progress := self._changed_progress(running):
            self._notify(self._listeners, [], progress)
        self._note_erasure(being_erased)
        self._poll_deliveries()

    def _note_erasure(self, being_erased: str | None) -> None:
        if being_erased == self._being_erased:
            return
        concerned = [each for each in (self._being_erased, being_erased) if each is not None]
        self._being_erased = being_erased
        for listener in self._erasure_listeners:
            for organization_id in concerned:
                _call(listener, organization_id)

    def _poll_deliveries(self) -> None:
        listeners = self._delivery_listeners
        if not listeners or (state := self._database.read(deliveries.progress_signature)) == self._delivery_state:
            return
        self._delivery_state = state
        for listener in listeners:
            _call(listener)

    def _notify(self, listeners: list[Listener], events: list[EventRow], progress: list[AggregationProgress]) -> None:
        for listener in listeners:
            _call(listener, events, progress)

    def _changed_progress(self, rows: Sequence[JobRow]) -> list[AggregationProgress]:
        """Return the progress of running jobs that changed since the last call.

        Progress is a column of the job, not an event.
        """
        running = {row.job: row for row in rows if row.completed > 0}
        changed = [row for number, row in running.items() if self._progress.get(number) != row.completed]
        self._progress = {number: row.completed for number, row in running.items()}
        return [
            AggregationProgress(
                snapshot_id=format_snapshot_id(row.snapshot),
                organization_id=row.organization_id,
                period_id=row.period_id,
                job_id=format_job_id(row.job),
                completed=row.completed,
            )
            for row in changed
        ]


def _call(listener: Callable[..., None], *arguments: object) -> None:
    """Call a listener; the others must be called too if it raises."""
    try:
        listener(*arguments)
    except Exception:
        log.exception("a listener of the event dispatcher failed")
