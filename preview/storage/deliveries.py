"""Deliveries: what was received, the progress of its import, and the organisations in it."""

import json
from collections.abc import Collection

import msgspec

from preview.storage.database import Connection
from preview.storage.removal.erasure import UNFINISHED_KEY


class DeliveryRow(msgspec.Struct, frozen=True):
    """A delivery.

    Attributes:
        spool: Name of its file in the spool folder; None once the import has ended.
        errors: Number of findings of that severity, like `warnings` and `notices`. The remaining ones of
            `finding_count` refused a file.
        lines: Lines of its CSV files; None if they were not counted.
        imported_lines: Those of them that were not left out.
        case_system: Name of the case system of all its cases; empty if there are several, None if there is no case.
        extract_day: ISO day of the newest extract of its cases, the last day of the year for a 15F file.
        outcome: The status to come, once all has been imported and only the events for its organisations are missing.
        cases_done: Number of imported cases of the file after `files`.
    """

    delivery: int
    delivery_status: str
    full: int
    format: str | None
    size_bytes: int
    sha256: str
    spool: str | None
    completed: float
    files: int
    refused_files: int
    new_cases: int
    changed_cases: int
    unchanged_cases: int
    removed_cases: int
    finding_count: int
    actor: str
    worker: int | None
    attempt: int
    received_at: str
    completed_at: str | None
    errors: int
    warnings: int
    notices: int
    lines: int | None
    imported_lines: int
    case_system: str | None
    extract_day: str | None
    outcome: str | None
    cases_done: int


DELIVERY_COLUMNS = ", ".join(f'"{name}"' for name in DeliveryRow.__struct_fields__)
_COUNTER_COLUMNS = (
    "format",
    "files",
    "cases_done",
    "refused_files",
    "new_cases",
    "changed_cases",
    "unchanged_cases",
    "removed_cases",
    "finding_count",
    "errors",
    "warnings",
    "notices",
    "lines",
    "imported_lines",
    "case_system",
    "extract_day",
)


def delivery(connection: Connection, number: int) -> DeliveryRow | None:
    """Return the delivery with that number, or None."""
    row = connection.execute(f"SELECT {DELIVERY_COLUMNS} FROM delivery WHERE delivery = ?", (number,)).fetchone()
    return DeliveryRow(*row) if row else None


def page(
    connection: Connection, organization_id: str | None, status: str | None, limit: int, offset: int
) -> tuple[list[DeliveryRow], int]:
    """Return one page of the deliveries that pass the filters, newest first, and the number of all that pass.

    Args:
        connection: A transaction.
        organization_id: Only deliveries with data of this organisation; None for all.
        status: Only deliveries with this status; None for all.
        limit: Rows per page.
        offset: Rows before the page.
    """
    conditions: list[str] = []
    parameters: list[object] = []
    if organization_id is not None:
        conditions.append("delivery IN (SELECT delivery FROM delivery_organization WHERE organization_id = ?)")
        parameters.append(organization_id)
    if status is not None:
        conditions.append("delivery_status = ?")
        parameters.append(status)
    where = " AND ".join(conditions) or "TRUE"
    total = connection.execute(f"SELECT count(*) FROM delivery WHERE {where}", parameters).fetchone()[0]
    rows = connection.execute(
        f"SELECT {DELIVERY_COLUMNS} FROM delivery WHERE {where} ORDER BY delivery DESC LIMIT ? OFFSET ?",
        (*parameters, limit, offset),
    )
    return [DeliveryRow(*row) for row in rows.fetchall()], total


def recent(connection: Connection, limit: int, include: Collection[int]) -> list[DeliveryRow]:
    """Return the newest `limit` deliveries, the oldest `limit` unfinished ones and `include`, newest first."""
    rows = connection.execute(
        f"""SELECT {DELIVERY_COLUMNS} FROM delivery
        WHERE delivery IN (SELECT delivery FROM delivery ORDER BY delivery DESC LIMIT ?)
           OR delivery IN (
               SELECT delivery FROM delivery WHERE delivery_status IN ('received', 'reading') ORDER BY delivery LIMIT ?
           )
           OR delivery IN (SELECT value FROM json_each(?))
        ORDER BY delivery DESC""",
        (limit, limit, json.dumps(sorted(include))),
    )
    return [DeliveryRow(*row) for row in rows.fetchall()]


