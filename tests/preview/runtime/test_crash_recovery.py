"""SIGKILL at every point of a job and of a delivery: after a restart all is as if it had not been, and nothing is done twice."""

import shutil
from pathlib import Path

import msgspec
import pytest

from preview.model.resources import DeliveryDocument, JobDocument, Value
from preview.reports.job_queue import ATTEMPTS
from preview.runtime.application import Application
from preview.storage import audit
from preview.storage.database import Connection
from tests.builders.services import Service
from tests.support.crash_launcher import crash, hanging
from tests.support.pipeline import aggregate, deliver, document, events, opened, until, values, wait_for_job, zipped

DAY, NEXT_DAY = "2024-05-01", "2024-05-02"
FOLDERS = 450
"""Of the delivery that crashes: three transactions of 200 or less."""


# A job.


class World:
    """A store with one snapshot that a person has invalidated, as the source says something else since."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.service = Service()
        with opened(data_dir) as application:
            deliver(application, self.service.folder(1, DAY, ["2024-01-10"]))
            self.snapshot = aggregate(application, self.service.organization_id, "2024").snapshot_id
            deliver(application, self.service.folder(1, NEXT_DAY, ["2024-01-10", "2024-02-10", "2024-03-01"]))
        with opened(data_dir, started=False) as application:
            self.job = application.snapshots.invalidate(self.snapshot, "A reason", "someone").job_id
            self.place = application.events.newest()

    def told(self, application: Application, kind: str) -> list[dict[str, object]]:
        """The snapshot's events of that kind since."""
        told = [msgspec.json.decode(event.data) for event in events(application, self.place) if event.type == kind]
        return [each for each in told if each["snapshot_id"] == self.snapshot]

    def audit(self, application: Application) -> list[tuple[str, str, str | None, str | None, Value, Value]]:
        """Who did what, why, and the values of it."""
        number = int(self.snapshot.removeprefix("snap-"))
        rows = application.database.read(lambda connection: audit.of_snapshot(connection, number))
        return [(row.actor, row.action, row.reason, row.field_key, row.verdi_before, row.verdi_after) for row in rows]


@pytest.fixture
def world(data_dir: Path) -> World:
    """A job waits in it."""
    return World(data_dir)


CHANGED = ["antall_meldinger_mottatt", "antall_meldinger_til_undersokelse"]
REPLACED = [*CHANGED, "antall_meldinger_med_frist"]
"""With the auxiliary value of which a share is worked out."""


def done_once(world: World, application: Application) -> None:
    """The job has been done, and nothing of it twice."""
    job = application.jobs.document(world.job)
    assert (job.job_status, job.completed) == ("completed", 1)
    after = document(application, world.snapshot)
    assert (after.snapshot_status, after.cache_valid) == ("current", True)
    assert [values(after)[key] for key in CHANGED] == [3, 3]
    assert [told["job_id"] for told in world.told(application, "aggregation_completed")] == [world.job]
    assert [told["changed_field_keys"] for told in world.told(application, "data_updated")] == [CHANGED]
    assert world.told(application, "aggregation_failed") == []
    assert world.audit(application) == [
        ("test", "requested", None, None, None, None),
        ("someone", "invalidated", "A reason", None, None, None),
        *(("someone", "replaced", "A reason", key, 1, 3) for key in REPLACED),
    ]


@pytest.mark.parametrize("point", ["job-claimed", "job-half-read", "job-before-commit", "job-committed"])
def test_a_job_is_done_once_whenever_its_process_dies(world: World, point: str) -> None:
    crash(world.data_dir, point)
    with opened(world.data_dir, started=False) as application:
        committed = point == "job-committed"
        left = application.jobs.document(world.job)
        assert left.job_status == ("completed" if committed else "running")
        assert document(application, world.snapshot).snapshot_status == ("current" if committed else "processing")
        assert len(world.told(application, "aggregation_completed")) == committed
    with opened(world.data_dir) as application:
        wait_for_job(application, world.job)
        done_once(world, application)


