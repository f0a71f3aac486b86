"""Retention: old rows are deleted, oldest first; streams that are behind get a resync, and current documents stay."""

from collections.abc import Generator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from preview.core.clock import format_rfc3339, now
from preview.core.leader_lock import LeaderLock
from preview.core.periods import Period
from preview.maintenance.retention import PruneResult, Retention, outdated
from preview.runtime.application import Application
from preview.storage import audit
from preview.storage.database import Connection
from preview.storage.snapshots import SnapshotRow
from tests.api_handlers.in_process_server import run_in_process_server
from tests.api_handlers.sse_client import open_stream
from tests.builders.services import SampleService
from tests.support.pipeline import (
    aggregate,
    deliver,
    document,
    event_types,
    events,
    open_application,
    wait_for_job,
    wait_until,
)

WATCH = "/api/v1/aggregated-report-data/watch"
DAY = timedelta(days=1)


def prune(application: Application, at: datetime, *, chunk_rows: int = 2000, **settings: Any) -> PruneResult:
    """Prune with changed settings."""
    changed_settings = msgspec.structs.replace(application.settings, **settings)
    leader_lock = LeaderLock(application.settings.data_dir / "retention.lock")
    retention = Retention(
        application.database,
        application.report_config,
        changed_settings,
        application.eraser,
        leader_lock,
        chunk_rows=chunk_rows,
    )
    return retention.prune(at)


def audit_actions(connection: Connection) -> list[str]:
    return [action for (action,) in connection.execute("SELECT action FROM audit ORDER BY audit").fetchall()]


@pytest.fixture
def store(data_dir: Path) -> Generator[Application]:
    with open_application(data_dir) as application:
        yield application


def populate(
    application: Application, service: SampleService, periods: tuple[str, ...] = ("2023", "2024")
) -> list[str]:
    """Aggregate each period, and the last one twice; return the ids of the snapshots."""
    deliver(
        application,
        service.folder(1, "2023-02-01", ["2022-02-01", "2023-01-10"]),
        service.folder(2, "2024-06-01", ["2024-02-01"]),
    )
    requested_snapshots = [aggregate(application, service.organization_id, period) for period in periods]
    requested_snapshots.append(aggregate(application, service.organization_id, periods[-1], force=True))
    return [requested.snapshot_id for requested in requested_snapshots]


def test_default_settings_keep_everything(store: Application, service: SampleService) -> None:
    populate(store, service)
    before = events(store), store.database.read(audit_actions), store.snapshots.page(None, None, None, 1, 100)
    assert prune(store, now() + 36500 * DAY) == PruneResult()
    assert (events(store), store.database.read(audit_actions), store.snapshots.page(None, None, None, 1, 100)) == before


def test_events_are_pruned_only_when_older_than_the_limit(store: Application, service: SampleService) -> None:
    populate(store, service)
    before = events(store)
    assert len(before) > 5
    assert prune(store, now() + 30 * DAY - timedelta(minutes=5), events_kept_days=30) == PruneResult()
    at = now() + 30 * DAY + timedelta(minutes=5)
    assert prune(store, at, chunk_rows=2, events_kept_days=30) == PruneResult(events=len(before))
    assert events(store) == []
    assert store.event_log.last_event_id() == before[-1].event_id
    deliver(store, SampleService().folder(1, "2024-07-01"))
    assert [row.event_id for row in events(store)] == [before[-1].event_id + 1]


def test_event_pruning_stops_at_the_first_recent_event(store: Application, service: SampleService) -> None:
    """A clock that was set back makes no gap in the log."""
    populate(store, service)
    rows = events(store)
    old = format_rfc3339(now() - 100 * DAY)
    numbers = [(row.event_id,) for row in (*rows[:3], rows[4])]
    store.database.write(
        lambda connection: connection.executemany(f"UPDATE event SET at = '{old}' WHERE event = ?", numbers).rowcount
    )
    assert prune(store, now(), events_kept_days=30) == PruneResult(events=3)
    assert events(store) == rows[3:]


