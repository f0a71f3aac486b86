"""Read what happened: who, when, why, from what to what (rule A1, docs/api.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from preview.core.ids import format_delivery_id, format_job_id, format_snapshot_id
from preview.model.activity import Activity, ActivityPage, ValueChange
from preview.model.resources import Value
from preview.reports.reconcile import ReportConfig
from preview.storage import events, organizations
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database
from preview.storage.history import activity, lineage
from preview.storage.history.activity import ActivityFilter


@dataclass(frozen=True)
class ActivityEntry:
    """An activity with what a person reads besides.

    Attributes:
        activity: The activity.
        organization_name: Name of its organisation.
        field_key: The field that a decision is about, None for none.
        rule_id: The rule of the deviation that a decision is about, None for none.
    """

    activity: Activity
    organization_name: str
    field_key: str | None
    rule_id: str | None


@dataclass(frozen=True)
class ActivityEntries:
    """A page of entries, newest first.

    Attributes:
        entries: The entries.
        next_before: The `before` of the next page, None if there is none.
        position: The log position that the page reflects.
    """

    entries: Sequence[ActivityEntry]
    next_before: int | None
    position: int


class ActivityQuery:
    """Read access to activity. All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def page(self, only: ActivityFilter, before: int | None, limit: int) -> tuple[ActivityPage, int]:
        """Return what happened, newest first.

        Args:
            only: The filter.
            before: Only what happened before the event with this id; None for the newest.
            limit: The most items.

        Returns:
            The page, and the log position that it reflects.
        """

        found = self.entries(only, before, limit)
        return ActivityPage([entry.activity for entry in found.entries], found.next_before), found.position

    def entries(self, only: ActivityFilter, before: int | None, limit: int) -> ActivityEntries:
        """Return what happened, as `page`, with what a person reads besides."""

        def load(connection: Connection) -> ActivityEntries:
            rows = activity.page(connection, only, before, limit + 1)
            shown = rows[:limit]
            names = organizations.names(connection, {row.organization_id for row in shown})
            entries = [
                ActivityEntry(each, names.get(row.organization_id, row.organization_id), row.field_key, row.rule_id)
                for each, row in zip(self._present(connection, shown), shown, strict=True)
            ]
            next_before = shown[-1].event if len(rows) > limit else None
            return ActivityEntries(entries, next_before, events.last_event_id(connection))

        return self._database.read(load)

    def count_since(self, only: ActivityFilter, position: int, limit: int) -> int:
        """Return how many activities happened after a log position, at most `limit`."""
        return len(self._database.read(lambda connection: activity.page(connection, only, None, limit, after=position)))

    def _present(self, connection: Connection, rows: Sequence[AuditRow]) -> list[Activity]:
        values = activity.values_of(connection, [row.event for row in rows if row.event is not None])
        completed = [row.job for row in rows if row.action == "aggregated" and row.job is not None]
        deliveries = lineage.deliveries_of(connection, completed)
        return [self._activity(row, values.get(row.event or 0, []), deliveries) for row in rows]

    def _activity(self, row: AuditRow, values: Sequence[AuditRow], deliveries: dict[int, list[int]]) -> Activity:
        return msgspec.convert(
            {
                "event_id": row.event,
                "at": row.at,
                "kind": row.action,
                "organization_id": row.organization_id,
                "period_id": row.period_id,
                "snapshot_id": format_snapshot_id(row.snapshot) if row.snapshot is not None else None,
                "job_id": format_job_id(row.job) if row.job is not None else None,
                "delivery_ids": _delivery_ids(row, deliveries),
                "actor": row.actor,
                "reason": row.reason,
                "changes": list(self._changes(values)),
            },
            Activity,
        )

    def _changes(self, values: Sequence[AuditRow]) -> list[ValueChange]:
        """Return the values that a reader sees change, in form order."""
        changes = {
            row.field_key: (
                self._visible(row.value_before, row.withheld_before),
                self._visible(row.value_after, row.withheld_after),
            )
            for row in values
        }
        return [
            ValueChange(field.field_key, *changes[field.field_key])
            for field in self._report_config.catalogue.fields
            if field.field_key in changes and len(set(changes[field.field_key])) == 2
        ]

    def _visible(self, value: Value, withheld: int | None) -> Value:
        """Return the value, or None where domain 8 withholds it, or may do so."""
        return None if self._report_config.suppress and withheld != 0 else value


def _delivery_ids(row: AuditRow, deliveries: dict[int, list[int]]) -> list[str] | None:
    if row.delivery is not None:
        return [format_delivery_id(row.delivery)]
    if row.action != "aggregated" or row.job is None:
        return []
    numbers = deliveries.get(row.job)
    return None if numbers is None else [format_delivery_id(number) for number in numbers]