def test_a_job_of_a_dead_process_is_taken_over_by_a_living_one(world: World) -> None:
    """While it lives, its job is its own, however long that takes."""
    with hanging(world.data_dir, "job-half-read-hang") as process, opened(world.data_dir) as application:
        other = Service()
        deliver(application, other.folder(1, DAY))
        for period in ("2022", "2023", "2024"):  # the living one has time to look about
            aggregate(application, other.organization_id, period)
        assert application.jobs.document(world.job).job_status == "running"
        process.kill()
        wait_for_job(application, world.job)
        done_once(world, application)


def test_a_job_whose_process_dies_again_and_again_fails(world: World) -> None:
    for _ in range(ATTEMPTS):
        crash(world.data_dir, "job-half-read")
    with opened(world.data_dir) as application:
        wait_for_job(application, world.job)
        job: JobDocument = application.jobs.document(world.job)
        assert (job.job_status, job.detail) == ("failed", f"The aggregation was interrupted {ATTEMPTS} times.")
        assert [told["job_id"] for told in world.told(application, "aggregation_failed")] == [world.job]
        assert world.told(application, "aggregation_completed") == []
        kept = document(application, world.snapshot)
        assert (kept.snapshot_status, kept.cache_valid, values(kept)[CHANGED[0]]) == ("current", False, 1)
        assert [row[1] for row in world.audit(application)] == ["requested", "invalidated", "failed"]
        aggregate(application, world.service.organization_id, "2024")  # and a person can try again


# A delivery.


class Sent:
    """A store with a snapshot, a delivery that changes what it shows, and what comes of that delivery without a crash."""

    def __init__(self, data_dir: Path, folder: Path) -> None:
        self.data_dir = data_dir
        self.service, self.other = Service(), Service()
        service = self.service
        with opened(data_dir) as application:
            deliver(application, self.other.folder(1, DAY))
            deliver(application, service.folder(1, DAY, ["2024-01-10"]), service.folder(2, DAY), service.folder(3, DAY))
            self.snapshot = aggregate(application, service.organization_id, "2024").snapshot_id
            self.place = application.events.newest()
        changes = [
            service.folder(1, NEXT_DAY, ["2024-01-10", "2024-02-10"], forrige="00000000-0000-4000-8000-000000000001"),
            service.folder(2, NEXT_DAY, slettet=True),
            service.folder(3, NEXT_DAY),
            b"<Barnevern><Sak></Barnevern>",
            *(service.folder(case, NEXT_DAY, ["2024-02-20"]) for case in range(10, FOLDERS)),
            service.folder(10, "2024-05-03", [""], forrige="00000000-0000-4000-8000-000000000002"),
            service.folder(1, "2024-04-01"),
        ]
        self.file = folder / "sent.zip"
        self.file.write_bytes(zipped(changes))
        control = folder / "control"
        shutil.copytree(data_dir, control)
        with opened(control) as application:
            self.taken = deliver(application, self.file.read_bytes())
            self.case_base = application.database.read(case_base)

    def outcome(self, application: Application) -> DeliveryDocument:
        """The delivery, once it is taken, as it would be without a crash: times left out."""
        name = self.taken.delivery_id
        until(lambda: application.deliveries.document(name).completed_at is not None, "the delivery")
        taken = application.deliveries.document(name)
        return msgspec.structs.replace(taken, received_at=self.taken.received_at, completed_at=self.taken.completed_at)


def case_base(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """All that is held."""
    tables = ("kilde", "sak", "sak_id", "melding", "undersokelse", "plan", "evaluering", "tiltak", "tilsyn", "flytting", "lesing")
    return {table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=str) for table in tables}


