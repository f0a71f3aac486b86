"""Delete all rows of an organisation from every table, piece by piece. A test compares the tables with the schema."""

import json
from collections.abc import Iterator

from preview.core.ids import format_delivery_id
from preview.storage import meta
from preview.storage.cases import CONTENT_TABLES
from preview.storage.database import STEP_ROWS, Connection, Database
from preview.storage.removal import unused

UNFINISHED_KEY = "forgetting"
"""Key in `meta` of the organisation that is being erased; empty when only the events and the file are left."""

NOT_BEING_ERASED = f"organization_id NOT IN (SELECT value FROM meta WHERE key = '{UNFINISHED_KEY}')"
"""Condition of the queries that answer requests: to them an organisation is gone from the first step of its erasure."""

_SOURCE_TABLES = (*CONTENT_TABLES, "sak_id", "sak", "import_lock", "detached_case")
_NUMBERED_TABLES = {"job": "job", "audit": "audit", "event": "event"}
"""Tables without an index by organisation: their rows are looked up in a read transaction and deleted by number."""
_KEYED_TABLES = {
    "staged_figure": "delivery, organization_id, period_id, field_key, file, line",
    "input_change": "organization_id, input, version, figure_set",
}
"""Tables without numbered rows of which an organisation can have many, with their keys."""
_SMALL_TABLES = (
    "scheduled_aggregation",
    "deleted_period",
    "kommune",
    "used_figure_set",
    "review",
    "approval",
    "acknowledgement",
    "comment",
)


def organization_exists(connection: Connection, organization_id: str) -> bool:
    """Return whether there is such an organisation."""
    return (
        connection.execute("SELECT 1 FROM organization WHERE organization_id = ?", (organization_id,)).fetchone()
        is not None
    )


def being_erased(connection: Connection) -> str | None:
    """Return the organisation that is being erased, None if there is none."""
    return meta.get(connection, UNFINISHED_KEY) or None


def is_being_erased(connection: Connection, organization_id: str) -> bool:
    """Return whether an organisation is being erased: to requests it is gone, so that what is read between two steps
    is what is read after the last one.
    """
    return being_erased(connection) == organization_id


def begin(connection: Connection, organization_id: str, at: str) -> None:
    """Mark an organisation as being erased, and cancel what is to happen with it.

    Until its rows are gone, no delivery is imported: it could contain the organisation.
    """
    meta.put(connection, UNFINISHED_KEY, organization_id)
    connection.execute(
        """UPDATE job SET job_status = 'cancelled', worker = NULL, ended_at = ?
        WHERE organization_id = ? AND job_status IN ('waiting', 'running')""",
        (at, organization_id),
    )
    connection.execute("DELETE FROM scheduled_aggregation WHERE organization_id = ?", (organization_id,))


def delete_rows(database: Database, organization_id: str) -> None:
    """Delete all rows of an organisation but its events, in steps; its snapshots must be gone.

    Of a delivery that has other organisations too, all findings are deleted: they do not name an organisation.
    """
    pieces = _pieces(database, organization_id)

    def delete_next(connection: Connection) -> bool:
        piece = next(pieces, None)
        if piece is None:
            return False
        connection.execute(*piece)
        return True

    database.write_in_steps(lambda connection: _delete_of_sources(connection, organization_id))
    for table in ("job", "audit"):
        delete_numbered(database, table, organization_id)
    database.write_in_steps(delete_next)


def delete_events(database: Database, organization_id: str) -> None:
    """Delete the organisation's events, in steps. Ids are not reused, and other events keep theirs."""
    delete_numbered(database, "event", organization_id)


def delete_numbered(database: Database, table: str, organization_id: str) -> None:
    """Delete the rows that an organisation has in a table whose rows are numbered, in steps."""
    key = _NUMBERED_TABLES[table]
    query = f"SELECT {key} FROM {table} WHERE organization_id = ?"
    numbers = [
        row[0] for row in database.read(lambda connection: connection.execute(query, (organization_id,)).fetchall())
    ]
    slices = (numbers[start : start + STEP_ROWS] for start in range(0, len(numbers), STEP_ROWS))

    def delete_next(connection: Connection) -> bool:
        piece = next(slices, None)
        if piece is None:
            return False
        connection.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT value FROM json_each(?))", (json.dumps(piece),))
        return True

    database.write_in_steps(delete_next)