def test_stream_resuming_before_pruned_events_gets_resync(data_dir: Path, service: SampleService) -> None:
    with run_in_process_server(data_dir) as served:
        populate(served.application, service)
        last = events(served.application)[-1].event_id
        assert prune(served.application, now() + 3 * DAY, events_kept_days=1).events == last
        deliver(served.application, SampleService().folder(1, "2024-07-01"))
        with open_stream(served.url, WATCH, last_event_id=str(last - 1)) as behind:
            assert behind.last_event_id == last + 1
            block = behind.next_block()
            assert block is not None
            assert block.event == "resync"
        with open_stream(served.url, WATCH, last_event_id=str(last)) as up_to_date:
            assert [block.id for block in up_to_date.events_until(last + 1)] == [last + 1]


def test_audit_rows_are_pruned_when_older_than_the_limit(store: Application, service: SampleService) -> None:
    snapshot = populate(store, service)[0]
    invalidated = store.snapshots.invalidate(snapshot, "for a reason", "test")
    wait_for_job(store, invalidated.job_id)
    actions = store.database.read(audit_actions)
    assert len(actions) >= 4
    assert prune(store, now() + 9 * DAY, audit_kept_days=10) == PruneResult()
    store.database.write(
        lambda connection: (
            connection.execute("UPDATE audit SET at = ? WHERE audit <= 2", (format_rfc3339(now() - 2 * DAY),)).rowcount
        )
    )
    assert prune(store, now() + 9 * DAY, chunk_rows=1, audit_kept_days=10) == PruneResult(audit=2)
    assert store.database.read(audit_actions) == actions[2:]


def test_pruning_historical_snapshots_keeps_current_document(store: Application, service: SampleService) -> None:
    prior, replaced, current = populate(store, service)
    rendered = store.snapshots.get(current)
    position = store.event_log.last_event_id()
    assert prune(store, now() + 30 * DAY - timedelta(minutes=5), historical_kept_days=30) == PruneResult()
    assert prune(store, now() + 31 * DAY, historical_kept_days=30) == PruneResult(snapshots=1)
    assert {row.snapshot_id for row in store.snapshots.page(None, None, None, 1, 100)[0]} == {prior, current}
    assert store.snapshots.get(current).body == rendered.body
    assert document(store, current).prior_period is not None
    (event,) = events(store, position)
    assert (event.type, msgspec.json.decode(event.data)["snapshot_id"]) == ("snapshot_deleted", replaced)
    assert (
        store.database.read(lambda connection: audit.list_for_snapshot(connection, int(replaced[5:])))[-1].actor
        == "auto"
    )


def test_pruned_period_is_not_marked_as_deleted(store: Application, service: SampleService) -> None:
    """Only a DELETE marks a period (rule S6)."""
    populate(store, service)
    prune(store, now() + 31 * DAY, historical_kept_days=30)
    assert (
        store.database.read(lambda connection: connection.execute("SELECT count(*) FROM deleted_period").fetchone()[0])
        == 0
    )


def snapshot_row(number: int, period: str, status: str, aggregated: str | None) -> SnapshotRow:
    columns: dict[str, Any] = dict.fromkeys(SnapshotRow.__struct_fields__)
    period_order = Period.parse(period).sort_key
    completion = int(aggregated is not None)
    columns |= {
        "snapshot": number,
        "period_id": period,
        "period_order": period_order,
        "snapshot_status": status,
        "aggregated_at": aggregated,
        "completion": completion,
    }
    return SnapshotRow(**columns)


