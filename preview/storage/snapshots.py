"""Snapshots: their rows, values and rendered documents."""

import msgspec

from preview.storage.database import Connection

Number = int | float | None


class SnapshotRow(msgspec.Struct, frozen=True):
    """A snapshot without its values and document. `completion` counts completed aggregations, 0 for never (contract S1).

    `input_version` says which source, of which version, with which figures it read; `rendered_from` what its document shows of the rest.
    """

    snapshot: int
    organization_id: str
    period_id: str
    period_order: str
    snapshot_status: str
    cache_valid: int
    invalidated: int
    created_at: str
    aggregated_at: str | None
    completion: int
    input_version: str | None
    facts: str | None
    populated: int
    last_job: int
    rendered_from: str | None
    etag: str | None


class SnapshotListRow(msgspec.Struct, frozen=True):
    """A snapshot in a list."""

    snapshot: int
    organization_id: str
    organization_name: str
    period_id: str
    snapshot_status: str
    populated: int
    cache_valid: int
    aggregated_at: str | None


_COLUMNS = ", ".join(SnapshotRow.__struct_fields__)


def snapshot(connection: Connection, number: int) -> SnapshotRow | None:
    """By number."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM snapshot WHERE snapshot = ?", (number,)).fetchone()
    return SnapshotRow(*row) if row else None


def list_for_organization(connection: Connection, organization_id: str) -> list[SnapshotRow]:
    """Newest period first, then newest snapshot (contract 1)."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM snapshot WHERE organization_id = ? ORDER BY period_order DESC, snapshot DESC", (organization_id,)
    )
    return [SnapshotRow(*row) for row in rows.fetchall()]


