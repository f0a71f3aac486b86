"""The audit trail: who changed what and why, and each value that an aggregation replaced (rule 4a, docs/api.md)."""

import msgspec

from preview.storage.database import Connection


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One action, or one value that it replaced. Times are RFC 3339 text in UTC."""

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
    value_before: int | float | None = None
    value_after: int | float | None = None


_COLUMNS = ", ".join(AuditRow.__struct_fields__)


def append(connection: Connection, rows: list[AuditRow]) -> None:
    """Insert the rows, in the transaction of the action."""
    placeholders = ", ".join("?" * len(AuditRow.__struct_fields__))
    connection.executemany(
        f"INSERT INTO audit ({_COLUMNS}) VALUES ({placeholders})", [msgspec.structs.astuple(row) for row in rows]
    )


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
    cursor = connection.execute(
        "DELETE FROM audit WHERE audit IN (SELECT audit FROM audit WHERE at < ? ORDER BY audit LIMIT ?)",
        (cutoff, limit),
    )
    return cursor.rowcount