OLD, RECENT, CUTOFF = "2024-01-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([snapshot_row(1, "2024", "current", OLD)], []),
        ([snapshot_row(1, "2024", "historical", CUTOFF)], []),
        ([snapshot_row(1, "2024", "historical", OLD)], [1]),
        ([snapshot_row(1, "2024", "processing", OLD), snapshot_row(2, "2023", "failed", None)], []),
        # The newest snapshot of the prior period supplies prior values of the current one; an older one does not.
        (
            [
                snapshot_row(4, "2024", "current", OLD),
                snapshot_row(3, "2023", "historical", OLD),
                snapshot_row(2, "2023", "historical", OLD),
            ],
            [2],
        ),
        # A snapshot is deleted if it supplies prior values only of a deleted one, or of one that stays for a third.
        (
            [
                snapshot_row(4, "2024", "current", OLD),
                snapshot_row(3, "2023", "historical", OLD),
                snapshot_row(2, "2022", "historical", OLD),
            ],
            [2],
        ),
        (
            [
                snapshot_row(4, "2025", "current", OLD),
                snapshot_row(3, "2023", "historical", OLD),
                snapshot_row(2, "2022", "historical", OLD),
            ],
            [3, 2],
        ),
        # A snapshot stays if its values are shown beside a historical one that is recent enough.
        (
            [
                snapshot_row(4, "2025", "current", OLD),
                snapshot_row(3, "2023", "historical", RECENT),
                snapshot_row(2, "2022", "historical", OLD),
            ],
            [],
        ),
        # The prior period of a half-year is a half-year, not a year.
        ([snapshot_row(4, "2024", "current", OLD), snapshot_row(3, "2023-H2", "historical", OLD)], [3]),
        ([snapshot_row(4, "2024-H1", "current", OLD), snapshot_row(3, "2023-H1", "historical", OLD)], []),
        # One that has never completed is nobody's prior.
        (
            [
                snapshot_row(4, "2024", "current", OLD),
                snapshot_row(3, "2023", "processing", None),
                snapshot_row(2, "2023", "historical", OLD),
            ],
            [],
        ),
    ],
)
def test_outdated_selects_old_unreferenced_snapshots(rows: list[SnapshotRow], expected: list[int]) -> None:
    assert [row.snapshot for row in outdated(rows, CUTOFF)] == expected


@pytest.mark.parametrize(("interval_seconds", "is_due_again"), [(86400.0, False), (0.0, True)])
def test_retention_runs_at_first_and_once_per_interval(
    store: Application, service: SampleService, interval_seconds: float, is_due_again: bool
) -> None:
    settings = msgspec.structs.replace(store.settings, events_kept_days=7)
    leader_lock = LeaderLock(store.settings.data_dir / "other.lock")
    retention = Retention(
        store.database, store.report_config, settings, store.eraser, leader_lock, interval_seconds=interval_seconds
    )
    populate(store, service)
    set_event_age(store, 9 * DAY)
    retention.run_if_due()
    assert events(store) == []
    deliver(store, SampleService().folder(1, "2024-07-01"))
    set_event_age(store, 8 * DAY)
    retention.run_if_due()
    assert event_types(events(store)) == ([] if is_due_again else ["source_received"])
    retention.close()


def test_worker_runs_retention_at_start(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir) as application:
        populate(application, service)
        set_event_age(application, 9 * DAY)
    with open_application(data_dir, events_kept_days=7) as application:
        wait_until(lambda: not events(application), "the first run of retention")


def set_event_age(application: Application, age: timedelta) -> None:
    """Set the time of every event."""
    at = format_rfc3339(now() - age)
    application.database.write(lambda connection: connection.execute("UPDATE event SET at = ?", (at,)).rowcount)


def test_migration_takes_event_times_from_their_data(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir) as application:
        populate(application, service)
        original = application.database.read(
            lambda connection: connection.execute("SELECT type, at FROM event ORDER BY event").fetchall()
        )
        assert len({kind for kind, _ in original}) > 3

        def undo_migration(connection: Connection) -> None:
            connection.execute("ALTER TABLE event DROP COLUMN at")
            connection.execute("DELETE FROM _sqlite_migrations WHERE name = '0004_event_time'")

        application.database.write(undo_migration)
    with open_application(data_dir, started=False) as application:
        migrated = application.database.read(
            lambda connection: connection.execute("SELECT type, at FROM event ORDER BY event").fetchall()
        )
    assert [kind for kind, _ in migrated] == [kind for kind, _ in original]
    for (_, migrated_at), (_, original_at) in zip(migrated, original, strict=True):
        assert abs(datetime.fromisoformat(migrated_at) - datetime.fromisoformat(original_at)) <= timedelta(seconds=5)
