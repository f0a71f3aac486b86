"""SIGKILL at every point of a job and of a delivery: after a restart the work is done exactly once."""

import shutil
from copy import copy
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from preview.model.resources import DeliveryDocument, JobDocument, Value
from preview.reports.job_queue import MAX_ATTEMPTS
from preview.runtime.application import Application
from preview.storage import audit
from preview.storage.database import Connection
from tests.builders.services import SampleService
from tests.support.crash_launcher import hanging_process, run_until_crash
from tests.support.pipeline import (
    aggregate,
    deliver,
    document,
    events,
    open_application,
    values,
    wait_for_job,
    wait_until,
    zip_files,
)

DAY, NEXT_DAY = "2024-05-01", "2024-05-02"
FOLDERS = 450
"""Cases of the delivery that crashes: three transactions of at most 200."""


Scenario = TypeVar("Scenario", "JobScenario", "DeliveryScenario")


def copy_scenario(template: Scenario, data_dir: Path) -> Scenario:
    """Return a scenario whose store is a copy."""
    shutil.copytree(template.data_dir, data_dir)
    scenario = copy(template)
    scenario.data_dir = data_dir
    return scenario


# A job.


class JobScenario:
    """A store with an invalidated snapshot whose source has changed; a job of it waits."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.service = SampleService()
        with open_application(data_dir) as application:
            deliver(application, self.service.folder(1, DAY, ["2024-01-10"]))
            self.snapshot = aggregate(application, self.service.organization_id, "2024").snapshot_id
            deliver(application, self.service.folder(1, NEXT_DAY, ["2024-01-10", "2024-02-10", "2024-03-01"]))
        with open_application(data_dir, started=False) as application:
            self.job = application.snapshots.invalidate(self.snapshot, "A reason", "someone").job_id
            self.position = application.event_log.last_event_id()

    def events_of(self, application: Application, kind: str) -> list[dict[str, object]]:
        """Return the data of the snapshot's events of a type since the invalidation."""
        rows = [row for row in events(application, self.position) if row.type == kind]
        return [data for row in rows if (data := msgspec.json.decode(row.data))["snapshot_id"] == self.snapshot]

    def audit(self, application: Application) -> list[tuple[str, str, str | None, str | None, Value, Value]]:
        """Return (actor, action, reason, field key, value before, value after) of the snapshot's audit rows.

        The values of its first aggregation are left out.
        """
        number = int(self.snapshot.removeprefix("snap-"))
        rows = application.database.read(lambda connection: audit.list_for_snapshot(connection, number))
        return [
            (row.actor, row.action, row.reason, row.field_key, row.value_before, row.value_after)
            for row in rows
            if row.action != "introduced"
        ]


@pytest.fixture(scope="module")
def job_scenario_template(tmp_path_factory: pytest.TempPathFactory) -> JobScenario:
    """Build a store with a waiting job once; each test works on a copy."""
    return JobScenario(tmp_path_factory.mktemp("job") / "data")


@pytest.fixture
def job_scenario(job_scenario_template: JobScenario, tmp_path: Path) -> JobScenario:
    """Copy the scenario's store."""
    return copy_scenario(job_scenario_template, tmp_path / "data")


CHANGED = ["antall_meldinger_mottatt", "antall_meldinger_til_undersokelse"]
REPLACED = [*CHANGED, "antall_meldinger_med_frist"]
"""The changed fields, and the auxiliary value from which a share is computed."""


def assert_done_once(scenario: JobScenario, application: Application) -> None:
    """Check that the job has completed, and that its events and audit rows exist once."""
    job = application.jobs.get(scenario.job)
    assert (job.job_status, job.completed) == ("completed", 1)
    after = document(application, scenario.snapshot)
    assert (after.snapshot_status, after.cache_valid) == ("current", True)
    assert [values(after)[key] for key in CHANGED] == [3, 3]
    assert [data["job_id"] for data in scenario.events_of(application, "aggregation_completed")] == [scenario.job]
    assert [data["changed_field_keys"] for data in scenario.events_of(application, "data_updated")] == [CHANGED]
    assert scenario.events_of(application, "aggregation_failed") == []
    assert scenario.audit(application) == [
        ("test", "requested", None, None, None, None),
        ("test", "aggregated", None, None, None, None),
        ("someone", "invalidated", "A reason", None, None, None),
        ("someone", "aggregated", "A reason", None, None, None),
        *(("someone", "replaced", "A reason", key, 1, 3) for key in REPLACED),
    ]


