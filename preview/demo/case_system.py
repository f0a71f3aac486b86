"""Simulates a case system: at a fixed interval a case of a service changes, and its file is put into the watched
folder.

The services take turns, but for those whose files have ended before; one of these is the example of docs/api.md, whose
numbers are documented. Half of the updates are corrections of the year before, so that the reports that people work on
change. The position is stored, so that the simulation resumes after a restart and several processes share one pace.
"""

import logging
import threading
from datetime import date, datetime
from pathlib import Path

import msgspec

from preview.core.clock import OSLO, local_date, now
from preview.core.passing_faults import PassingFault, as_passing
from preview.demo.case_updates import (
    CaseUpdate,
    correctable_cases,
    count_running_cases,
    delivered_corrections,
    updated_folder,
)
from preview.demo.decisions import stays_approved
from preview.demo.service_profiles import INACTIVE_SERVICE, demo_services
from preview.storage import meta
from preview.storage.database import Connection, Database

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 10.0

_STATE = "demo_live"
_POLL_SECONDS = 0.5


class _State(msgspec.Struct):
    """Stored position of the simulation.

    Attributes:
        day: The day that the demo data was generated for.
        step: Number of the next step.
        at: When it is due, in seconds since the epoch.
        days: First step of each day so far.
    """

    day: date
    step: int = 0
    at: float = 0.0
    days: dict[date, int] = {}

    def day_of(self, step: int) -> date:
        """Return the day of a past step."""
        return max(day for day, first in self.days.items() if first <= step)


class CaseStep(msgspec.Struct, frozen=True):
    """One step of the simulation.

    Attributes:
        organization_id: The service.
        day: The day that the demo data was generated for.
        case_index: Ordinal of the running case, from 0.
        updates: All updates of the case so far, oldest first.
        extract_at: DatoUttrekk of the file.
    """

    organization_id: str
    day: date
    case_index: int
    updates: tuple[CaseUpdate, ...]
    extract_at: datetime

    def folder(self) -> bytes:
        """Return the case file."""
        return updated_folder(self.organization_id, self.day, self.case_index, self.updates, self.extract_at)


def mark_demo_loaded(connection: Connection, day: date) -> None:
    """Record that the demo data of that day is loaded, so that the simulation may begin."""
    meta.put(connection, _STATE, msgspec.json.encode(_State(day)).decode())


def is_due(connection: Connection, at: datetime) -> bool:
    """Return whether a step is due, in a read transaction: waiting needs no write lock."""
    state = _read_state(connection)
    return state is not None and state.at <= at.timestamp()


def claim_next_step(connection: Connection, at: datetime, interval: float) -> CaseStep | None:
    """Claim the step that is due.

    Args:
        connection: The caller's write transaction.
        at: The present instant.
        interval: Seconds until the next step.

    Returns:
        The step; None if none is due or the store contains no demo data.
    """
    state = _read_state(connection)
    if state is None or state.at > at.timestamp():
        return None
    step = state.step
    # Days never go back: if the clock is set back, a melding must not be concluded before its receipt.
    day = max(local_date(at), max(state.days, default=date.min))
    state.days.setdefault(day, step)
    state.step, state.at = step + 1, at.timestamp() + interval
    meta.put(connection, _STATE, msgspec.json.encode(state).decode())
    return _build_step(state, step, at)


def _read_state(connection: Connection) -> _State | None:
    stored = meta.get(connection, _STATE)
    return None if stored is None else msgspec.json.decode(stored, type=_State)


def _build_step(state: _State, step: int, at: datetime) -> CaseStep:
    """Return a step. Each service in turn has two steps with one of its cases."""
    ids = [service.organization_id for service in demo_services(state.day) if service.sends_on(state.day)]
    pair, second = divmod(step, 2)
    turn, service_index = divmod(pair, len(ids))
    organization_id = ids[service_index]
    choices = [_choose_case(organization_id, state.day, service_index, earlier) for earlier in range(turn + 1)]
    case_index, _ = choices[-1]
    delivered = delivered_corrections(organization_id, state.day).get(case_index)
    updates = [] if delivered is None else [delivered]
    for earlier, (chosen, is_correction) in enumerate(choices):
        if chosen == case_index:
            first_step = 2 * (earlier * len(ids) + service_index)
            second_day = state.day_of(first_step + 1) if earlier < turn or second else None
            updates.append(CaseUpdate(state.day_of(first_step), second_day, is_correction))
    return CaseStep(organization_id, state.day, case_index, tuple(updates), at)


def _choose_case(organization_id: str, day: date, service_index: int, turn: int) -> tuple[int, bool]:
    """Return the running case of a service's turn, and whether it is corrected.

    The turns of a service are updates and corrections alternately. After its last case it starts with the first again.
    """
    if (turn + service_index) % 2 and organization_id != INACTIVE_SERVICE and not stays_approved(organization_id):
        correctable = correctable_cases(organization_id, day)
        if correctable:
            return correctable[turn // 2 % len(correctable)], True
    return turn % count_running_cases(organization_id, day), False


class CaseSystemSimulator:
    """Puts case files into the watched folder, on its own thread between `start` and `stop`.

    Args:
        database: The store.
        folder: The watched folder.
        interval: Seconds between two steps.
    """

    def __init__(self, database: Database, folder: Path, interval: float = INTERVAL_SECONDS) -> None:
        self._database = database
        self._folder = folder
        self._interval = interval
        self._undelivered: CaseStep | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-live", daemon=True)

    def start(self) -> None:
        """Start the thread. The first step follows when the demo data is loaded."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        fault, seconds = PassingFault("the demo's case system"), 0.0
        while not self._stopping.wait(seconds or min(_POLL_SECONDS, self._interval)):
            seconds = 0.0
            try:
                self._poll(now().astimezone(OSLO))
            except Exception as error:
                passing = as_passing(error)
                if passing is None:
                    # A failure of the demo must not affect the program.
                    log.exception("a step of the demo's case system failed; the next one is tried as usual")
                    self._undelivered = None
                else:
                    seconds = fault.failed(passing)
            else:
                fault.succeeded()

    def _poll(self, at: datetime) -> None:
        if self._undelivered is None and self._database.read(lambda connection: is_due(connection, at)):
            self._undelivered = self._database.write(lambda connection: claim_next_step(connection, at, self._interval))
        if self._undelivered is not None:
            self._deliver(self._undelivered)
            self._undelivered = None

    def _deliver(self, step: CaseStep) -> None:
        """Write the file under a temporary name and rename it, as a case system should."""
        self._folder.mkdir(exist_ok=True)  # not its parents: a data folder that is away must not be made again
        name = f"sak {step.extract_at:%Y%m%d-%H%M%S-%f}.xml"
        part = self._folder / f"{name}.part"
        part.write_bytes(step.folder())
        part.rename(self._folder / name)
