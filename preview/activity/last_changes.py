"""Read the newest change of each field of a report: from what to what, when, by whom, by which deliveries (rule A2)."""

from collections.abc import Collection

import msgspec

from preview.core.ids import format_delivery_id
from preview.model.resources import Value
from preview.storage.audit import AuditRow
from preview.storage.database import Connection
from preview.storage.history import activity, lineage


class LastChange(msgspec.Struct, frozen=True, kw_only=True):
    """The newest change of a field of a report.

    Attributes:
        event_id: The event that reports it.
        at: When, RFC 3339.
        before: The value before; None without one, and if it is withheld.
        after: The value after it, likewise.
        before_withheld: Whether the value before must not be shown.
        after_withheld: Whether the value after it must not be shown.
        actor: Who asked for the aggregation, or deleted a snapshot.
        reason: Why, where a person has given a reason.
        is_deletion: Whether a snapshot was deleted, so that the report shows the one before it.
        delivery_ids: The deliveries behind it, oldest first; None where they are not known.
    """

    event_id: int
    at: str
    before: Value
    after: Value
    before_withheld: bool
    after_withheld: bool
    actor: str
    reason: str | None
    is_deletion: bool
    delivery_ids: list[str] | None


def read_last_changes(
    connection: Connection, organization_id: str, period_id: str, keys: Collection[str], *, suppress: bool
) -> dict[str, LastChange]:
    """Return the newest change of each field by its key; a field whose changes are not known has no entry.

    Args:
        connection: A transaction.
        organization_id: The organisation.
        period_id: The period.
        keys: The fields.
        suppress: Whether small counts are withheld (domain 8).
    """
    newest = activity.newest_changes(connection, organization_id, period_id, keys)
    deliveries = lineage.deliveries_of(connection, {row.job for row in newest.values() if row.job is not None})
    return {key: _last_change(row, deliveries, suppress) for key, row in newest.items() if row.event is not None}


def _last_change(row: AuditRow, deliveries: dict[int, list[int]], suppress: bool) -> LastChange:
    # What is not known to be harmless is withheld.
    before_withheld, after_withheld = suppress and row.withheld_before != 0, suppress and row.withheld_after != 0
    numbers = [] if row.job is None else deliveries.get(row.job)
    return LastChange(
        event_id=row.event or 0,
        at=row.at,
        before=None if before_withheld else row.value_before,
        after=None if after_withheld else row.value_after,
        before_withheld=before_withheld,
        after_withheld=after_withheld,
        actor=row.actor,
        reason=row.reason,
        is_deletion=row.job is None,
        delivery_ids=None if numbers is None else [format_delivery_id(number) for number in numbers],
    )
