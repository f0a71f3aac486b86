"""The feed: one thread a process that follows the event log, whoever writes it, and hands each event on to whoever listens."""

import logging
import threading
from collections.abc import Callable

from preview.core.ids import format_job_id, format_snapshot_id
from preview.events.log import AggregationProgress, EventLog
from preview.storage import deliveries, jobs
from preview.storage.database import Database
from preview.storage.events import EventRow

log = logging.getLogger(__name__)

Listener = Callable[[list[EventRow], list[AggregationProgress]], None]

_POLL_SECONDS = 0.02
_PAGE_SIZE = 500


class EventDispatcher:
    """Listeners are called on the feed's thread and must not block; each gets every event once, in order, from when it subscribed."""

    def __init__(self, database: Database, events: EventLog) -> None:
        self._database = database
        self._events = events
        self._listeners: list[Listener] = []
        self._delivery_listeners: list[Callable[[], None]] = []
        self._delivery_state: object = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._progress: dict[int, float] = {}
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.position = 0
        """The newest event that has been handed on."""
        self.failed = False

    def start(self) -> None:
        """From the newest event on."""
        self.position = self._events.last_event_id()
        self._database.on_commit(self._wake.set)
        self._thread.start()

    def stop(self) -> None:
        """Hands nothing on any more."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Returns what ends it. Events up to `position`, as it is when this returns, were handed on before."""
        with self._lock:
            self._listeners = [*self._listeners, listener]

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = [registered for registered in self._listeners if registered is not listener]

        return unsubscribe

    def subscribe_deliveries(self, listener: Callable[[], None]) -> None:
        """It is called, on the feed's thread, when a delivery has come, got on, ended, or lost an organisation that was forgotten.

        That is no event but columns of the delivery.
        """
        with self._lock:
            self._delivery_listeners = [*self._delivery_listeners, listener]

    def _run(self) -> None:
        try:
            seen_version = -1
            while not self._stopping:
                self._wake.clear()
                version = self._database.data_version()
                if version != seen_version:
                    seen_version = version
                    self._dispatch()
                    continue  # what was committed meanwhile
                self._wake.wait(_POLL_SECONDS)
        except Exception:
            log.exception("the feed has died")
            self.failed = True

    def _dispatch(self) -> None:
        while events := self._events.read_after(self.position, _PAGE_SIZE):
            with self._lock:
                listeners = self._listeners
                self.position = events[-1].event_id
            self._notify(listeners, events, [])
        if progress := self._read_changed_progress():
            self._notify(self._listeners, [], progress)
        self._poll_deliveries()

    def _poll_deliveries(self) -> None:
        listeners = self._delivery_listeners
        if not listeners or (state := self._database.read(deliveries.progress_signature)) == self._delivery_state:
            return
        self._delivery_state = state
        for listener in listeners:
            try:
                listener()
            except Exception:
                log.exception("a listener of the feed failed")

    def _notify(self, listeners: list[Listener], events: list[EventRow], progress: list[AggregationProgress]) -> None:
        for listener in listeners:
            try:
                listener(events, progress)
            except Exception:
                log.exception("a listener of the feed failed")

    def _read_changed_progress(self) -> list[AggregationProgress]:
        """Progress is no event but a column of the job."""
        running = {row.job: row for row in self._database.read(jobs.list_running) if row.completed > 0}
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
