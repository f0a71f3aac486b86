"""Changes since an approval, and what `since` accepts (rule A3, docs/api.md). See also test_replay.py."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from preview.activity.change_counts import count_changes
from preview.activity.changes import csv_rows
from preview.activity.since import Since, SinceApproval, SinceEvent, SinceSnapshot, SinceTime, parse_since
from preview.core.errors import NotFound, ValidationError
from preview.model.activity import FieldChange, FieldChangeRow, ReportChanges
from preview.model.resources import Value
from preview.views.spreadsheet import records_to_csv
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, open_application, wait_for_job

RECEIVED = "antall_meldinger_mottatt"


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("approval", SinceApproval()),
        ("0", SinceEvent(0)),
        ("4711", SinceEvent(4711)),
        ("snap-012", SinceSnapshot(12)),
        ("2026-03-25T14:00:00Z", SinceTime("2026-03-25T14:00:00Z")),
        ("2026-03-25T15:00:00.9+01:00", SinceTime("2026-03-25T14:00:00Z")),
        ("2026-03-25T15:00:00 01:00", SinceTime("2026-03-25T14:00:00Z")),
    ],
)
def test_since_is_approval_event_snapshot_or_time(text: str, since: Since) -> None:
    assert parse_since(text) == since


@pytest.mark.parametrize(
    "text",
    ["yesterday", "-1", "007", "1" * 19, "snap-12", "2026-03-25", "2026-03-25T14:00:00", "2026-13-25T14:00:00Z"],
)
def test_other_text_is_no_point_in_time(text: str) -> None:
    with pytest.raises(ValidationError) as raised:
        parse_since(text)
    assert [error.pointer for error in raised.value.field_errors] == ["/since"]


def test_changes_since_approval_lead_to_their_delivery(data_dir: Path, service: SampleService) -> None:
    key = (service.organization_id, "2024")
    with open_application(data_dir, suppress_small_counts=False) as application:

        def fields(since: Since) -> dict[str, tuple[Value, Value, list[str] | None]]:
            changes, _ = application.activity.changes.get(*key, since)
            return {each.field_key: (each.before, each.after, each.delivery_ids) for each in changes.fields}

        deliver(application, service.folder(1, "2023-01-01"))
        deliver(application, service.folder(1, "2025-01-01", ["2024-02-01"]))
        snapshot = aggregate(application, *key).snapshot_id
        with pytest.raises(NotFound):
            application.activity.changes.get(*key, SinceApproval())
        etag = application.snapshots.get(snapshot).etag
        application.reviews.approvals.approve(*key, snapshot, etag, "kari", is_named=True)
        approved_at = application.event_log.last_event_id()
        assert fields(SinceApproval()) == {}

        delivery = deliver(application, service.folder(2, "2025-01-02", ["2024-02-01"])).delivery_id
        newer = aggregate(application, *key).snapshot_id
        assert newer != snapshot
        assert fields(SinceApproval())[RECEIVED] == (1, 2, [delivery])
        assert fields(SinceApproval()) == fields(SinceSnapshot(int(snapshot[5:]))) == fields(SinceEvent(approved_at))
        changes, position = application.activity.changes.get(*key, SinceApproval())
        assert (changes.snapshot_id, changes.since_event_id) == (newer, approved_at)
        assert position == application.event_log.last_event_id()

        # An approval keeps what it approved, however short the trail.
        application.database.write(lambda connection: connection.execute("DELETE FROM audit").rowcount)
        assert fields(SinceApproval())[RECEIVED] == (1, 2, None)
        assert application.activity.changes.get(*key, SinceApproval())[0].since_event_id is None


def test_deleted_snapshot_is_a_point_in_time_as_long_as_the_trail_has_it(
    data_dir: Path, service: SampleService
) -> None:
    key = (service.organization_id, "2024")
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2025-01-01", ["2024-02-01"]))
        aggregate(application, *key)
        deliver(application, service.folder(2, "2025-01-02", ["2024-02-01"]))
        second = aggregate(application, *key).snapshot_id
        application.snapshots.delete(second, "test")
        changes, _ = application.activity.changes.get(*key, SinceSnapshot(int(second[5:])))
        (received,) = (each for each in changes.fields if each.field_key == RECEIVED)
        assert (received.before, received.after, received.job_id, received.delivery_ids) == (2, 1, None, [])
        other = aggregate(application, service.organization_id, "2023").snapshot_id
        for since in (SinceSnapshot(int(other[5:])), SinceSnapshot(999)):
            with pytest.raises(ValidationError):
                application.activity.changes.get(*key, since)
        requested, _ = application.snapshots.request(*key, True, "test")
        wait_for_job(application, requested.job_id)
        # The deletion is undone: nothing differs any more.
        assert application.activity.changes.get(*key, SinceSnapshot(int(second[5:])))[0].fields == []


def test_csv_has_a_row_for_each_field() -> None:
    changed = FieldChange(
        field_key=RECEIVED,
        before=None,
        after=81.5,
        changed_at="2026-03-25T14:00:00Z",
        job_id="job-agg-002",
        delivery_ids=["dlv-001", "dlv-002"],
    )
    changes = ReportChanges(
        organization_id="org-1", period_id="2024", snapshot_id="snap-001", since_event_id=3, fields=[changed]
    )
    assert records_to_csv(FieldChangeRow, csv_rows(changes)).decode().splitlines() == [
        "organization_id,period_id,field_key,before,after,changed_at,job_id,delivery_ids",
        "org-1,2024,antall_meldinger_mottatt,,81.5,2026-03-25T14:00:00Z,job-agg-002,dlv-001 dlv-002",
    ]


def test_changes_are_counted_for_all_reports_of_a_period(data_dir: Path) -> None:
    """One report has changed, one has not, one is of another period, and one was approved before it changed."""
    services = [SampleService() for _ in range(4)]
    changing, still, elsewhere, approved = (service.organization_id for service in services)
    with open_application(data_dir, suppress_small_counts=False) as application:

        def counts(since: Since, organization_id: str | None = None) -> Mapping[str, int]:
            return application.database.read(
                lambda connection: count_changes(connection, application.report_config, "2024", since, organization_id)
            )

        deliver(application, *(service.folder(1, "2025-01-01", ["2024-02-01"]) for service in services))
        for organization_id in (changing, still, approved):
            snapshot_id = aggregate(application, organization_id, "2024").snapshot_id
        aggregate(application, elsewhere, "2023")
        etag = application.snapshots.get(snapshot_id).etag
        application.reviews.approvals.approve(approved, "2024", snapshot_id, etag, "kari", is_named=True)
        then = SinceEvent(application.event_log.last_event_id())
        assert counts(then) == {changing: 0, still: 0, approved: 0}
        assert counts(SinceApproval()) == {approved: 0}
        for service in (services[0], services[3]):
            deliver(application, service.folder(2, "2025-01-02", ["2024-02-01"]))
            aggregate(application, service.organization_id, "2024")
        found = counts(then)
        for organization_id in (changing, approved):
            listed, _ = application.activity.changes.get(organization_id, "2024", then)
            assert found[organization_id] == len(listed.fields) > 0
        assert found[still] == 0
        assert counts(then, changing) == {changing: found[changing]}
        assert counts(SinceApproval()) == {approved: found[approved]}
        with pytest.raises(ValidationError):
            counts(SinceSnapshot(1))
        with pytest.raises(ValidationError):
            counts(SinceEvent(9999))
