"""Automatic aggregation under load (rules S4 to S6): twelve deliveries a second for a minute.

Each service has a fixed number of cases with equally many meldinger. They all change together in one delivery that
takes two transactions; one further case changes alone. So the value after a whole delivery is known, and half a
delivery gives a value that is not among the known ones.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from preview.core.clock import OSLO
from preview.core.periods import Period
from preview.model.resources import SnapshotDocument
from preview.runtime.application import Application
from preview.storage.database import Connection
from tests.builders.services import SampleService
from tests.support.pipeline import events, open_application, values, wait_until, zip_files

pytestmark = pytest.mark.slow

SECONDS = 60.0
PER_SECOND = 12.0
CASES_CHANGED_TOGETHER = 230  # more than one transaction imports
CASES_OF_SMALL_SERVICE = 5
START = datetime(2024, 3, 1, tzinfo=OSLO)
FIELD_KEY = "antall_meldinger_mottatt"


@dataclass
class Sender:
    """A case system. One in `full_delivery_interval` deliveries holds all cases that change together.

    `expected_values` are the values after each whole delivery.
    """

    case_count: int
    full_delivery_interval: int = 30
    service: SampleService = field(default_factory=SampleService)
    meldinger_per_case: int = 0
    meldinger_of_single_case: int = 0
    sent: int = 0
    expected_values: list[int] = field(default_factory=list)

    def next_delivery(self) -> bytes:
        """Return the next delivery: all cases that change together, or the case that changes alone."""
        at = (START + timedelta(minutes=self.sent)).isoformat()
        self.sent += 1
        if self.sent % self.full_delivery_interval == 1:
            self.meldinger_per_case += 1
            content = zip_files(
                [
                    self.service.folder(case, at, ["2024-02-01"] * self.meldinger_per_case)
                    for case in range(1, self.case_count + 1)
                ]
            )
        else:
            self.meldinger_of_single_case = self.meldinger_of_single_case % 90 + 1
            content = self.service.folder(0, at, ["2024-02-01"] * self.meldinger_of_single_case)
        self.expected_values.append(self.case_count * self.meldinger_per_case + self.meldinger_of_single_case)
        return content


@dataclass
class Observations:
    """What a reader has seen: the number of valid snapshots, and violations."""

    valid_count: int = 0
    violations: list[str] = field(default_factory=list)


@contextmanager
def observing_snapshots(application: Application, senders: list[Sender]) -> Iterator[Observations]:
    """Check documents and jobs repeatedly while the block runs."""
    observations = Observations()
    stopping = threading.Event()
    by_id = {sender.service.organization_id: sender for sender in senders}

    def read_snapshots(connection: Connection) -> None:
        for organization_id, body in connection.execute("SELECT organization_id, document FROM snapshot").fetchall():
            document = msgspec.json.decode(body, type=SnapshotDocument)
            if document.cache_valid:
                observations.valid_count += 1
                if values(document)[FIELD_KEY] not in by_id[organization_id].expected_values:
                    observations.violations.append(f"{organization_id} is valid with {values(document)[FIELD_KEY]}")
        for snapshot, waiting in connection.execute(
            "SELECT snapshot, count(*) FROM job WHERE job_status = 'waiting' GROUP BY snapshot HAVING count(*) > 1"
        ).fetchall():
            observations.violations.append(f"{waiting} jobs wait for snapshot {snapshot}")

    def poll() -> None:
        while not stopping.wait(0.05):
            application.database.read(read_snapshots)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield observations
    finally:
        stopping.set()
        thread.join()


def send(application: Application, senders: list[Sender], seconds: float) -> None:
    """Send twelve deliveries a second, from each sender in turn."""
    started = time.monotonic()
    for number in range(int(seconds * PER_SECOND)):
        sender = senders[number % len(senders)]
        application.deliveries.receive([sender.next_delivery()], full=False, actor="test")
        time.sleep(max(0.0, started + (number + 1) / PER_SECOND - time.monotonic()))


@contextmanager
def invalidating_repeatedly(application: Application) -> Iterator[None]:
    """Invalidate the newest snapshot ten times a second while the block runs."""
    stopping = threading.Event()

    def invalidate() -> None:
        while not stopping.wait(0.1):
            rows = application.snapshots.page(None, None, None, 1, 1)[0]
            if rows and rows[0].aggregated_at is not None:
                application.snapshots.invalidate(rows[0].snapshot_id, "test", "test")

    thread = threading.Thread(target=invalidate)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def is_idle(application: Application) -> bool:
    """Return whether no delivery, scheduled aggregation or job is open."""

    def count_open_work(connection: Connection) -> bool:
        query = """SELECT (SELECT count(*) FROM delivery WHERE completed_at IS NULL)
            + (SELECT count(*) FROM scheduled_aggregation) + (SELECT count(*) FROM job WHERE ended_at IS NULL)"""
        return connection.execute(query).fetchone()[0] == 0

    return application.database.read(count_open_work)


def run(
    data_dir: Path, senders: list[Sender], seconds: float = SECONDS, *, with_invalidations: bool = False
) -> tuple[Counter[str], Observations]:
    """Send deliveries and check the final state.

    Returns:
        The number of completed aggregations by organisation while deliveries arrived, and the observations.
    """
    with open_application(data_dir, auto_aggregate=True, open_periods=(Period(2024),)) as application:
        with observing_snapshots(application, senders) as observations:
            with invalidating_repeatedly(application) if with_invalidations else nullcontext():
                send(application, senders, seconds)
            completed = Counter(
                row.organization_id for row in events(application) if row.type == "aggregation_completed"
            )
            for _ in range(6):
                if is_idle(application):
                    break
                wait_until_idle(application)
        assert is_idle(application)
        assert application.readiness_failures() == []
        rows, total, _ = application.snapshots.page(None, None, None, 1, 1000)
        assert total == len(senders)  # one snapshot for the open period of each service
        for row in rows:
            (sender,) = (sender for sender in senders if sender.service.organization_id == row.organization_id)
            document = msgspec.json.decode(application.snapshots.get(row.snapshot_id).body, type=SnapshotDocument)
            assert (document.cache_valid, values(document)[FIELD_KEY]) == (True, sender.expected_values[-1])
        statuses = application.database.read(
            lambda connection: connection.execute("SELECT DISTINCT job_status FROM job").fetchall()
        )
        # Whether an invalidation meets an open job, which it cancels, depends on how long the jobs take.
        allowed = {"completed", "cancelled"} if with_invalidations else {"completed"}
        assert {"completed"} <= {status for (status,) in statuses} <= allowed
        return completed, observations


def wait_until_idle(application: Application) -> None:
    try:
        wait_until(lambda: is_idle(application), "all to be read and aggregated")
    except AssertionError:
        return  # the assertion at the end of `run` fails


def test_twelve_deliveries_per_second_for_one_organisation(data_dir: Path) -> None:
    sender = Sender(CASES_CHANGED_TOGETHER)
    completed, observations = run(data_dir, [sender])
    assert observations.violations == []
    assert observations.valid_count > 0
    # The service is never quiet for a second, so it is aggregated every ten seconds.
    assert completed[sender.service.organization_id] >= SECONDS / 20


def test_partial_delivery_is_never_valid_during_invalidations(data_dir: Path) -> None:
    """Many deliveries take several transactions, and there is always a job that could read half of one."""
    sender = Sender(600, full_delivery_interval=3)
    _, observations = run(data_dir, [sender], SECONDS / 6, with_invalidations=True)
    assert observations.violations == []
    assert observations.valid_count > 0


def test_twelve_deliveries_per_second_for_fifty_organisations(data_dir: Path) -> None:
    """One organisation is many times larger than the others, and its aggregations take longer accordingly."""
    large = Sender(3000)
    senders = [large, *(Sender(CASES_OF_SMALL_SERVICE) for _ in range(49))]
    completed, observations = run(data_dir, senders)
    assert observations.violations == []
    assert observations.valid_count > 0
    # Each service sends a delivery every four seconds and is aggregated after it. A slow machine may combine some.
    assert min(completed[sender.service.organization_id] for sender in senders) >= SECONDS / 20
