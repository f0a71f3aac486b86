"""Rules S1 to S6 as a state machine (hypothesis): the derived state is right after any sequence of operations.

The test performs the steps of jobs and deliveries itself, so that every order of them is tried; everything else is the
real program.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from preview.core.errors import LeaseLost, NotFound, ValidationError
from preview.core.ids import format_snapshot_id
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.model.case_records import CaseFolder
from preview.model.resources import SnapshotDocument, SnapshotSummary
from preview.parsing.messages import Batch
from preview.reports.automatic_aggregation import schedule_automatic_aggregations
from preview.reports.job_queue import TRANSITIONS as JOB_TRANSITIONS
from preview.reports.reconcile import ReportConfig
from preview.reports.status import TRANSITIONS
from preview.runtime.application import Application
from preview.storage.database import Connection
from preview.storage.jobs import JobRow
from tests.builders.case_records import batch, case_folder

ORGANIZATION = "org-0301-02"
Row = dict[str, Any]
PERIODS = ["2023", "2024", "2024-H1", "2024-H2", "2025"]
OPEN_PERIODS = [Period(2024), Period(2025)]


class Crash(Exception):
    """Simulates a crash of the parser process or of this process during a delivery."""


class Machine(RuleBasedStateMachine):
    """One organisation, with every operation that can change its snapshots."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.application = Application.open(Settings(data_dir=self.folder))
        self.report_config = ReportConfig(self.application.catalogue, False)
        self.step = 0
        self.claimed: list[JobRow] = []
        self.interrupted_delivery: str | None = None
        self.deleted: set[str] = set()
        self.documents: dict[str, SnapshotDocument] = {}
        self.statuses: dict[str, str] = {}
        self.position = 0

    def teardown(self) -> None:
        self.application.close()
        shutil.rmtree(self.folder)

    # What can happen.

    @initialize(periods=st.lists(st.sampled_from(PERIODS), max_size=3))
    def first_delivery(self, periods: list[str]) -> None:
        self.deliver("a", 1)
        for period in periods:
            self.post_and_work_off(period)

    @rule(sak=st.sampled_from("abc"), content=st.sampled_from([None, 1, 2, 3, 4, 5]))
    def deliver(self, sak: str, content: int | None) -> None:
        self.step += 1
        self._import_folders([case_folder(self.step, sak, content)], crash=False)

    @precondition(lambda self: self.interrupted_delivery is None)
    @rule(content=st.integers(0, 5))
    def interrupt_delivery(self, content: int) -> None:
        """Two cases change; the process crashes between the two transactions."""
        self.step += 2
        self._import_folders(
            [case_folder(self.step - 1, "d", content), case_folder(self.step, "e", content)], crash=True
        )

    @precondition(lambda self: self.interrupted_delivery is not None)
    @rule()
    def resume_delivery(self) -> None:
        """The delivery of the crashed worker is taken over and imported from the start."""
        self.application.deliveries.requeue_orphaned(lambda worker: False)
        row = self.application.deliveries.claim(1, self.interrupted_delivery)
        assert row is not None
        folders = self.interrupted_folders
        self.application.deliveries.process(row, lambda _: iter([batch([folder]) for folder in folders]))
        self.interrupted_delivery = None

    @rule(period=st.sampled_from(PERIODS), force=st.booleans())
    def post(self, period: str, force: bool) -> None:
        try:
            self.application.snapshots.request(ORGANIZATION, period, force, "test")
        except ValidationError:
            assert self.application.database.read(lambda c: self._current_input(c, period)[0]) is None
        else:
            self.deleted.discard(period)

    @precondition(lambda self: self.documents)
    @rule(data=st.data())
    def put(self, data: st.DataObject) -> None:
        self.application.snapshots.invalidate(data.draw(st.sampled_from(sorted(self.documents))), "reason", "test")

    @precondition(lambda self: self.documents)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(sorted(self.documents)))
        self.application.snapshots.delete(chosen, "test")
        self.deleted.add(self.documents[chosen].period_id)

    @rule()
    def claim(self) -> None:
        job = self.application.jobs.claim(1)
        if job is not None:
            self.claimed.append(job)

    @precondition(lambda self: self.claimed)
    @rule()
    def complete(self) -> None:
        job = self.claimed.pop(0)
        cancelled = self._job_status(job) != "running"
        try:
            result = self.application.jobs.aggregate(job, lambda _: None)
            if result is None:
                self.application.jobs.release(job)
            else:
                self.application.jobs.complete(job, result, 0.01)
                assert not cancelled
        except NotFound:
            assert cancelled  # its organisation was erased: only then has a job no source
            with pytest.raises(LeaseLost):
                self.application.jobs.fail(job, "It has no source.")
        except LeaseLost:
            assert cancelled

    @rule()
    def work_off(self) -> None:
        """All waiting jobs complete."""
        for _ in range(10):
            self.claim()
            if not self.claimed:
                break
            self.complete()

    @rule(period=st.sampled_from(PERIODS))
    def post_and_work_off(self, period: str) -> None:
        self.post(period, True)
        self.work_off()

    @precondition(lambda self: self.claimed)
    @rule()
    def fail(self) -> None:
        job = self.claimed.pop(0)
        cancelled = self._job_status(job) != "running"
        try:
            self.application.jobs.fail(job, "It failed.")
            assert not cancelled
        except LeaseLost:
            assert cancelled

    @precondition(lambda self: self.interrupted_delivery is None)
    @rule()
    def schedule_automatic(self) -> None:
        """The time of automatic aggregation has come (rule S6)."""
        before = set(self.documents)
        self.application.database.write(
            lambda connection: schedule_automatic_aggregations(
                connection, self.report_config, ORGANIZATION, OPEN_PERIODS
            )
        )
        created_periods = {row.period_id for row in self._summaries() if row.snapshot_id not in before}
        assert created_periods <= {str(period) for period in OPEN_PERIODS} - self.deleted

    # What must hold.

    @invariant()
    def derived_state_holds(self) -> None:
        self.application.database.read(self._check)

    def _check(self, connection: Connection) -> None:
        rows = connection.execute("SELECT * FROM snapshot ORDER BY snapshot").fetchall()
        names = [column[0] for column in connection.execute("SELECT * FROM snapshot LIMIT 0").description]
        snapshots = [dict(zip(names, row, strict=True)) for row in rows]
        expected = self._expected(connection, snapshots)
        documents: dict[str, SnapshotDocument] = {}
        for row in snapshots:
            document = msgspec.json.decode(row["document"], type=SnapshotDocument)
            documents[document.snapshot_id] = document
            status, valid, prior = expected[row["snapshot"]]
            assert (
                (document.snapshot_status, document.cache_valid)
                == (row["snapshot_status"], bool(row["cache_valid"]))
                == (status, valid)
            )
            values = dict(
                connection.execute(
                    "SELECT field_key, value FROM snapshot_value WHERE snapshot = ?", (row["snapshot"],)
                ).fetchall()
            )
            prior_values = (
                {}
                if prior is None
                else dict(
                    connection.execute(
                        "SELECT field_key, value FROM snapshot_value WHERE snapshot = ?", (prior["snapshot"],)
                    ).fetchall()
                )
            )
            for section in document.sections:
                for field in section.fields:
                    assert (field.value, field.prior_period_value) == (
                        values.get(field.field_key),
                        prior_values.get(field.field_key),
                    )
            assert (document.prior_period and document.prior_period.snapshot_id) == (
                prior and format_snapshot_id(prior["snapshot"])
            )
            assert (document.prior_period and document.prior_period.aggregated_at) == (prior and prior["aggregated_at"])
        assert sum(document.snapshot_status == "current" for document in documents.values()) <= 1
        for (jobs,) in connection.execute(
            "SELECT count(*) FROM job WHERE job_status = 'waiting' GROUP BY snapshot"
        ).fetchall():
            assert jobs == 1
        self._check_transitions(documents)
        self._check_events(connection, documents)

    def _expected(self, connection: Connection, snapshots: list[Row]) -> dict[int, tuple[str, bool, Row | None]]:
        """Return status, cache flag and prior of each snapshot, computed from rules S1 to S5 independently."""
        completed = [row for row in snapshots if row["aggregated_at"]]

        def latest_of(period: str) -> Row | None:
            return max(
                (row for row in completed if row["period_id"] == period), key=lambda row: row["snapshot"], default=None
            )

        latest_period = max(
            (Period.parse(row["period_id"]) for row in completed), key=lambda p: (p.last_day, not p.half), default=None
        )
        expected: dict[int, tuple[str, bool, Row | None]] = {}
        for row in snapshots:
            jobs = connection.execute(
                "SELECT automatic FROM job WHERE snapshot = ? AND job_status IN ('waiting', 'running')",
                (row["snapshot"],),
            ).fetchall()
            latest = latest_of(row["period_id"])
            if any(not automatic for (automatic,) in jobs) or (jobs and not row["aggregated_at"]):
                status = "processing"
            elif not row["aggregated_at"]:
                status = "failed"
            elif str(latest_period) == row["period_id"] and latest is row:
                status = "current"
            else:
                status = "historical"
            input_version, is_importing = self._current_input(connection, row["period_id"])
            if not row["aggregated_at"]:
                valid = False
            elif latest is row:
                valid = row["input_version"] == input_version and not row["invalidated"] and not is_importing
            else:
                valid = not row["invalidated"]
            expected[row["snapshot"]] = status, valid, latest_of(str(Period.parse(row["period_id"]).prior))
        return expected

    def _current_input(self, connection: Connection, period: str) -> tuple[str | None, bool]:
        """Return the input version, and whether it is being imported. There is one v4 source, without figures."""
        first, last = Period.parse(period).first_day, Period.parse(period).last_day
        row = connection.execute(
            "SELECT source, version, date(first_extract_at), date(last_extract_at) FROM source"
        ).fetchone()
        if row is None:
            return None, False  # the organisation was erased
        source, version, first_extract, last_extract = row
        assert first_extract <= last.isoformat() or period < "2024"  # the first extract is of 2024-03
        is_importing = connection.execute("SELECT count(*) FROM import_lock").fetchone()[0] > 0
        return (f"{source}:{version}:0" if last_extract >= first.isoformat() else None), is_importing

    def _check_transitions(self, documents: dict[str, SnapshotDocument]) -> None:
        for name, document in documents.items():
            before = self.statuses.get(name, document.snapshot_status)
            # There can be two transitions between two checks; the program checks each one when it writes it.
            assert document.snapshot_status == before or any(
                document.snapshot_status in TRANSITIONS[via] for via in (before, *TRANSITIONS[before])
            )
        self.statuses = {name: document.snapshot_status for name, document in documents.items()}

    def _check_events(self, connection: Connection, documents: dict[str, SnapshotDocument]) -> None:
        """Check that every change of a document has an event, and that every event reports a real change."""
        rows = connection.execute(
            "SELECT event, type, snapshot, data FROM event WHERE event > ? ORDER BY event", (self.position,)
        ).fetchall()
        events_by_snapshot: dict[str, list[tuple[str, Row]]] = {}
        for event, kind, number, data in rows:
            self.position = event
            if number is not None:
                events_by_snapshot.setdefault(format_snapshot_id(number), []).append((kind, msgspec.json.decode(data)))
        for name in self.documents.keys() | documents.keys():
            before, after = self.documents.get(name), documents.get(name)
            kinds = {kind for kind, _ in events_by_snapshot.get(name, [])}
            if before == after:
                assert kinds <= {"aggregation_completed", "aggregation_failed", "cache_invalidated"}, kinds
            elif after is None:
                assert "snapshot_deleted" in kinds
            elif before is None:
                assert "snapshot_created" in kinds
            else:
                self._check_event_kinds(before, after, events_by_snapshot.get(name, []))
        self.documents = documents

    def _check_event_kinds(
        self, before: SnapshotDocument, after: SnapshotDocument, events: list[tuple[str, Row]]
    ) -> None:
        kinds = {kind for kind, _ in events}
        assert kinds, (before, after)
        old, new = (
            {
                field.field_key: (field.value, field.prior_period_value)
                for section in document.sections
                for field in section.fields
            }
            for document in (before, after)
        )
        changed = {key for key in new if old[key] != new[key]}
        listed = {key for kind, data in events if kind == "data_updated" for key in data["changed_field_keys"]}
        if before.aggregated_at is not None:
            assert listed == changed
        if before.cache_valid and not after.cache_valid:
            assert "cache_invalidated" in kinds
        if before.aggregated_at != after.aggregated_at:
            assert "aggregation_completed" in kinds

    # Means.

    def _import_folders(self, folders: list[CaseFolder], *, crash: bool) -> None:
        receipt = self.application.deliveries.receive([b"content"], full=False, actor="test")
        row = self.application.deliveries.claim(1, receipt.delivery_id)
        assert row is not None

        def read(_: Path) -> Iterator[Batch]:
            for folder in folders:
                yield batch([folder])
            if crash:
                raise Crash

        try:
            self.application.deliveries.process(row, read)
        except Crash:
            self.interrupted_delivery, self.interrupted_folders = receipt.delivery_id, folders

    def start_without_documents(self) -> None:
        """Expect the store of an organisation that was erased: no snapshot, and no event that tells how each went."""
        self.documents, self.statuses, self.deleted = {}, {}, set()

    def _job_status(self, job: JobRow) -> str:
        row = self.application.database.read(
            lambda c: c.execute("SELECT job_status FROM job WHERE job = ?", (job.job,)).fetchone()
        )
        if row is None:
            return "cancelled"  # and deleted since, with its organisation
        status = row[0]
        assert status == "running" or status in JOB_TRANSITIONS["running"]
        return status

    def _summaries(self) -> list[SnapshotSummary]:
        return self.application.snapshots.page(None, None, None, 1, 1000)[0]


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=12, stateful_step_count=40, deadline=None)


@pytest.mark.slow
def test_state_machine_with_many_examples() -> None:
    run_state_machine_as_test(Machine, settings=settings(max_examples=400, stateful_step_count=50, deadline=None))
