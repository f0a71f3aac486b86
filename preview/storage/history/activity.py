"""Read the audit trail as activity, and as the history of a report's values (rules A1 and A3, docs/api.md).

Each filter has an index that also holds what the other filters compare, so that no row is read that does not pass:
`INDEXED BY` makes sure of it, whatever the number of rows.
"""

import json
from collections.abc import Collection, Mapping, Sequence

import msgspec

from preview.model.resources import Value
from preview.storage import meta
from preview.storage.audit import AuditRow
from preview.storage.database import Connection
from preview.storage.removal.erasure import UNFINISHED_KEY

_COLUMNS = ", ".join(AuditRow.__struct_fields__)
_IS_ACTIVITY = "changes_report IS NULL AND event IS NOT NULL"


class ActivityFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Only rows with these values; None for any. The first one that is given selects the index."""

    organization_id: str | None = None
    actor: str | None = None
    action: str | None = None
    period_id: str | None = None


def page(
    connection: Connection, only: ActivityFilter, before: int | None, limit: int, after: int = 0
) -> list[AuditRow]:
    """Return the actions that pass a filter, newest first.

    Args:
        connection: A transaction.
        only: The filter.
        before: Only actions whose event has a lower id; None for all.
        limit: The most rows.
        after: Only actions whose event has a higher id.
    """
    given = {name: value for name, value in msgspec.structs.asdict(only).items() if value is not None}
    index = f"activity_by_{next(iter(given), 'event').removesuffix('_id')}"
    conditions = [f"{name} = ?" for name in given]
    parameters: list[object] = list(given.values())
    if after:
        conditions.append("event > ?")
        parameters.append(after)
    if before is not None:
        conditions.append("event < ?")
        parameters.append(before)
    if erased := meta.get(connection, UNFINISHED_KEY):
        conditions.append("+organization_id <> ?")
        parameters.append(erased)
    where = " AND ".join([_IS_ACTIVITY, *conditions])
    rows = connection.execute(
        f"""SELECT {_COLUMNS} FROM audit WHERE audit IN (
            SELECT audit FROM audit INDEXED BY {index} WHERE {where} ORDER BY event DESC LIMIT ?
        ) ORDER BY event DESC""",
        (*parameters, limit),
    )
    return [_to_row(row) for row in rows.fetchall()]


def values_of(connection: Connection, events: Collection[int]) -> dict[int, list[AuditRow]]:
    """Return the values that the actions of events have changed, in form order, by event."""
    rows = connection.execute(
        f"""SELECT {_COLUMNS} FROM audit INDEXED BY audit_values
        WHERE changes_report IS NOT NULL AND event IN (SELECT value FROM json_each(?)) ORDER BY audit""",
        (json.dumps(sorted(events)),),
    )
    found: dict[int, list[AuditRow]] = {}
    for row in map(_to_row, rows.fetchall()):
        assert row.event is not None
        found.setdefault(row.event, []).append(row)
    return found


def values_at(
    connection: Connection, organization_id: str, period_id: str, event: int, present: Mapping[str, Value]
) -> dict[str, Value]:
    """Return the values that a report had after an event: the present ones without the later changes.

    Args:
        connection: A transaction.
        organization_id: The organisation.
        period_id: The period.
        event: Id of the event.
        present: The present value of each field.
    """
    first_later = _rows_by_field(connection, organization_id, period_id, present, "AND event > ? ORDER BY event", event)
    return {key: first_later[key].value_before if key in first_later else value for key, value in present.items()}


def changed_values(
    connection: Connection, period_id: str, event: int, keys: Collection[str], organization_id: str | None = None
) -> dict[str, dict[str, Value]]:
    """Return the values that the reports of a period had after an event, of the fields that have another one now.

    One look-up in the index for each field of the reports that something has happened to since.

    Args:
        connection: A transaction.
        period_id: The period.
        event: Id of the event.
        keys: The fields.
        organization_id: Only the report of this organisation; None for all.

    Returns:
        The values by field key by organisation; a report that has not changed has no entry.
    """
    rows = connection.execute(
        """WITH report AS MATERIALIZED (
            SELECT organization_id, period_id, snapshot FROM review
            WHERE period_id = :period AND organization_id = coalesce(:organization, organization_id) AND EXISTS (
                SELECT 1 FROM audit AS action INDEXED BY activity_by_organization
                WHERE changes_report IS NULL AND event IS NOT NULL AND action.organization_id = review.organization_id
                    AND action.event > :event AND action.period_id = :period
            )
        ), change AS MATERIALIZED (
            SELECT organization_id, snapshot, field.value AS field_key, (
                SELECT audit FROM audit AS later INDEXED BY audit_of_report
                WHERE changes_report = 1 AND later.organization_id = report.organization_id
                    AND later.period_id = report.period_id AND later.field_key = field.value AND later.event > :event
                ORDER BY later.event LIMIT 1
            ) AS audit
            FROM report CROSS JOIN json_each(:keys) AS field
        )
        SELECT change.organization_id, change.field_key, audit.value_before
        FROM change CROSS JOIN audit ON audit.audit = change.audit
        LEFT JOIN snapshot_value
            ON snapshot_value.snapshot = change.snapshot AND snapshot_value.field_key = change.field_key
        WHERE audit.value_before IS NOT snapshot_value.value""",
        {"period": period_id, "event": event, "keys": json.dumps(list(keys)), "organization": organization_id},
    )
    found: dict[str, dict[str, Value]] = {}
    for organization, key, value in rows.fetchall():
        found.setdefault(organization, {})[key] = value
    return found


def newest_changes(
    connection: Connection, organization_id: str, period_id: str, keys: Collection[str]
) -> dict[str, AuditRow]:
    """Return the newest change of each value of a report by field key; a value without a known one has no entry."""
    return _rows_by_field(connection, organization_id, period_id, keys, "ORDER BY event DESC")


def newest_event_at(connection: Connection, at: str) -> int:
    """Return the id of the newest event of the trail at or before a time (RFC 3339 in UTC); 0 if there is none."""
    return connection.execute(
        """SELECT coalesce(max(event), 0) FROM audit
        WHERE at = (SELECT at FROM audit WHERE at <= ? AND event IS NOT NULL ORDER BY at DESC LIMIT 1)""",
        (at,),
    ).fetchone()[0]


def completion_event(connection: Connection, organization_id: str, period_id: str, snapshot: int) -> int | None:
    """Return the id of the event of the last completed job of a report's snapshot, None if the trail has none."""
    return connection.execute(
        """SELECT max(event) FROM audit
        WHERE snapshot = ? AND action = 'aggregated' AND organization_id = ? AND period_id = ?""",
        (snapshot, organization_id, period_id),
    ).fetchone()[0]


