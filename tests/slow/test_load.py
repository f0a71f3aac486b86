"""`auto_aggregate` under load (contract S4 to S6): a dozen deliveries a second for a minute, of one organisation and of fifty.

Each service has a fixed number of cases with as many meldinger each, all of which change together in one delivery that takes two
transactions, and one case more that changes alone. So a whole delivery leaves a number that is known, and half of one a number that is none.
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
from preview.model.resources import Document
from preview.runtime.application import Application
from preview.storage.database import Connection
from tests.builders.services import Service
from tests.support.pipeline import events, opened, until, values, zipped

pytestmark = pytest.mark.slow

SECONDS = 60.0
PER_SECOND = 12.0
TOGETHER = 230  # cases: more than are folded in one transaction
FEW = 5  # cases of a service among fifty, and of each delivery of one of them
START = datetime(2024, 3, 1, tzinfo=OSLO)
KEY = "antall_meldinger_mottatt"


@dataclass
class Sender:
    """A case system: one in `every` deliveries holds all cases that change together. `states` are the numbers after each whole delivery."""

    together: int
    every: int = 30
    service: Service = field(default_factory=Service)
    each: int = 0
    alone: int = 0
    sent: int = 0
    states: list[int] = field(default_factory=list)

    def next(self) -> bytes:
        """Now and then all cases that change together, else the one that changes alone."""
        at = (START + timedelta(minutes=self.sent)).isoformat()
        self.sent += 1
        if self.sent % self.every == 1:
            self.each += 1
            content = zipped([self.service.folder(case, at, ["2024-02-01"] * self.each) for case in range(1, self.together + 1)])
        else:
            self.alone = self.alone % 90 + 1
            content = self.service.folder(0, at, ["2024-02-01"] * self.alone)
        self.states.append(self.together * self.each + self.alone)
        return content


@dataclass
class Watched:
    """What a reader has seen of the snapshots: how often a valid one, and what must not be."""

    valid: int = 0
    wrong: list[str] = field(default_factory=list)


@contextmanager
def watched(application: Application, senders: list[Sender]) -> Iterator[Watched]:
    """Looks at documents and jobs as long as the block lasts."""
    seen = Watched()
    stopping = threading.Event()
    by_id = {sender.service.organization_id: sender for sender in senders}

    def look(connection: Connection) -> None:
        for organization_id, body in connection.execute("SELECT organization_id, document FROM snapshot").fetchall():
            document = msgspec.json.decode(body, type=Document)
            if document.cache_valid:
                seen.valid += 1
                if values(document)[KEY] not in by_id[organization_id].states:
                    seen.wrong.append(f"{organization_id} is valid with {values(document)[KEY]}")
        for snapshot, waiting in connection.execute(
            "SELECT snapshot, count(*) FROM job WHERE job_status = 'waiting' GROUP BY snapshot HAVING count(*) > 1"
        ).fetchall():
            seen.wrong.append(f"{waiting} jobs wait for snapshot {snapshot}")

    def follow() -> None:
        while not stopping.wait(0.05):
            application.database.read(look)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield seen
    finally:
        stopping.set()
        thread.join()


def send(application: Application, senders: list[Sender], seconds: float) -> None:
    """A dozen deliveries a second, each sender in its turn."""
    begun = time.monotonic()
    for number in range(int(seconds * PER_SECOND)):
        sender = senders[number % len(senders)]
        application.deliveries.receive([sender.next()], full=False, actor="test")
        time.sleep(max(0.0, begun + (number + 1) / PER_SECOND - time.monotonic()))


@contextmanager
def asking(application: Application) -> Iterator[None]:
    """Somebody who has the newest snapshot aggregated anew, again and again, as long as the block lasts."""
    stopping = threading.Event()

    def ask() -> None:
        while not stopping.wait(0.1):
            rows = application.snapshots.page(None, None, None, 1, 1)[0]
            if rows and rows[0].aggregated_at is not None:
                application.snapshots.invalidate(rows[0].snapshot_id, "once more", "test")

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def settled(application: Application) -> bool:
    """Whether nothing is left to be read, aggregated or waited for."""

    def work(connection: Connection) -> bool:
        left = """SELECT (SELECT count(*) FROM delivery WHERE completed_at IS NULL) + (SELECT count(*) FROM due)
            + (SELECT count(*) FROM job WHERE ended_at IS NULL)"""
        return connection.execute(left).fetchone()[0] == 0

    return application.database.read(work)


def run(data_dir: Path, senders: list[Sender], seconds: float = SECONDS, *, asked: bool = False) -> tuple[Counter[str], Watched]:
    """(completed aggregations by organisation while deliveries came, what a reader saw); the end state is checked."""
    with opened(data_dir, auto_aggregate=True, open_periods=(Period(2024),)) as application:
        with watched(application, senders) as seen:
            with asking(application) if asked else nullcontext():
                send(application, senders, seconds)
            completed = Counter(row.organization_id for row in events(application) if row.type == "aggregation_completed")
            for _ in range(6):
                if settled(application):
                    break
                with_patience(application)
        assert settled(application)
        assert application.faults() == []
        rows, total, _ = application.snapshots.page(None, None, None, 1, 1000)
        assert total == len(senders)  # one for the open period of each, and no more
        for row in rows:
            (sender,) = (each for each in senders if each.service.organization_id == row.organization_id)
            document = msgspec.json.decode(application.snapshots.document(row.snapshot_id).body, type=Document)
            assert (document.cache_valid, values(document)[KEY]) == (True, sender.states[-1])
        statuses = application.database.read(lambda connection: connection.execute("SELECT DISTINCT job_status FROM job").fetchall())
        assert {status for (status,) in statuses} == ({"completed", "cancelled"} if asked else {"completed"})
        return completed, seen


def with_patience(application: Application) -> None:
    try:
        until(lambda: settled(application), "all to be read and aggregated")
    except AssertionError:
        return  # `run` says so in the end


def test_a_dozen_deliveries_a_second_of_one_organisation(data_dir: Path) -> None:
    sender = Sender(TOGETHER)
    completed, seen = run(data_dir, [sender])
    assert seen.wrong == []
    assert seen.valid > 0
    # Never quiet for a second, so every ten at the latest.
    assert completed[sender.service.organization_id] >= SECONDS / 20


def test_half_a_delivery_is_never_valid_whenever_somebody_asks(data_dir: Path) -> None:
    """Ten times a second, while many deliveries take several transactions: there always is a job that could read half of one."""
    sender = Sender(600, every=3)
    _, seen = run(data_dir, [sender], SECONDS / 6, asked=True)
    assert seen.wrong == []
    assert seen.valid > 0


def test_a_dozen_deliveries_a_second_of_fifty_organisations(data_dir: Path) -> None:
    """One of them is many times the others' size, and its aggregations take as much longer."""
    large = Sender(3000)
    senders = [large, *(Sender(FEW) for _ in range(49))]
    completed, seen = run(data_dir, senders)
    assert seen.wrong == []
    assert seen.valid > 0
    # Each is delivered to every four seconds and so aggregated after each delivery, but for what a slow machine puts together.
    assert min(completed[sender.service.organization_id] for sender in senders) >= SECONDS / 20