def _delete_of_sources(connection: Connection, organization_id: str) -> bool:
    """Delete the next rows of a source, of a set of figures or of their lineage. Return False if there is none."""
    row = connection.execute(
        "SELECT source FROM source WHERE organization_id = ? LIMIT 1", (organization_id,)
    ).fetchone()
    if row is not None:
        if not unused.delete_source_rows(connection, row[0], _SOURCE_TABLES):
            connection.execute("DELETE FROM source WHERE source = ?", row)
        return True
    row = connection.execute(
        "SELECT figure_set FROM figure_set WHERE organization_id = ? LIMIT 1", (organization_id,)
    ).fetchone()
    if row is not None:
        unused.delete_figure_set(connection, row[0])
        return True
    for table, keys in _KEYED_TABLES.items():
        deleted = connection.execute(
            f"""DELETE FROM {table}
            WHERE ({keys}) IN (SELECT {keys} FROM {table} WHERE organization_id = ? LIMIT ?)""",
            (organization_id, STEP_ROWS),
        )
        if deleted.rowcount:
            return True
    return False


def _pieces(database: Database, organization_id: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield the statements that delete the rest, with their parameters. What they name is looked up beforehand."""
    deliveries, sole_deliveries = database.read(lambda connection: _deliveries_of(connection, organization_id))
    responses = database.read(lambda connection: _stored_responses(connection, organization_id, sole_deliveries))
    findings = database.read(
        lambda connection: {
            number: connection.execute("SELECT count(*) FROM finding WHERE delivery = ?", (number,)).fetchone()[0]
            for number in deliveries
        }
    )
    return _statements(organization_id, findings, sole_deliveries, responses)


def _statements(
    organization_id: str, findings: dict[int, int], sole_deliveries: list[int], responses: list[tuple[str, str]]
) -> Iterator[tuple[str, tuple[object, ...]]]:
    for number, count in findings.items():
        for _ in range(0, count, STEP_ROWS):
            yield (
                """DELETE FROM finding WHERE delivery = ?
                AND nr IN (SELECT nr FROM finding WHERE delivery = ? LIMIT ?)""",
                (number, number, STEP_ROWS),
            )
        yield (
            "UPDATE delivery SET finding_count = 0, errors = 0, warnings = 0, notices = 0 WHERE delivery = ?",
            (number,),
        )
    yield (
        "DELETE FROM withdrawal WHERE approval IN (SELECT approval FROM approval WHERE organization_id = ?)",
        (organization_id,),
    )
    for table in _SMALL_TABLES:
        yield f"DELETE FROM {table} WHERE organization_id = ?", (organization_id,)
    for number in findings:
        yield (
            "DELETE FROM delivery_organization WHERE delivery = ? AND organization_id = ?",
            (number, organization_id),
        )
    for number in sole_deliveries:
        yield "DELETE FROM delivery WHERE delivery = ?", (number,)
    for response in responses:
        yield "DELETE FROM idempotency WHERE scope = ? AND key = ?", response
    yield "DELETE FROM organization WHERE organization_id = ?", (organization_id,)


def _deliveries_of(connection: Connection, organization_id: str) -> tuple[list[int], list[int]]:
    """Return the deliveries of an organisation, and those of them that have no other one."""
    rows = connection.execute(
        """SELECT delivery, (SELECT count(*) FROM delivery_organization AS other WHERE other.delivery = own.delivery)
        FROM delivery_organization AS own WHERE organization_id = ?""",
        (organization_id,),
    ).fetchall()
    return [number for number, _ in rows], [number for number, count in rows if count == 1]


def _stored_responses(connection: Connection, organization_id: str, deliveries: list[int]) -> list[tuple[str, str]]:
    """Return scope and key of the stored responses that are about the organisation or name one of its deliveries."""
    patterns = [f'"organization_id":"{organization_id}"']
    patterns += [f'"delivery_id":"{format_delivery_id(number)}"' for number in deliveries]
    rows = connection.execute(
        """SELECT scope, key FROM idempotency WHERE scope LIKE ? OR EXISTS (
            SELECT 1 FROM json_each(?) AS pattern WHERE instr(response_body, CAST(pattern.value AS BLOB)) > 0)""",
        (f"% {organization_id} %", json.dumps(patterns)),
    )
    return rows.fetchall()
