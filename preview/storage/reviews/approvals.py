"""Approvals and withdrawals. Neither ever changes; the newest approval of a report is in force, unless withdrawn."""

import msgspec

from preview.storage.database import Connection


class NewApproval(msgspec.Struct, frozen=True, kw_only=True):
    """An approval to be stored. `field_values` is JSON of the approved values by field key."""

    organization_id: str
    period_id: str
    snapshot: int
    approved_by: str
    stated_name: str | None
    note: str | None
    approved_at: str
    field_values: str
    document: bytes
    etag: str


class ApprovalRow(msgspec.Struct, frozen=True):
    """An approval without its document; the last three are null unless it was withdrawn."""

    approval: int
    organization_id: str
    period_id: str
    snapshot: int
    approved_by: str
    stated_name: str | None
    note: str | None
    approved_at: str
    field_values: str
    withdrawn_by: str | None
    withdrawn_at: str | None
    withdrawal_reason: str | None


_COLUMNS = ", ".join(NewApproval.__struct_fields__)
_SELECT = """SELECT approval.approval, organization_id, period_id, snapshot, approved_by, stated_name, note,
        approved_at, field_values, withdrawn_by, withdrawn_at, reason
    FROM approval LEFT JOIN withdrawal ON withdrawal.approval = approval.approval"""


def insert(connection: Connection, new: NewApproval) -> int:
    """Insert an approval and return its number."""
    placeholders = ", ".join("?" * len(NewApproval.__struct_fields__))
    cursor = connection.execute(
        f"INSERT INTO approval ({_COLUMNS}) VALUES ({placeholders})", msgspec.structs.astuple(new)
    )
    return int(cursor.lastrowid or 0)


def withdraw(connection: Connection, approval: int, withdrawn_by: str, reason: str, at: str) -> None:
    """Insert the withdrawal of an approval."""
    connection.execute(
        "INSERT INTO withdrawal (approval, withdrawn_by, reason, withdrawn_at) VALUES (?, ?, ?, ?)",
        (approval, withdrawn_by, reason, at),
    )


def list_for_report(connection: Connection, organization_id: str, period_id: str) -> list[ApprovalRow]:
    """Return the approvals of a report, newest first."""
    rows = connection.execute(
        f"{_SELECT} WHERE organization_id = ? AND period_id = ? ORDER BY approval.approval DESC",
        (organization_id, period_id),
    )
    return [ApprovalRow(*row) for row in rows.fetchall()]


def in_force(connection: Connection, organization_id: str) -> dict[str, ApprovalRow]:
    """Return the approvals of an organisation that are in force, by `period_id`."""
    rows = connection.execute(
        f"""{_SELECT} WHERE approval.approval IN
            (SELECT max(approval) FROM approval WHERE organization_id = ? GROUP BY period_id)
        AND withdrawn_at IS NULL""",
        (organization_id,),
    )
    return {row[2]: ApprovalRow(*row) for row in rows.fetchall()}


def document(connection: Connection, organization_id: str, period_id: str, approval: int) -> tuple[bytes, str] | None:
    """Return (document, ETag) of an approval of the report, or None if it has no such approval."""
    return connection.execute(
        "SELECT document, etag FROM approval WHERE organization_id = ? AND period_id = ? AND approval = ?",
        (organization_id, period_id, approval),
    ).fetchone()