@pytest.mark.parametrize("point", ["job-claimed", "job-half-read", "job-before-commit", "job-committed"])
def test_job_completes_once_after_crash_at_any_point(job_scenario: JobScenario, point: str) -> None:
    run_until_crash(job_scenario.data_dir, point)
    with open_application(job_scenario.data_dir, started=False) as application:
        committed = point == "job-committed"
        interrupted = application.jobs.get(job_scenario.job)
        assert interrupted.job_status == ("completed" if committed else "running")
        assert document(application, job_scenario.snapshot).snapshot_status == (
            "current" if committed else "processing"
        )
        assert len(job_scenario.events_of(application, "aggregation_completed")) == committed
    with open_application(job_scenario.data_dir) as application:
        wait_for_job(application, job_scenario.job)
        assert_done_once(job_scenario, application)


def test_job_of_dead_process_is_taken_over(job_scenario: JobScenario) -> None:
    """A job of a live process is not taken over, however long it runs."""
    with (
        hanging_process(job_scenario.data_dir, "job-half-read-hang") as process,
        open_application(job_scenario.data_dir) as application,
    ):
        other = SampleService()
        deliver(application, other.folder(1, DAY))
        for period in ("2022", "2023", "2024"):  # the live process polls meanwhile
            aggregate(application, other.organization_id, period)
        assert application.jobs.get(job_scenario.job).job_status == "running"
        process.kill()
        wait_for_job(application, job_scenario.job)
        assert_done_once(job_scenario, application)


def test_job_fails_after_repeated_crashes(job_scenario: JobScenario) -> None:
    for _ in range(MAX_ATTEMPTS):
        run_until_crash(job_scenario.data_dir, "job-half-read")
    with open_application(job_scenario.data_dir) as application:
        wait_for_job(application, job_scenario.job)
        job: JobDocument = application.jobs.get(job_scenario.job)
        assert (job.job_status, job.detail) == ("failed", f"The aggregation was interrupted {MAX_ATTEMPTS} times.")
        assert [data["job_id"] for data in job_scenario.events_of(application, "aggregation_failed")] == [
            job_scenario.job
        ]
        assert job_scenario.events_of(application, "aggregation_completed") == []
        after = document(application, job_scenario.snapshot)
        assert (after.snapshot_status, after.cache_valid, values(after)[CHANGED[0]]) == ("current", False, 1)
        assert [row[1] for row in job_scenario.audit(application)] == [
            "requested",
            "aggregated",
            "invalidated",
            "failed",
        ]
        aggregate(application, job_scenario.service.organization_id, "2024")  # a request can repeat it


# A delivery.


class DeliveryScenario:
    """A store with a snapshot, a delivery that changes it, and the outcome of that delivery without a crash."""

    def __init__(self, data_dir: Path, folder: Path) -> None:
        self.data_dir = data_dir
        self.service, self.other = SampleService(), SampleService()
        service = self.service
        with open_application(data_dir) as application:
            deliver(application, self.other.folder(1, DAY))
            deliver(application, service.folder(1, DAY, ["2024-01-10"]), service.folder(2, DAY), service.folder(3, DAY))
            self.snapshot = aggregate(application, service.organization_id, "2024").snapshot_id
            self.position = application.event_log.last_event_id()
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
        self.file.write_bytes(zip_files(changes))
        control = folder / "control"
        shutil.copytree(data_dir, control)
        with open_application(control) as application:
            self.expected = deliver(application, self.file.read_bytes())
            self.case_base = application.database.read(case_base)

    def outcome(self, application: Application) -> DeliveryDocument:
        """Return the delivery after its import, with the times of the expected one."""
        name = self.expected.delivery_id
        wait_until(lambda: application.deliveries.get(name).completed_at is not None, "the delivery")
        delivery = application.deliveries.get(name)
        return msgspec.structs.replace(
            delivery, received_at=self.expected.received_at, completed_at=self.expected.completed_at
        )