def progress_signature(connection: Connection) -> tuple[int, int, tuple[tuple[int, str, float, int], ...]]:
    """Return a value that differs whenever a delivery arrived, progressed or ended, or lost an organisation by erasure.

    Returns:
        The highest delivery number, the number of links to organisations, and (number, status, completed part, attempt)
        of each unfinished delivery.
    """
    newest = connection.execute("SELECT coalesce(max(delivery), 0) FROM delivery").fetchone()[0]
    organization_links = connection.execute("SELECT count(*) FROM delivery_organization").fetchone()[0]
    unfinished = connection.execute(
        """SELECT delivery, delivery_status, completed, attempt FROM delivery
        WHERE delivery_status IN ('received', 'reading') ORDER BY delivery"""
    )
    return newest, organization_links, tuple(unfinished.fetchall())


def insert(
    connection: Connection,
    *,
    full: bool,
    size_bytes: int,
    sha256: str,
    spool: str,
    actor: str,
    at: str,
    inbox_claim: str | None = None,
) -> int:
    """Insert a received delivery and return its number."""
    cursor = connection.execute(
        """INSERT INTO delivery (delivery_status, "full", size_bytes, sha256, spool, actor, received_at, inbox_claim)
        VALUES ('received', ?, ?, ?, ?, ?, ?, ?)""",
        (int(full), size_bytes, sha256, spool, actor, at, inbox_claim),
    )
    return int(cursor.lastrowid or 0)


def number_by_claim(connection: Connection, inbox_claim: str) -> int | None:
    """Return the number of the delivery that was received from a claim of the watched folder, or None."""
    row = connection.execute("SELECT delivery FROM delivery WHERE inbox_claim = ?", (inbox_claim,)).fetchone()
    return int(row[0]) if row else None


_MAY_BE_CLAIMED = f"""delivery_status = 'received'
    AND NOT EXISTS (SELECT 1 FROM meta WHERE key = '{UNFINISHED_KEY}' AND value <> '')"""
"""No delivery is imported while the rows of an organisation are being erased: it could contain the organisation."""


def has_pending(connection: Connection) -> bool:
    """Return whether a delivery can be claimed: a cheap check before a claim takes the write lock."""
    return connection.execute(f"SELECT 1 FROM delivery WHERE {_MAY_BE_CLAIMED} LIMIT 1").fetchone() is not None


def has_unfinished(connection: Connection) -> bool:
    """Return whether a delivery waits or is being imported, in any process."""
    return (
        connection.execute("SELECT 1 FROM delivery WHERE delivery_status IN ('received', 'reading') LIMIT 1").fetchone()
        is not None
    )


def claim(connection: Connection, worker: int, number: int | None = None) -> DeliveryRow | None:
    """Claim the next waiting delivery, or the one with that number, for a worker; None if there is none."""
    row = connection.execute(
        f"""SELECT delivery FROM delivery WHERE {_MAY_BE_CLAIMED} AND delivery = coalesce(?, delivery)
        ORDER BY delivery LIMIT 1""",
        (number,),
    ).fetchone()
    if row is None:
        return None
    connection.execute(
        """UPDATE delivery SET delivery_status = 'reading', worker = ?, attempt = attempt + 1, completed = 0
        WHERE delivery = ?""",
        (worker, row[0]),
    )
    return delivery(connection, row[0])


def in_progress(connection: Connection) -> list[DeliveryRow]:
    """Return all deliveries that are being imported, in any process."""
    return [
        DeliveryRow(*row)
        for row in connection.execute(
            f"SELECT {DELIVERY_COLUMNS} FROM delivery WHERE delivery_status = 'reading'"
        ).fetchall()
    ]


def release(connection: Connection, number: int, attempt: int, *, failed: bool = True) -> bool:
    """Return a claimed delivery to the queue.

    Args:
        connection: A write transaction.
        number: Number of the delivery.
        attempt: Attempt number of the claim.
        failed: Whether the attempt counts. It does not where the worker is stopping and has given up the claim itself.

    Returns:
        False if the claim is lost.
    """
    cursor = connection.execute(
        """UPDATE delivery SET delivery_status = 'received', worker = NULL, attempt = attempt - ?
        WHERE delivery = ? AND attempt = ? AND delivery_status = 'reading'""",
        (0 if failed else 1, number, attempt),
    )
    return cursor.rowcount == 1


def set_progress(connection: Connection, row: DeliveryRow) -> bool:
    """Store the completed part and the counts so far of a claimed delivery. Return False if the claim is lost."""
    return _update_claimed(connection, row, (*_COUNTER_COLUMNS, "completed"))