def list_for_period(connection: Connection, organization_id: str, period_order: str) -> list[SnapshotRow]:
    """Newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM snapshot WHERE organization_id = ? AND period_order = ? ORDER BY snapshot DESC",
        (organization_id, period_order),
    )
    return [SnapshotRow(*row) for row in rows.fetchall()]


def page(
    connection: Connection, organization_id: str | None, period_id: str | None, status: str | None, limit: int, offset: int
) -> tuple[list[SnapshotListRow], int]:
    """A page of those that pass the filters, newest period first, then newest snapshot; and how many pass."""
    filters = {"snapshot.organization_id": organization_id, "period_id": period_id, "snapshot_status": status}
    active_filters = {column: value for column, value in filters.items() if value is not None}
    where = " AND ".join(f"{column} = ?" for column in active_filters) or "TRUE"
    total = connection.execute(f"SELECT count(*) FROM snapshot WHERE {where}", tuple(active_filters.values())).fetchone()[0]
    rows = connection.execute(
        f"""SELECT snapshot, snapshot.organization_id, organization_name, period_id, snapshot_status, populated, cache_valid, aggregated_at
        FROM snapshot JOIN organization USING (organization_id) WHERE {where} ORDER BY period_order DESC, snapshot DESC LIMIT ? OFFSET ?""",
        (*active_filters.values(), limit, offset),
    )
    return [SnapshotListRow(*row) for row in rows.fetchall()], total


def insert(connection: Connection, organization_id: str, period_id: str, period_order: str, created_at: str) -> int:
    """A new one that has never completed; returns its number."""
    cursor = connection.execute(
        """INSERT INTO snapshot (organization_id, period_id, period_order, snapshot_status, cache_valid, created_at)
        VALUES (?, ?, ?, 'processing', 0, ?)""",
        (organization_id, period_id, period_order, created_at),
    )
    return int(cursor.lastrowid or 0)


def delete(connection: Connection, number: int) -> None:
    """With its values."""
    connection.execute("DELETE FROM snapshot WHERE snapshot = ?", (number,))


def set_invalidated(connection: Connection, number: int) -> None:
    """A person has invalidated it."""
    connection.execute("UPDATE snapshot SET invalidated = 1 WHERE snapshot = ?", (number,))


def set_last_job(connection: Connection, number: int, job: int) -> None:
    """The job that was last asked for, or made, for it."""
    connection.execute("UPDATE snapshot SET last_job = ? WHERE snapshot = ?", (job, number))


def complete(connection: Connection, number: int, aggregated_at: str, input_version: str, facts: str) -> None:
    """Its values are those of a completed aggregation from now on."""
    connection.execute(
        "UPDATE snapshot SET aggregated_at = ?, completion = completion + 1, input_version = ?, facts = ?, invalidated = 0 WHERE snapshot = ?",
        (aggregated_at, input_version, facts, number),
    )


def set_status(connection: Connection, number: int, status: str, cache_valid: bool) -> None:
    """What follows from contract S1 to S5."""
    connection.execute("UPDATE snapshot SET snapshot_status = ?, cache_valid = ? WHERE snapshot = ?", (status, int(cache_valid), number))


def set_document(connection: Connection, number: int, document: bytes, etag: str, rendered_from: str, populated: int) -> None:
    """The rendered document is the cache (contract 2d); `populated` counts the fields that it shows a value of."""
    connection.execute(
        "UPDATE snapshot SET document = ?, etag = ?, rendered_from = ?, populated = ? WHERE snapshot = ?",
        (document, etag, rendered_from, populated, number),
    )


def set_deviation_counts(connection: Connection, number: int, counts: dict[str, int]) -> None:
    """How many rows of the form deviate, by severity."""
    connection.execute(
        "UPDATE snapshot SET errors = ?, warnings = ?, notices = ? WHERE snapshot = ?",
        (counts["error"], counts["warning"], counts["notice"], number),
    )


def document(connection: Connection, number: int) -> tuple[bytes, str] | None:
    """(document, etag); None before it is rendered for the first time."""
    return connection.execute("SELECT document, etag FROM snapshot WHERE snapshot = ? AND document IS NOT NULL", (number,)).fetchone()


def values(connection: Connection, number: int) -> dict[str, tuple[Number, str | None]]:
    """(value, data source) by key, those of auxiliaries too."""
    rows = connection.execute("SELECT field_key, value, data_source FROM snapshot_value WHERE snapshot = ?", (number,))
    return {key: (value, source) for key, value, source in rows.fetchall()}


def replace_values(connection: Connection, number: int, new_values: dict[str, tuple[Number, str | None]]) -> None:
    """Replaces all of them."""
    connection.execute("DELETE FROM snapshot_value WHERE snapshot = ?", (number,))
    connection.executemany(
        "INSERT INTO snapshot_value VALUES (?, ?, ?, ?)", [(number, key, value, source) for key, (value, source) in new_values.items()]
    )


def organizations_with_snapshots(connection: Connection) -> list[str]:
    """Ids of organisations that have any."""
    return [row[0] for row in connection.execute("SELECT DISTINCT organization_id FROM snapshot").fetchall()]


def invalidate_rendering(connection: Connection) -> None:
    """Every document is out of date: the form or a setting that shapes it has changed."""
    connection.execute("UPDATE snapshot SET rendered_from = NULL")


def mark_period_deleted(connection: Connection, organization_id: str, period_id: str) -> None:
    """A person has deleted a snapshot of it (contract S6)."""
    connection.execute("INSERT OR IGNORE INTO deleted_period VALUES (?, ?)", (organization_id, period_id))


def unmark_period_deleted(connection: Connection, organization_id: str, period_id: str) -> None:
    """A person has asked for one again."""
    connection.execute("DELETE FROM deleted_period WHERE organization_id = ? AND period_id = ?", (organization_id, period_id))


def deleted_periods(connection: Connection, organization_id: str) -> set[str]:
    """Periods whose snapshots are never made again by themselves."""
    return {
        row[0]
        for row in connection.execute("SELECT period_id FROM deleted_period WHERE organization_id = ?", (organization_id,)).fetchall()
    }
