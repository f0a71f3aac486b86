"""The audit trail: who did what and why, and from what to what each value changed (rules 4a and A1, docs/api.md)."""

import json
from typing import NamedTuple

import msgspec

from preview.storage import meta
from preview.storage.bulk import execute_rows
from preview.storage.database import Connection

_COVERAGE_KEY = "changes_recorded_from"


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One action, or one value that it changed.

    Attributes:
        at: Time, RFC 3339 text in UTC.
        event: Id of the event that reports the action.
        changes_report: None for an action. Of a value: 1 if it is the report's, which is that of the newest completed
            snapshot of the period, 0 if it is only the snapshot's own.
        withheld_before: Whether small counts withhold the value before (1) or not (0); None: not known.
        withheld_after: The same of the value after.
    """

    at: str
    actor: str
    action: str
    organization_id: str
    period_id: str | None = None
    snapshot: int | None = None
    job: int | None = None
    delivery: int | None = None
    reason: str | None = None
    field_key: str | None = None
    rule_id: str | None = None
    event: int | None = None
    changes_report: int | None = None
    withheld_before: int | None = None
    withheld_after: int | None = None
    value_before: int | float | None = None
    value_after: int | float | None = None


_COLUMNS = ", ".join(AuditRow.__struct_fields__)


def append(connection: Connection, rows: list[AuditRow]) -> None:
    """Insert the rows, in the transaction of the action."""
    execute_rows(connection, f"INSERT INTO audit ({_COLUMNS}) VALUES", [msgspec.structs.astuple(row) for row in rows])


def list_for_snapshot(connection: Connection, snapshot: int) -> list[AuditRow]:
    """Return the rows of a snapshot, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM audit WHERE snapshot = ? ORDER BY audit", (snapshot,)).fetchall()
    return [AuditRow(**dict(zip(AuditRow.__struct_fields__, row, strict=True))) for row in rows]


def replaced_fields(connection: Connection, snapshot: int, job: int) -> set[str]:
    """Return the keys of the values of a snapshot that a job replaced by others."""
    rows = connection.execute(
        "SELECT DISTINCT field_key FROM audit WHERE snapshot = ? AND job = ? AND action = 'replaced'", (snapshot, job)
    )
    return {row[0] for row in rows.fetchall()}


def prune(connection: Connection, cutoff: str, limit: int) -> int:
    """Delete the oldest rows from before `cutoff`, at most `limit`, and return how many were deleted."""
    rows = connection.execute(
        "SELECT audit, event, at FROM audit WHERE at < ? ORDER BY at LIMIT ?", (cutoff, limit)
    ).fetchall()
    if not rows:
        return 0
    numbers = json.dumps([number for number, _, _ in rows])
    connection.execute("DELETE FROM audit WHERE audit IN (SELECT value FROM json_each(?))", (numbers,))
    newest = Coverage(max((event or 0 for _, event, _ in rows), default=0), max(at for _, _, at in rows))
    before = coverage(connection)
    newest = Coverage(max(before.event, newest.event), max(before.at, newest.at))
    meta.put(connection, _COVERAGE_KEY, f"{newest.event} {newest.at}")
    return len(rows)


class Coverage(NamedTuple):
    """From where on the trail has every change of a report's values: after an event, and its time."""

    event: int
    at: str


def coverage(connection: Connection) -> Coverage:
    """Return how far the trail reaches back; (0, "") if it has everything."""
    stored = meta.get(connection, _COVERAGE_KEY)
    if stored is None:
        return Coverage(0, "")
    event, _, at = stored.partition(" ")
    return Coverage(int(event), at)
