"""The feed: one thread a process that follows the event log, whoever writes it, and hands each event on to whoever listens."""

import logging
import threading
from collections.abc import Callable

from preview.events.log import AggregationProgress, Events
from preview.model.resources import job_id, snapshot_id
from preview.storage import deliveries, jobs
from preview.storage.database import Database
from preview.storage.events import EventRow

log = logging.getLogger(__name__)

Listener = Callable[[list[EventRow], list[AggregationProgress]], None]

_LOOK_SECONDS = 0.02
_PAGE = 500


class Feed:
    """Listeners are called on the feed's thread and must not block; each gets every event once, in order, from when it subscribed."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events
        self._listeners: list[Listener] = []
        self._of_deliveries: list[Callable[[], None]] = []
        self._standing: object = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._progress: dict[int, float] = {}
        self._thread = threading.Thread(target=self._follow, name="feed", daemon=True)
        self.place = 0
        """The newest event that has been handed on."""
        self.died = False

    def start(self) -> None:
        """From the newest event on."""
        self.place = self._events.newest()
        self._database.after_commit(self._wake.set)
        self._thread.start()

    def stop(self) -> None:
        """Hands nothing on any more."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Returns what ends it. Events up to `place`, as it is when this returns, were handed on before."""
        with self._lock:
            self._listeners = [*self._listeners, listener]

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = [each for each in self._listeners if each is not listener]

        return unsubscribe

    def subscribe_deliveries(self, listener: Callable[[], None]) -> None:
        """It is called, on the feed's thread, when a delivery has come, got on, ended, or lost an organisation that was forgotten.

        That is no event but columns of the delivery.
        """
        with self._lock:
            self._of_deliveries = [*self._of_deliveries, listener]

    def _follow(self) -> None:
        try:
            seen = -1
            while not self._stopping:
                self._wake.clear()
                version = self._database.version()
                if version != seen:
                    seen = version
                    self._hand_on()
                    continue  # what was committed meanwhile
                self._wake.wait(_LOOK_SECONDS)
        except Exception:
            log.exception("the feed has died")
            self.died = True

    def _hand_on(self) -> None:
        while events := self._events.after(self.place, _PAGE):
            with self._lock:
                listeners = self._listeners
                self.place = events[-1].event
            self._tell(listeners, events, [])
        if progress := self._progressed():
            self._tell(self._listeners, [], progress)
        self._look_at_deliveries()

    def _look_at_deliveries(self) -> None:
        listeners = self._of_deliveries
        if not listeners or (standing := self._database.read(deliveries.standing)) == self._standing:
            return
        self._standing = standing
        for listener in listeners:
            try:
                listener()
            except Exception:
                log.exception("a listener of the feed failed")

    def _tell(self, listeners: list[Listener], events: list[EventRow], progress: list[AggregationProgress]) -> None:
        for listener in listeners:
            try:
                listener(events, progress)
            except Exception:
                log.exception("a listener of the feed failed")

    def _progressed(self) -> list[AggregationProgress]:
        """Progress is no event but a column of the job."""
        running = {row.job: row for row in self._database.read(jobs.running) if row.completed > 0}
        moved = [row for number, row in running.items() if self._progress.get(number) != row.completed]
        self._progress = {number: row.completed for number, row in running.items()}
        return [
            AggregationProgress(
                snapshot_id=snapshot_id(row.snapshot),
                organization_id=row.organization_id,
                period_id=row.period_id,
                job_id=job_id(row.job),
                completed=row.completed,
            )
            for row in moved
        ]
