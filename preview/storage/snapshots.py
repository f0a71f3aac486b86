"""Snapshots: their rows, values and rendered documents."""

import msgspec

from preview.storage.database import Connection
from preview.storage.removal.erasure import NOT_BEING_ERASED

Number = int | float | None


class SnapshotRow(msgspec.Struct, frozen=True):
    """A snapshot without its values and document. `completion` counts completed aggregations.

    `input_version` identifies the source, its version and the version of the figures that were read (see
    `AggregationInput`); `errors`, `warnings` and `notices` are numbers of fields with such a deviation; `rendered_from`
    is the JSON of the document's `DocumentState`, null if it must be rendered again. `etag` is null until the document
    is rendered, and within the transaction of a PUT.
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
    errors: int
    warnings: int
    notices: int
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
    """Return the snapshot with that number, or None."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM snapshot WHERE snapshot = ?", (number,)).fetchone()
    return SnapshotRow(*row) if row else None


def list_for_organization(connection: Connection, organization_id: str) -> list[SnapshotRow]:
    """Return the organisation's snapshots in list order: newest period first, then newest snapshot (rule 1)."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM snapshot WHERE organization_id = ? ORDER BY period_order DESC, snapshot DESC",
        (organization_id,),
    )
    return [SnapshotRow(*row) for row in rows.fetchall()]


def list_for_period(connection: Connection, organization_id: str, period_order: str) -> list[SnapshotRow]:
    """Return the organisation's snapshots of one period, newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM snapshot WHERE organization_id = ? AND period_order = ? ORDER BY snapshot DESC",
        (organization_id, period_order),
    )
    return [SnapshotRow(*row) for row in rows.fetchall()]


def page(
    connection: Connection,
    organization_id: str | None,
    period_id: str | None,
    status: str | None,
    limit: int,
    offset: int,
) -> tuple[list[SnapshotListRow], int]:
    """Return one page of the snapshots that pass the filters in list order, and the number of all that pass.

    Those of an organisation that is being erased are left out.
    """
    filters = {"snapshot.organization_id": organization_id, "period_id": period_id, "snapshot_status": status}
    active_filters = {column: value for column, value in filters.items() if value is not None}
    where = " AND ".join([f"snapshot.{NOT_BEING_ERASED}", *(f"{column} = ?" for column in active_filters)])
    total = connection.execute(
        f"SELECT count(*) FROM snapshot WHERE {where}", tuple(active_filters.values())
    ).fetchone()[0]
    rows = connection.execute(
        f"""SELECT snapshot, snapshot.organization_id, organization_name, period_id, snapshot_status, populated,
            cache_valid, aggregated_at
        FROM snapshot JOIN organization USING (organization_id) WHERE {where}
        ORDER BY period_order DESC, snapshot DESC LIMIT ? OFFSET ?""",
        (*active_filters.values(), limit, offset),
    )
    return [SnapshotListRow(*row) for row in rows.fetchall()], total


def insert(connection: Connection, organization_id: str, period_id: str, period_order: str, created_at: str) -> int:
    """Insert a snapshot that has never completed, and return its number."""
    cursor = connection.execute(
        """INSERT INTO snapshot (organization_id, period_id, period_order, snapshot_status, cache_valid, created_at)
        VALUES (?, ?, ?, 'processing', 0, ?)""",
        (organization_id, period_id, period_order, created_at),
    )
    return int(cursor.lastrowid or 0)


def delete(connection: Connection, number: int) -> None:
    """Delete a snapshot and its values."""
    connection.execute("DELETE FROM snapshot WHERE snapshot = ?", (number,))


def set_invalidated(connection: Connection, number: int) -> None:
    """Mark a snapshot as invalidated by a PUT, and drop its ETag: the document gets a new one, changed or not."""
    connection.execute("UPDATE snapshot SET invalidated = 1, etag = NULL WHERE snapshot = ?", (number,))


def set_last_job(connection: Connection, number: int, job: int) -> None:
    """Set the job that was last requested or created for the snapshot."""
    connection.execute("UPDATE snapshot SET last_job = ? WHERE snapshot = ?", (job, number))


def complete(connection: Connection, number: int, aggregated_at: str, input_version: str, facts: str) -> None:
    """Record a completed aggregation; `facts` is the JSON of its `AggregationMetadata`."""
    connection.execute(
        """UPDATE snapshot SET aggregated_at = ?, completion = completion + 1, input_version = ?, facts = ?,
            invalidated = 0
        WHERE snapshot = ?""",
        (aggregated_at, input_version, facts, number),
    )


def set_status(connection: Connection, number: int, status: str, cache_valid: bool) -> None:
    """Set the derived status and cache flag (rules S1 to S5)."""
    connection.execute(
        "UPDATE snapshot SET snapshot_status = ?, cache_valid = ? WHERE snapshot = ?",
        (status, int(cache_valid), number),
    )


def set_document(
    connection: Connection, number: int, document: bytes, etag: str, rendered_from: str, populated: int
) -> None:
    """Set the rendered document, which is the cache (rule 2d).

    Args:
        connection: A write transaction.
        number: Number of the snapshot.
        document: The document as JSON.
        etag: Its strong ETag, with quotes; never one that the snapshot had before.
        rendered_from: JSON of its `DocumentState`.
        populated: Number of fields that it shows a value of.
    """
    connection.execute(
        "UPDATE snapshot SET document = ?, etag = ?, rendered_from = ?, populated = ? WHERE snapshot = ?",
        (document, etag, rendered_from, populated, number),
    )