def approval_event(connection: Connection, snapshot: int, at: str) -> int | None:
    """Return the id of the event of an approval of a snapshot at a time, None if the trail has none."""
    return connection.execute(
        "SELECT max(event) FROM audit WHERE snapshot = ? AND action = 'approved' AND at = ?", (snapshot, at)
    ).fetchone()[0]


def _rows_by_field(
    connection: Connection, organization_id: str, period_id: str, keys: Collection[str], which: str, *parameters: int
) -> dict[str, AuditRow]:
    """Return one change of each value: the first one in an order. One look-up in the index for each field."""
    rows = connection.execute(
        f"""SELECT {_COLUMNS} FROM audit WHERE audit IN (
            SELECT (
                SELECT audit FROM audit INDEXED BY audit_of_report
                WHERE changes_report = 1 AND organization_id = ? AND period_id = ? AND field_key = wanted.value
                {which} LIMIT 1
            ) FROM json_each(?) AS wanted
        )""",
        (organization_id, period_id, *parameters, json.dumps(list(keys))),
    )
    return {row.field_key: row for row in map(_to_row, rows.fetchall()) if row.field_key is not None}


def _to_row(values: Sequence[object]) -> AuditRow:
    return msgspec.convert(dict(zip(AuditRow.__struct_fields__, values, strict=True)), AuditRow)
