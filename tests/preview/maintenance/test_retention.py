"""Retention: what is older than is set goes, oldest first; who was behind is told to fetch afresh, and what is shown stays as it is."""

from collections.abc import Generator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from preview.core.clock import now, timestamp
from preview.core.leader_lock import Lead
from preview.core.periods import Period
from preview.maintenance import retention
from preview.maintenance.retention import Pruned, Retention, outdated
from preview.runtime.application import Application
from preview.storage import audit
from preview.storage.database import Connection
from preview.storage.snapshots import SnapshotRow
from tests.api_handlers.in_process_server import serving
from tests.api_handlers.sse_client import watching
from tests.builders.services import Service
from tests.support.pipeline import aggregate, deliver, document, events, kinds, opened, until

WATCH = "/api/v1/aggregated-report-data/watch"
DAY = timedelta(days=1)


def prune(application: Application, at: datetime, **settings: Any) -> Pruned:
    """As it would with these settings."""
    given = msgspec.structs.replace(application.settings, **settings)
    lead = Lead(application.settings.data_dir / "retention.lock")
    return Retention(application.database, application.form, given, application.forgetting, lead).prune(at)


def audited(connection: Connection) -> list[str]:
    return [action for (action,) in connection.execute("SELECT action FROM audit ORDER BY audit").fetchall()]


@pytest.fixture
def store(data_dir: Path) -> Generator[Application]:
    with opened(data_dir) as application:
        yield application


def filled(application: Application, service: Service, periods: tuple[str, ...] = ("2023", "2024")) -> list[str]:
    """A snapshot of each period, and one more that takes the place of the last; their ids."""
    deliver(application, service.folder(1, "2023-02-01", ["2022-02-01", "2023-01-10"]), service.folder(2, "2024-06-01", ["2024-02-01"]))
    made = [aggregate(application, service.organization_id, period) for period in periods]
    made.append(aggregate(application, service.organization_id, periods[-1], force=True))
    return [requested.snapshot_id for requested in made]


def test_without_a_setting_everything_is_kept(store: Application, service: Service) -> None:
    filled(store, service)
    before = events(store), store.database.read(audited), store.snapshots.page(None, None, None, 1, 100)
    assert prune(store, now() + 36500 * DAY) == Pruned()
    assert (events(store), store.database.read(audited), store.snapshots.page(None, None, None, 1, 100)) == before


