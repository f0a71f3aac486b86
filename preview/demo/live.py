"""The demo's case system at work: every so often a case of a service changes, and its folder lands in the watched folder, as it would.

Service after service, all but the customer's own example, whose numbers stand in the contract. Where it is, it keeps in the store, so
that it goes on there after a restart, and so that several processes keep one pace.
"""

import logging
import threading
from datetime import date, datetime
from pathlib import Path

import msgspec

from preview.core.clock import OSLO, now, oslo_day
from preview.demo.changes import Turn, changed_folder, running_cases
from preview.demo.services import services
from preview.storage import meta
from preview.storage.database import Connection, Database

log = logging.getLogger(__name__)

EXAMPLE = "org-1042"
PACE_SECONDS = 10.0

_STATE = "demo_live"
_LOOK_SECONDS = 0.5


class _State(msgspec.Struct):
    """`day` is that of the demo. `step` is the next one, due `at` (seconds since the epoch). `days` tells the first step of each day so far."""

    day: date
    step: int = 0
    at: float = 0.0
    days: dict[date, int] = {}

    def day_of(self, step: int) -> date:
        """The day on which a step was taken."""
        return max(day for day, first in self.days.items() if first <= step)


class Step(msgspec.Struct, frozen=True):
    """What happens next: this case of the service after these turns, sent `at`."""

    organization_id: str
    day: date
    nr: int
    turns: tuple[Turn, ...]
    at: datetime

    def folder(self) -> bytes:
        """The folder that is sent."""
        return changed_folder(self.organization_id, self.day, self.nr, self.turns, self.at)


def ready(connection: Connection, day: date) -> None:
    """The demo of that day is loaded: from here on the cases may change."""
    meta.put(connection, _STATE, msgspec.json.encode(_State(day)).decode())


def is_due(connection: Connection, at: datetime) -> bool:
    """Whether there is a step to be taken: a look that costs no turn at the write lock."""
    state = _read(connection)
    return state is not None and state.at <= at.timestamp()


def next_step(connection: Connection, at: datetime, pace: float) -> Step | None:
    """The step that is due at that instant, taken by the caller from now on; None while there is none, or the store holds no demo."""
    state = _read(connection)
    if state is None or state.at > at.timestamp():
        return None
    step = state.step
    # Days only go on: a clock that is set back must not conclude what has not been received.
    day = max(oslo_day(at), max(state.days, default=date.min))
    state.days.setdefault(day, step)
    state.step, state.at = step + 1, at.timestamp() + pace
    meta.put(connection, _STATE, msgspec.json.encode(state).decode())
    return _step(state, step, at)


def _read(connection: Connection) -> _State | None:
    stored = meta.get(connection, _STATE)
    return None if stored is None else msgspec.json.decode(stored, type=_State)


def _step(state: _State, step: int, at: datetime) -> Step:
    """Each service has two steps in a row, with its next case; once all its cases had their turn, the first has a further one."""
    ids = [service.organization_id for service in services(state.day) if service.organization_id != EXAMPLE]
    pair, second = divmod(step, 2)
    own, place = divmod(pair, len(ids))
    cases = running_cases(ids[place], state.day)
    turn, nr = divmod(own, cases)
    pairs = [(earlier * cases + nr) * len(ids) + place for earlier in range(turn + 1)]
    done = tuple(Turn(state.day_of(2 * each), state.day_of(2 * each + 1) if each < pair or second else None) for each in pairs)
    return Step(ids[place], state.day, nr, done, at)


class CaseSystem:
    """Works on a thread of its own between `start` and `stop`."""

    def __init__(self, database: Database, folder: Path, pace: float = PACE_SECONDS) -> None:
        self._database = database
        self._folder = folder
        self._pace = pace
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-live", daemon=True)

    def start(self) -> None:
        """Returns at once; the first change comes when the demo is loaded."""
        self._thread.start()

    def stop(self) -> None:
        """Nothing is put into the folder any more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(min(_LOOK_SECONDS, self._pace)):
            try:
                self._look(now().astimezone(OSLO))
            except Exception:
                # It is but a show; what it stands beside goes on.
                log.exception("the demo's case system has failed once")

    def _look(self, at: datetime) -> None:
        if not self._database.read(lambda connection: is_due(connection, at)):
            return
        if step := self._database.write(lambda connection: next_step(connection, at, self._pace)):
            self._deliver(step)

    def _deliver(self, step: Step) -> None:
        """Written beside and renamed, as a case system should."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"sak {step.at:%Y%m%d-%H%M%S-%f}.xml"
        part = self._folder / f"{name}.part"
        part.write_bytes(step.folder())
        part.rename(self._folder / name)