def set_field_counts(connection: Connection, number: int, missing: int, deviations: dict[str, int]) -> None:
    """Set the number of missing fields, and the numbers of fields with a deviation, by severity."""
    connection.execute(
        "UPDATE snapshot SET missing = ?, errors = ?, warnings = ?, notices = ? WHERE snapshot = ?",
        (missing, deviations["error"], deviations["warning"], deviations["notice"], number),
    )


def set_deviations(connection: Connection, number: int, deviations: str) -> None:
    """Set the deviations of the snapshot, JSON."""
    connection.execute("UPDATE snapshot SET deviations = ? WHERE snapshot = ?", (deviations, number))


def deviations(connection: Connection, number: int) -> str:
    """Return the deviations of the snapshot, JSON."""
    row = connection.execute("SELECT deviations FROM snapshot WHERE snapshot = ?", (number,)).fetchone()
    return str(row[0]) if row else "[]"


def document(connection: Connection, number: int) -> tuple[bytes, str] | None:
    """Return (document, ETag), or None if it has not been rendered yet."""
    return connection.execute(
        "SELECT document, etag FROM snapshot WHERE snapshot = ? AND document IS NOT NULL", (number,)
    ).fetchone()


def visible_document(connection: Connection, number: int) -> tuple[bytes, str] | None:
    """Return (document, ETag), or None if there is none or its organisation is being erased."""
    return connection.execute(
        f"SELECT document, etag FROM snapshot WHERE snapshot = ? AND document IS NOT NULL AND {NOT_BEING_ERASED}",
        (number,),
    ).fetchone()


def visible_version(connection: Connection, number: int) -> tuple[str, int] | None:
    """Return (ETag, log position) of a document as of one moment, by a single statement that takes microseconds.

    None if there is no document or its organisation is being erased.
    """
    row = connection.execute(
        f"""SELECT etag, (SELECT seq FROM sqlite_sequence WHERE name = 'event') FROM snapshot
        WHERE snapshot = ? AND document IS NOT NULL AND {NOT_BEING_ERASED}""",
        (number,),
    ).fetchone()
    return None if row is None else (row[0], row[1] or 0)


def values(connection: Connection, number: int) -> dict[str, tuple[Number, str | None]]:
    """Return (value, data source) by field key, auxiliary values too."""
    rows = connection.execute("SELECT field_key, value, data_source FROM snapshot_value WHERE snapshot = ?", (number,))
    return {key: (value, source) for key, value, source in rows.fetchall()}


def values_of(connection: Connection, numbers: list[int]) -> dict[int, dict[str, tuple[Number, str | None]]]:
    """Return what `values` returns of several snapshots, by number."""
    rows = connection.execute(
        """SELECT snapshot, field_key, value, data_source FROM snapshot_value
        WHERE snapshot IN (SELECT value FROM json_each(?))""",
        (msgspec.json.encode(numbers).decode(),),
    )
    found: dict[int, dict[str, tuple[Number, str | None]]] = {}
    for number, key, value, source in rows.fetchall():
        found.setdefault(number, {})[key] = (value, source)
    return found


def replace_values(connection: Connection, number: int, new_values: dict[str, tuple[Number, str | None]]) -> None:
    """Replace all values of a snapshot."""
    connection.execute("DELETE FROM snapshot_value WHERE snapshot = ?", (number,))
    connection.executemany(
        "INSERT INTO snapshot_value VALUES (?, ?, ?, ?)",
        [(number, key, value, source) for key, (value, source) in new_values.items()],
    )


def organizations_with_snapshots(connection: Connection) -> list[str]:
    """Return the ids of the organisations that have a snapshot."""
    return [row[0] for row in connection.execute("SELECT DISTINCT organization_id FROM snapshot").fetchall()]


def invalidate_rendering(connection: Connection) -> None:
    """Mark every document as outdated, because the form or a setting that shapes documents has changed."""
    connection.execute("UPDATE snapshot SET rendered_from = NULL")


def mark_period_deleted(connection: Connection, organization_id: str, period_id: str) -> None:
    """Record that a snapshot of the period was deleted by DELETE, which stops automatic first snapshots (rule S6)."""
    connection.execute(
        """INSERT INTO deleted_period (organization_id, period_id) VALUES (?, ?)
        ON CONFLICT (organization_id, period_id) DO NOTHING""",
        (organization_id, period_id),
    )


def unmark_period_deleted(connection: Connection, organization_id: str, period_id: str) -> None:
    """Allow automatic first snapshots of the period again, after a POST."""
    connection.execute(
        "DELETE FROM deleted_period WHERE organization_id = ? AND period_id = ?", (organization_id, period_id)
    )


def deleted_periods(connection: Connection, organization_id: str) -> set[str]:
    """Return the periods that get no automatic first snapshot."""
    return {
        row[0]
        for row in connection.execute(
            "SELECT period_id FROM deleted_period WHERE organization_id = ?", (organization_id,)
        ).fetchall()
    }
