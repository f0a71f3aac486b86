"""The audit trail: who did what, why, and each value that was replaced (contract 4a)."""

import msgspec

from preview.storage.database import Connection


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One act, or one value that it replaced. Instants are RFC 3339 text in UTC."""

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
    """In the transaction of the act."""
    placeholders = ", ".join("?" * len(AuditRow.__struct_fields__))
    connection.executemany(f"INSERT INTO audit ({_COLUMNS}) VALUES ({placeholders})", [msgspec.structs.astuple(row) for row in rows])


def list_for_snapshot(connection: Connection, snapshot: int) -> list[AuditRow]:
    """Oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM audit WHERE snapshot = ? ORDER BY audit", (snapshot,)).fetchall()
    return [AuditRow(**dict(zip(AuditRow.__struct_fields__, row, strict=True))) for row in rows]


def prune(connection: Connection, cutoff: str, limit: int) -> int:
    """Takes away the oldest rows of before that instant, at most `limit`; returns how many."""
    cursor = connection.execute(
        "DELETE FROM audit WHERE audit IN (SELECT audit FROM audit WHERE at < ? ORDER BY audit LIMIT ?)", (cutoff, limit)
    )
    return cursor.rowcount