def test_events_go_when_they_are_older_and_not_before(store: Application, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_SLICE", 2)
    filled(store, service)
    before = events(store)
    assert len(before) > 5
    assert prune(store, now() + 30 * DAY - timedelta(minutes=5), events_kept_days=30) == Pruned()
    assert prune(store, now() + 30 * DAY + timedelta(minutes=5), events_kept_days=30) == Pruned(events=len(before))
    assert events(store) == []
    assert store.events.newest() == before[-1].event
    deliver(store, Service().folder(1, "2024-07-01"))
    assert [row.event for row in events(store)] == [before[-1].event + 1]


def test_events_go_up_to_the_first_that_is_younger(store: Application, service: Service) -> None:
    """A clock that was set back does not make a hole in the log."""
    filled(store, service)
    rows = events(store)
    old = timestamp(now() - 100 * DAY)
    numbers = [(row.event,) for row in (*rows[:3], rows[4])]
    store.database.write(lambda connection: connection.executemany(f"UPDATE event SET at = '{old}' WHERE event = ?", numbers).rowcount)
    assert prune(store, now(), events_kept_days=30) == Pruned(events=3)
    assert events(store) == rows[3:]


def test_who_is_behind_what_was_pruned_is_told_and_who_is_not_goes_on(data_dir: Path, service: Service) -> None:
    with serving(data_dir) as served:
        filled(served.application, service)
        last = events(served.application)[-1].event
        assert prune(served.application, now() + 3 * DAY, events_kept_days=1).events == last
        deliver(served.application, Service().folder(1, "2024-07-01"))
        with watching(served.url, WATCH, last_event_id=str(last - 1)) as behind:
            assert behind.place == last + 1
            block = behind.next()
            assert block is not None
            assert block.event == "resync"
        with watching(served.url, WATCH, last_event_id=str(last)) as there:
            assert [each.id for each in there.events_until(last + 1)] == [last + 1]


def test_the_audit_trail_goes_when_it_is_older(store: Application, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_SLICE", 1)
    snapshot = filled(store, service)[0]
    store.snapshots.invalidate(snapshot, "for a reason", "test")
    acts = store.database.read(audited)
    assert len(acts) >= 4
    assert prune(store, now() + 9 * DAY, audit_kept_days=10) == Pruned()
    store.database.write(
        lambda connection: connection.execute("UPDATE audit SET at = ? WHERE audit <= 2", (timestamp(now() - 2 * DAY),)).rowcount
    )
    assert prune(store, now() + 9 * DAY, audit_kept_days=10) == Pruned(audit=2)
    assert store.database.read(audited) == acts[2:]


def test_historical_snapshots_go_with_their_event_and_what_is_shown_stays(store: Application, service: Service) -> None:
    prior, replaced, current = filled(store, service)
    shown = store.snapshots.document(current)
    place = store.events.newest()
    assert prune(store, now() + 30 * DAY - timedelta(minutes=5), historical_kept_days=30) == Pruned()
    assert prune(store, now() + 31 * DAY, historical_kept_days=30) == Pruned(snapshots=1)
    assert {row.snapshot_id for row in store.snapshots.page(None, None, None, 1, 100)[0]} == {prior, current}
    assert store.snapshots.document(current).body == shown.body
    assert document(store, current).prior_period is not None
    (told,) = events(store, place)
    assert (told.type, msgspec.json.decode(told.data)["snapshot_id"]) == ("snapshot_deleted", replaced)
    assert store.database.read(lambda connection: audit.of_snapshot(connection, int(replaced[5:])))[-1].actor == "auto"


def test_a_period_whose_snapshot_went_may_have_one_again(store: Application, service: Service) -> None:
    """No person has deleted it (contract S6)."""
    filled(store, service)
    prune(store, now() + 31 * DAY, historical_kept_days=30)
    assert store.database.read(lambda connection: connection.execute("SELECT count(*) FROM deleted_period").fetchone()[0]) == 0


def row(number: int, period: str, status: str, aggregated: str | None) -> SnapshotRow:
    given: dict[str, Any] = dict.fromkeys(SnapshotRow.__struct_fields__)
    order = Period.parse(period).order
    done = int(aggregated is not None)
    given |= {
        "snapshot": number,
        "period_id": period,
        "period_order": order,
        "snapshot_status": status,
        "aggregated_at": aggregated,
        "completion": done,
    }
    return SnapshotRow(**given)


OLD, YOUNG, BEFORE = "2024-01-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("rows", "gone"),
    [
        ([], []),
        ([row(1, "2024", "current", OLD)], []),
        ([row(1, "2024", "historical", BEFORE)], []),
        ([row(1, "2024", "historical", OLD)], [1]),
        ([row(1, "2024", "processing", OLD), row(2, "2023", "failed", None)], []),
        # The newest of the prior period stands beside the current one; an older one of it does not.
        ([row(4, "2024", "current", OLD), row(3, "2023", "historical", OLD), row(2, "2023", "historical", OLD)], [2]),
        # What stands beside one that goes, or beside one that stays for another's sake, goes.
        ([row(4, "2024", "current", OLD), row(3, "2023", "historical", OLD), row(2, "2022", "historical", OLD)], [2]),
        ([row(4, "2025", "current", OLD), row(3, "2023", "historical", OLD), row(2, "2022", "historical", OLD)], [3, 2]),
        # What stands beside a historical one that is young enough stays.
        ([row(4, "2025", "current", OLD), row(3, "2023", "historical", YOUNG), row(2, "2022", "historical", OLD)], []),
        # A half-year stands beside the half-year before, not beside the year.
        ([row(4, "2024", "current", OLD), row(3, "2023-H2", "historical", OLD)], [3]),
        ([row(4, "2024-H1", "current", OLD), row(3, "2023-H1", "historical", OLD)], []),
        # One that has never completed is nobody's prior.
        ([row(4, "2024", "current", OLD), row(3, "2023", "processing", None), row(2, "2023", "historical", OLD)], []),
    ],
)
def test_which_snapshots_are_outdated(rows: list[SnapshotRow], gone: list[int]) -> None:
    assert [each.snapshot for each in outdated(rows, BEFORE)] == gone


def test_it_prunes_at_start_and_then_daily(data_dir: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(data_dir) as application:
        filled(application, service)
        application.database.write(lambda connection: connection.execute("UPDATE event SET at = ?", (timestamp(now() - 9 * DAY),)).rowcount)
    with opened(data_dir, events_kept_days=7, started=False) as application:
        monkeypatch.setattr(retention, "_DAY_SECONDS", 0.1)
        application.start()
        until(lambda: not events(application), "the start to prune")
        deliver(application, Service().folder(1, "2024-07-01"))
        assert kinds(events(application)) == ["source_received"]
        application.database.write(lambda connection: connection.execute("UPDATE event SET at = ?", (timestamp(now() - 8 * DAY),)).rowcount)
        until(lambda: not events(application), "the next day to prune")


def test_events_of_an_older_store_have_the_time_that_their_data_tell(data_dir: Path, service: Service) -> None:
    with opened(data_dir) as application:
        filled(application, service)
        at = application.database.read(lambda connection: connection.execute("SELECT type, at FROM event ORDER BY event").fetchall())
        assert len({kind for kind, _ in at}) > 3

        def before(connection: Connection) -> None:
            connection.execute("ALTER TABLE event DROP COLUMN at")
            connection.execute("DELETE FROM _sqlite_migrations WHERE name = '0004_event_time'")

        application.database.write(before)
    with opened(data_dir, started=False) as application:
        migrated = application.database.read(lambda connection: connection.execute("SELECT type, at FROM event ORDER BY event").fetchall())
    assert [kind for kind, _ in migrated] == [kind for kind, _ in at]
    for (_, told), (_, written) in zip(migrated, at, strict=True):
        assert abs(datetime.fromisoformat(told) - datetime.fromisoformat(written)) <= timedelta(seconds=5)
