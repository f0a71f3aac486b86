"""Retention: events, audit trail and historical snapshots go when they are older than is set, at start and then daily."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from preview.core.clock import now, timestamp
from preview.core.leader_lock import Lead
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.maintenance.erasure import Forgetting
from preview.reports.reconcile import Form, settle
from preview.reports.snapshots import remove
from preview.reports.status import newest_completed
from preview.storage import audit, events, snapshots
from preview.storage.database import Connection, Database
from preview.storage.snapshots import SnapshotRow

ACTOR = "auto"

_DAY_SECONDS = 86400.0
_SLICE = 2000  # rows to a transaction, so that nobody waits long for the write lock
_PAUSE_SECONDS = 0.002


class Pruned(msgspec.Struct):
    """How many went."""

    events: int = 0
    audit: int = 0
    snapshots: int = 0


class Retention:
    """All methods block: call them on a thread."""

    def __init__(self, database: Database, form: Form, settings: Settings, forgetting: Forgetting, lead: Lead) -> None:
        self._database = database
        self._form = form
        self._settings = settings
        self._forgetting = forgetting
        self._lead = lead
        self._next = 0.0

    def look(self) -> bool:
        """Once a day it prunes, and makes up for a forgetting that broke off, in one of several processes. False: there is time until the
        next look.
        """
        if time.monotonic() >= self._next and self._lead.is_ours():
            self._next = time.monotonic() + _DAY_SECONDS
            self._forgetting.make_up()
            self.prune(now())
        return False

    def close(self) -> None:
        """Another process may prune from now on."""
        self._lead.close()

    def prune(self, at: datetime) -> Pruned:
        """What is too old at that instant."""
        kept = self._settings
        pruned = Pruned()
        if kept.events_kept_days:
            pruned.events = self._slices(events.prune, at, kept.events_kept_days)
        if kept.audit_kept_days:
            pruned.audit = self._slices(audit.prune, at, kept.audit_kept_days)
        if kept.historical_kept_days:
            before = _before(at, kept.historical_kept_days)
            for organization_id in self._database.read(snapshots.organizations_with_snapshots):
                pruned.snapshots += self._database.write(
                    lambda connection, each=organization_id: self._prune_snapshots(connection, each, before)
                )
        return pruned

    def _slices(self, prune: Callable[[Connection, str, int], int], at: datetime, days: int) -> int:
        total = 0
        while gone := self._database.write(lambda connection: prune(connection, _before(at, days), _SLICE)):
            total += gone
            time.sleep(_PAUSE_SECONDS)
        return total

    def _prune_snapshots(self, connection: Connection, organization_id: str, before: str) -> int:
        gone = outdated(snapshots.of_organization(connection, organization_id), before)
        for row in gone:
            remove(connection, row, ACTOR)
        if gone:
            settle(connection, self._form, organization_id)
        return len(gone)


def outdated(rows: list[SnapshotRow], before: str) -> list[SnapshotRow]:
    """Of one organisation's snapshots in list order: the historical ones aggregated before that instant.

    One stays whose values stand as prior ones beside a snapshot that is not outdated itself: what a person sees does not change.
    """
    newest = newest_completed(rows)
    old = [row for row in rows if row.snapshot_status == "historical" and row.aggregated_at is not None and row.aggregated_at < before]
    kept = [row for row in rows if row not in old]
    priors = {newest.get(str(Period.parse(row.period_id).prior)) for row in kept}
    return [row for row in old if row not in priors]


def _before(at: datetime, days: int) -> str:
    return timestamp(at - timedelta(days=days))