def case_base(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of the case base by table."""
    tables = (
        "source",
        "sak",
        "sak_id",
        "melding",
        "undersokelse",
        "plan",
        "evaluering",
        "tiltak",
        "tilsyn",
        "flytting",
        "import_lock",
    )
    return {table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=str) for table in tables}


@pytest.fixture(scope="module")
def delivery_scenario_template(tmp_path_factory: pytest.TempPathFactory) -> DeliveryScenario:
    """Build the scenario once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("sent")
    return DeliveryScenario(folder / "data", folder)


@pytest.fixture
def delivery_scenario(delivery_scenario_template: DeliveryScenario, tmp_path: Path) -> DeliveryScenario:
    """Copy the scenario's store."""
    return copy_scenario(delivery_scenario_template, tmp_path / "data")


def assert_imported_once(scenario: DeliveryScenario, application: Application) -> None:
    """Check that the store is as after an import without a crash, with each event once and an empty spool."""
    assert scenario.outcome(application) == scenario.expected
    assert application.database.read(case_base) == scenario.case_base
    rows = [
        event
        for event in events(application, scenario.position)
        if event.organization_id == scenario.service.organization_id
    ]
    event_data = [msgspec.json.decode(event.data) for event in rows]
    received = [data for data in event_data if data["event"] == "source_received"]
    assert [data["changed_cases"] for data in received] == [
        scenario.expected.new_cases + scenario.expected.changed_cases + scenario.expected.removed_cases
    ]
    assert [data["reason"] for data in event_data if data["event"] == "cache_invalidated"] == ["source_changed"]
    wait_until(lambda: not any((scenario.data_dir / "spool").iterdir()), "the spool to be empty")
    requested = aggregate(application, scenario.service.organization_id, "2024")
    assert values(document(application, requested.snapshot_id))["antall_meldinger_mottatt"] == 1 + 1 + FOLDERS - 10 - 1


@pytest.mark.parametrize(
    ("point", "status", "begun"),
    [
        ("delivery-received", "received", False),
        ("delivery-between", "reading", True),
        ("delivery-before-commit", "reading", True),
        ("delivery-in-spool", "taken", True),
    ],
)
def test_delivery_is_imported_once_after_crash_at_any_point(
    delivery_scenario: DeliveryScenario, point: str, status: str, begun: bool
) -> None:
    run_until_crash(delivery_scenario.data_dir, point, delivery_scenario.file)
    with open_application(delivery_scenario.data_dir, started=False) as application:
        interrupted = application.deliveries.get(delivery_scenario.expected.delivery_id)
        assert interrupted.delivery_status == status
        assert document(application, delivery_scenario.snapshot).cache_valid == (not begun)
        assert len(list((delivery_scenario.data_dir / "spool").iterdir())) == 1
        if status == "reading":  # half a delivery is never shown, after a crash either (rule S5)
            assert interrupted.new_cases > 0
            requested, _ = application.snapshots.request(
                delivery_scenario.service.organization_id, "2024", False, "test"
            )
            assert application.jobs.claim(application.worker_id) is None
            application.snapshots.delete(requested.snapshot_id, "test")
    with open_application(delivery_scenario.data_dir) as application:
        assert_imported_once(delivery_scenario, application)


def test_delivery_of_dead_process_is_taken_over(delivery_scenario: DeliveryScenario) -> None:
    with (
        hanging_process(delivery_scenario.data_dir, "delivery-between-hang", delivery_scenario.file) as process,
        open_application(delivery_scenario.data_dir) as application,
    ):
        aggregate(application, delivery_scenario.other.organization_id, "2024")  # the live process polls meanwhile
        assert application.deliveries.get(delivery_scenario.expected.delivery_id).delivery_status == "reading"
        assert not document(application, delivery_scenario.snapshot).cache_valid
        process.kill()
        assert_imported_once(delivery_scenario, application)


def test_unregistered_delivery_leaves_no_file(delivery_scenario: DeliveryScenario) -> None:
    """The client got no answer, so the file may be deleted."""
    run_until_crash(delivery_scenario.data_dir, "delivery-not-written-down", delivery_scenario.file)
    assert len(list((delivery_scenario.data_dir / "spool").iterdir())) == 1
    with open_application(delivery_scenario.data_dir) as application:
        assert list((delivery_scenario.data_dir / "spool").iterdir()) == []
        assert application.deliveries.page(None, "received", 1, 10) == ([], 0)


def test_delivery_is_refused_after_repeated_crashes(delivery_scenario: DeliveryScenario) -> None:
    """The part that was imported stays, and is counted in the delivery."""
    run_until_crash(delivery_scenario.data_dir, "delivery-between", delivery_scenario.file)
    run_until_crash(delivery_scenario.data_dir, "delivery-between")
    run_until_crash(delivery_scenario.data_dir, "delivery-between")
    with open_application(delivery_scenario.data_dir) as application:
        refused = delivery_scenario.outcome(application)
        assert (refused.delivery_status, refused.organizations) == (
            "refused",
            [delivery_scenario.service.organization_id],
        )
        assert 0 < refused.new_cases < delivery_scenario.expected.new_cases
        assert application.database.read(case_base)["import_lock"] == []
        assert "unreadable_file" in {finding.code for finding in refused.findings}
        wait_until(lambda: not any((delivery_scenario.data_dir / "spool").iterdir()), "the spool to be empty")
        assert deliver(application, delivery_scenario.file.read_bytes()).delivery_status == "taken"
        tables = application.database.read(case_base)
        assert [len(tables[table]) for table in ("sak", "melding")] == [
            len(delivery_scenario.case_base[table]) for table in ("sak", "melding")
        ]