@pytest.fixture(scope="module")
def sent_once(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """Made once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("sent")
    return Sent(folder / "data", folder)


@pytest.fixture
def sent(sent_once: Sent, tmp_path: Path) -> Sent:
    """In a store of its own."""
    copy = object.__new__(Sent)
    copy.__dict__.update(sent_once.__dict__)
    copy.data_dir = tmp_path / "data"
    shutil.copytree(sent_once.data_dir, copy.data_dir)
    return copy


def taken_once(sent: Sent, application: Application) -> None:
    """The delivery is as it is without a crash, and nothing is left of the reading."""
    assert sent.outcome(application) == sent.taken
    assert application.database.read(case_base) == sent.case_base
    rows = [event for event in events(application, sent.place) if event.organization_id == sent.service.organization_id]
    told = [msgspec.json.decode(event.data) for event in rows]
    received = [each for each in told if each["event"] == "source_received"]
    assert [each["changed_cases"] for each in received] == [sent.taken.new_cases + sent.taken.changed_cases + sent.taken.removed_cases]
    assert [each["reason"] for each in told if each["event"] == "cache_invalidated"] == ["source_changed"]
    until(lambda: not any((sent.data_dir / "spool").iterdir()), "the spool to be empty")
    made = aggregate(application, sent.service.organization_id, "2024")
    assert values(document(application, made.snapshot_id))["antall_meldinger_mottatt"] == 1 + 1 + FOLDERS - 10 - 1


@pytest.mark.parametrize(
    ("point", "status", "begun"),
    [
        ("delivery-received", "received", False),
        ("delivery-between", "reading", True),
        ("delivery-before-commit", "reading", True),
        ("delivery-in-spool", "taken", True),
    ],
)
def test_a_delivery_is_taken_once_whenever_its_process_dies(sent: Sent, point: str, status: str, begun: bool) -> None:
    crash(sent.data_dir, point, sent.file)
    with opened(sent.data_dir, started=False) as application:
        left = application.deliveries.document(sent.taken.delivery_id)
        assert left.delivery_status == status
        assert document(application, sent.snapshot).cache_valid == (not begun)
        assert len(list((sent.data_dir / "spool").iterdir())) == 1
        if status == "reading":  # S5, after a crash too: half a delivery is never shown
            assert left.new_cases > 0
            requested, _ = application.snapshots.request(sent.service.organization_id, "2024", False, "test")
            assert application.jobs.claim(application.worker_number) is None
            application.snapshots.delete(requested.snapshot_id, "test")
    with opened(sent.data_dir) as application:
        taken_once(sent, application)


def test_a_delivery_of_a_dead_process_is_taken_over_by_a_living_one(sent: Sent) -> None:
    with hanging(sent.data_dir, "delivery-between-hang", sent.file) as process, opened(sent.data_dir) as application:
        aggregate(application, sent.other.organization_id, "2024")  # the living one has time to look about
        assert application.deliveries.document(sent.taken.delivery_id).delivery_status == "reading"
        assert not document(application, sent.snapshot).cache_valid
        process.kill()
        taken_once(sent, application)


def test_a_delivery_that_was_not_written_down_leaves_nothing(sent: Sent) -> None:
    """Nobody was told that it was received."""
    crash(sent.data_dir, "delivery-not-written-down", sent.file)
    assert len(list((sent.data_dir / "spool").iterdir())) == 1
    with opened(sent.data_dir) as application:
        assert list((sent.data_dir / "spool").iterdir()) == []
        assert application.deliveries.page(None, "received", 1, 10) == ([], 0)


def test_a_delivery_whose_process_dies_again_and_again_is_refused(sent: Sent) -> None:
    """What was taken of it stays, is counted, and is told."""
    crash(sent.data_dir, "delivery-between", sent.file)
    crash(sent.data_dir, "delivery-between")
    crash(sent.data_dir, "delivery-between")
    with opened(sent.data_dir) as application:
        refused = sent.outcome(application)
        assert (refused.delivery_status, refused.organizations) == ("refused", [sent.service.organization_id])
        assert 0 < refused.new_cases < sent.taken.new_cases
        assert application.database.read(case_base)["lesing"] == []
        assert "unreadable_file" in {finding.code for finding in refused.findings}
        until(lambda: not any((sent.data_dir / "spool").iterdir()), "the spool to be empty")
        assert deliver(application, sent.file.read_bytes()).delivery_status == "taken"
        held = application.database.read(case_base)
        assert [len(held[table]) for table in ("sak", "melding")] == [len(sent.case_base[table]) for table in ("sak", "melding")]