def finish(connection: Connection, row: DeliveryRow) -> bool:
    """Store the outcome of a claimed delivery. Return False if the claim is lost."""
    return _update_claimed(
        connection, row, (*_COUNTER_COLUMNS, "completed", "delivery_status", "spool", "worker", "completed_at")
    )


def seal(connection: Connection, row: DeliveryRow) -> bool:
    """Store the counts and the outcome of a claimed delivery that is to be reported. Return False if it is lost."""
    return _update_claimed(connection, row, (*_COUNTER_COLUMNS, "completed", "outcome"))


def is_claimed(connection: Connection, row: DeliveryRow) -> bool:
    """Return whether the claim of a delivery is still valid."""
    return (
        connection.execute(
            "SELECT 1 FROM delivery WHERE delivery = ? AND attempt = ? AND delivery_status = 'reading'",
            (row.delivery, row.attempt),
        ).fetchone()
        is not None
    )


def _update_claimed(connection: Connection, row: DeliveryRow, columns: tuple[str, ...]) -> bool:
    values = [getattr(row, column) for column in columns]
    cursor = connection.execute(
        f"""UPDATE delivery SET {", ".join(f"{column} = ?" for column in columns)}
        WHERE delivery = ? AND attempt = ? AND delivery_status = 'reading'""",
        (*values, row.delivery, row.attempt),
    )
    return cursor.rowcount == 1


def upsert_organization(connection: Connection, number: int, organization_id: str, changed_cases: int) -> None:
    """Set the number of changed cases that a delivery has of an organisation."""
    connection.execute(
        """INSERT INTO delivery_organization (delivery, organization_id, changed_cases) VALUES (?, ?, ?)
        ON CONFLICT (delivery, organization_id) DO UPDATE SET changed_cases = excluded.changed_cases""",
        (number, organization_id, changed_cases),
    )


def note_organization(connection: Connection, number: int, organization_id: str) -> None:
    """Note that a delivery names an organisation; its number of changed cases stays."""
    connection.execute(
        """INSERT INTO delivery_organization (delivery, organization_id, changed_cases) VALUES (?, ?, 0)
        ON CONFLICT (delivery, organization_id) DO NOTHING""",
        (number, organization_id),
    )


def changed_cases_by_organization(connection: Connection, number: int) -> dict[str, int]:
    """Return the changed cases of a delivery by organisation id."""
    rows = connection.execute(
        "SELECT organization_id, changed_cases FROM delivery_organization WHERE delivery = ? ORDER BY organization_id",
        (number,),
    )
    return dict(rows.fetchall())


def set_full_at(connection: Connection, number: int, organization_id: str, extract_at: str) -> None:
    """Note that a full delivery has been carried out for an organisation, as of that time (rule 1.3)."""
    connection.execute(
        "UPDATE delivery_organization SET full_at = ? WHERE delivery = ? AND organization_id = ?",
        (extract_at, number, organization_id),
    )


def next_unreported(connection: Connection, number: int, after: str) -> tuple[str, int, str | None] | None:
    """Return (organisation, changed cases, `full_at`) of the next organisation whose event is missing, or None.

    Args:
        connection: A transaction.
        number: Number of the delivery.
        after: Only organisations whose id is higher.
    """
    return connection.execute(
        """SELECT organization_id, changed_cases, full_at FROM delivery_organization
        WHERE delivery = ? AND organization_id > ? AND NOT reported ORDER BY organization_id LIMIT 1""",
        (number, after),
    ).fetchone()


def set_reported(connection: Connection, number: int, organization_id: str) -> None:
    """Note that the delivery has taken effect for an organisation."""
    connection.execute(
        "UPDATE delivery_organization SET reported = 1 WHERE delivery = ? AND organization_id = ?",
        (number, organization_id),
    )


def organization_names(connection: Connection, number: int) -> list[tuple[str, str]]:
    """Return (id, name) of the organisations in a delivery, ordered by name."""
    rows = connection.execute(
        """SELECT organization_id, organization_name
        FROM delivery_organization JOIN organization USING (organization_id)
        WHERE delivery = ? ORDER BY organization_name""",
        (number,),
    )
    return rows.fetchall()


def spool_names(connection: Connection) -> set[str]:
    """Return the names of the spool files that are still to be imported."""
    return {row[0] for row in connection.execute("SELECT spool FROM delivery WHERE spool IS NOT NULL").fetchall()}
