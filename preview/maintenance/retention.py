"""Retention: delete events, audit rows and historical snapshots above a set age, at start and then daily."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.leader_lock import LeaderLock
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.maintenance.erasure import OrganizationEraser
from preview.reports.reconcile import ReportConfig, reconcile
from preview.reports.snapshots import remove_snapshot
from preview.reports.status import latest_completed_by_period
from preview.storage import audit, events, snapshots
from preview.storage.database import Connection, Database
from preview.storage.snapshots import SnapshotRow

ACTOR = "auto"

_DAY_SECONDS = 86400.0
_CHUNK_ROWS = 2000
_PAUSE_SECONDS = 0.002
_SNAPSHOTS_PER_TRANSACTION = 8


class PruneResult(msgspec.Struct):
    """Numbers of deleted rows."""

    events: int = 0
    audit: int = 0
    snapshots: int = 0


class Retention:
    """Deletes old rows. All methods block: call them on a thread."""

    def __init__(
        self,
        database: Database,
        report_config: ReportConfig,
        settings: Settings,
        eraser: OrganizationEraser,
        leader_lock: LeaderLock,
        *,
        interval_seconds: float = _DAY_SECONDS,
        chunk_rows: int = _CHUNK_ROWS,
    ) -> None:
        """Use a store.

        Args:
            database: The store.
            report_config: What shapes the documents.
            settings: `events_kept_days`, `audit_kept_days` and `historical_kept_days`; 0 keeps rows of that kind.
            eraser: Is asked to finish an erasure that was interrupted or waits.
            leader_lock: The process that holds it runs retention.
            interval_seconds: Time between two runs.
            chunk_rows: Rows per transaction; between two, other writers get the write lock.
        """
        self._database = database
        self._report_config = report_config
        self._settings = settings
        self._eraser = eraser
        self._leader_lock = leader_lock
        self._interval_seconds = interval_seconds
        self._chunk_rows = chunk_rows
        self._next_run = 0.0

    def run_if_due(self) -> bool:
        """Prune if a day has passed since the last run and this process is the leader.

        Returns:
            False: a step of the worker that has nothing more to do.
        """
        self._eraser.resume_interrupted()
        if time.monotonic() >= self._next_run and self._leader_lock.try_acquire():
            self.prune(now())
            self._next_run = time.monotonic() + self._interval_seconds
        return False

    def close(self) -> None:
        """Release the leadership, so that another process can prune."""
        self._leader_lock.close()

    def prune(self, at: datetime) -> PruneResult:
        """Delete everything that is too old at a point in time.

        Args:
            at: The time from which ages are counted.
        """
        settings = self._settings
        result = PruneResult()
        if settings.events_kept_days:
            result.events = self._prune_in_chunks(events.prune, at, settings.events_kept_days)
        if settings.audit_kept_days:
            result.audit = self._prune_in_chunks(audit.prune, at, settings.audit_kept_days)
        if settings.historical_kept_days:
            cutoff = _cutoff(at, settings.historical_kept_days)
            for organization_id in self._database.read(snapshots.organizations_with_snapshots):
                prune_snapshots = partial(self._prune_snapshots, organization_id=organization_id, cutoff=cutoff)
                while deleted := self._database.write(prune_snapshots):
                    result.snapshots += deleted
        return result

    def _prune_in_chunks(self, prune: Callable[[Connection, str, int], int], at: datetime, days: int) -> int:
        total = 0
        while deleted := self._database.write(
            lambda connection: prune(connection, _cutoff(at, days), self._chunk_rows)
        ):
            total += deleted
            time.sleep(_PAUSE_SECONDS)
        return total

    def _prune_snapshots(self, connection: Connection, organization_id: str, cutoff: str) -> int:
        outdated_rows = outdated(snapshots.list_for_organization(connection, organization_id), cutoff)
        outdated_rows = outdated_rows[-_SNAPSHOTS_PER_TRANSACTION:]
        for row in outdated_rows:
            remove_snapshot(connection, self._report_config.catalogue, row, ACTOR)
        if outdated_rows:
            reconcile(connection, self._report_config, organization_id)
        return len(outdated_rows)


def outdated(rows: list[SnapshotRow], cutoff: str) -> list[SnapshotRow]:
    """Return the historical snapshots that were aggregated before `cutoff` and can be deleted.

    A snapshot stays if its values are shown as prior values beside one that is not outdated.

    Args:
        rows: Snapshots of one organisation in list order: newest period first, then newest snapshot.
        cutoff: RFC 3339 text in UTC.
    """
    latest = latest_completed_by_period(rows)
    old = [
        row
        for row in rows
        if row.snapshot_status == "historical" and row.aggregated_at is not None and row.aggregated_at < cutoff
    ]
    retained = [row for row in rows if row not in old]
    priors = {latest.get(str(Period.parse(row.period_id).prior)) for row in retained}
    return [row for row in old if row not in priors]


def _cutoff(at: datetime, days: int) -> str:
    return format_rfc3339(at - timedelta(days=days))
