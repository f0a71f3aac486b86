"""The demo's case system at work: every so often a case of a service changes, and its folder lands in the watched folder, as it would.

Service after service, all but the customer's own example, whose numbers stand in the contract. Where it is, it keeps in the store, so
that it goes on there after a restart, and so that several processes keep one pace.
"""

import logging
import threading
from datetime import date, datetime
from pathlib import Path

import msgspec

from preview.core.clock import OSLO, local_date, now
from preview.demo.case_updates import CaseUpdate, count_running_cases, updated_folder
from preview.demo.service_profiles import demo_services
from preview.storage import meta
from preview.storage.database import Connection, Database

log = logging.getLogger(__name__)

EXAMPLE_ORGANIZATION = "org-1042"
INTERVAL_SECONDS = 10.0

_STATE = "demo_live"
_POLL_SECONDS = 0.5


class _State(msgspec.Struct):
    """`day` is that of the demo. `step` is the next one, due `at` (seconds since the epoch). `days` tells the first step of each day so far."""

    day: date
    step: int = 0
    at: float = 0.0
    days: dict[date, int] = {}

    def day_of(self, step: int) -> date:
        """The day on which a step was taken."""
        return max(day for day, first in self.days.items() if first <= step)


class CaseStep(msgspec.Struct, frozen=True):
    """What happens next: this case of the service after these turns, sent `at`."""

    organization_id: str
    day: date
    case_index: int
    updates: tuple[CaseUpdate, ...]
    extract_at: datetime

    def folder(self) -> bytes:
        """The folder that is sent."""
        return updated_folder(self.organization_id, self.day, self.case_index, self.updates, self.extract_at)


def mark_demo_loaded(connection: Connection, day: date) -> None:
    """The demo of that day is loaded: from here on the cases may change."""
    meta.put(connection, _STATE, msgspec.json.encode(_State(day)).decode())


def is_due(connection: Connection, at: datetime) -> bool:
    """Whether there is a step to be taken: a look that costs no turn at the write lock."""
    state = _read_state(connection)
    return state is not None and state.at <= at.timestamp()


def claim_next_step(connection: Connection, at: datetime, interval: float) -> CaseStep | None:
    """The step that is due at that instant, taken by the caller from now on; None while there is none, or the store holds no demo."""
    state = _read_state(connection)
    if state is None or state.at > at.timestamp():
        return None
    step = state.step
    # Days only go on: a clock that is set back must not conclude what has not been received.
    day = max(local_date(at), max(state.days, default=date.min))
    state.days.setdefault(day, step)
    state.step, state.at = step + 1, at.timestamp() + interval
    meta.put(connection, _STATE, msgspec.json.encode(state).decode())
    return _build_step(state, step, at)


def _read_state(connection: Connection) -> _State | None:
    stored = meta.get(connection, _STATE)
    return None if stored is None else msgspec.json.decode(stored, type=_State)


def _build_step(state: _State, step: int, at: datetime) -> CaseStep:
    """Each service has two steps in a row, with its next case; once all its cases had their turn, the first has a further one."""
    ids = [service.organization_id for service in demo_services(state.day) if service.organization_id != EXAMPLE_ORGANIZATION]
    pair, second = divmod(step, 2)
    service_turn, service_index = divmod(pair, len(ids))
    cases = count_running_cases(ids[service_index], state.day)
    round_number, case_index = divmod(service_turn, cases)
    pairs = [(earlier * cases + case_index) * len(ids) + service_index for earlier in range(round_number + 1)]
    updates = tuple(
        CaseUpdate(state.day_of(2 * earlier_pair), state.day_of(2 * earlier_pair + 1) if earlier_pair < pair or second else None)
        for earlier_pair in pairs
    )
    return CaseStep(ids[service_index], state.day, case_index, updates, at)


class CaseSystemSimulator:
    """Works on a thread of its own between `start` and `stop`."""

    def __init__(self, database: Database, folder: Path, interval: float = INTERVAL_SECONDS) -> None:
        self._database = database
        self._folder = folder
        self._interval = interval
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
        while not self._stopping.wait(min(_POLL_SECONDS, self._interval)):
            try:
                self._poll(now().astimezone(OSLO))
            except Exception:
                # It is but a show; what it stands beside goes on.
                log.exception("the demo's case system has failed once")

    def _poll(self, at: datetime) -> None:
        if not self._database.read(lambda connection: is_due(connection, at)):
            return
        if step := self._database.write(lambda connection: claim_next_step(connection, at, self._interval)):
            self._deliver(step)

    def _deliver(self, step: CaseStep) -> None:
        """Written beside and renamed, as a case system should."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"sak {step.extract_at:%Y%m%d-%H%M%S-%f}.xml"
        part = self._folder / f"{name}.part"
        part.write_bytes(step.folder())
        part.rename(self._folder / name)
