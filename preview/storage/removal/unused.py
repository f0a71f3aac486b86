"""Rows that no reader sees: prepared by a delivery that has not taken effect, or replaced by one that has.

They are deleted piece by piece, so that no write waits for it. What belongs to a delivery that is still being imported
is left alone.
"""

from preview.storage import figures
from preview.storage.cases import CONTENT_TABLES
from preview.storage.database import STEP_ROWS, Connection, Database
from preview.storage.history import lineage

_UNFINISHED = "(SELECT delivery FROM delivery WHERE delivery_status IN ('received', 'reading'))"
_SOURCE = f"""SELECT source FROM source
    WHERE year < 0 AND (annual_file_delivery IS NULL OR annual_file_delivery NOT IN {_UNFINISHED})"""
_FIGURE_SET = f"""SELECT figure_set FROM figure_set
    WHERE in_use = 0 AND (delivery IS NULL OR delivery NOT IN {_UNFINISHED})"""
_CASE = "SELECT source, sak FROM detached_case WHERE delivery IS NULL"
_OLD_CASE = f"SELECT source, sak FROM detached_case WHERE delivery IS NULL OR delivery NOT IN {_UNFINISHED}"


def delete_unused(database: Database) -> None:
    """Delete all unused rows, in steps. Blocks: never call it on the event loop."""
    if database.read(_has_unused):
        database.write_in_steps(_delete_piece)


def delete_detached_piece(connection: Connection, delivery: int) -> bool:
    """Delete the next piece of what is detached in the sources that a delivery has locked.

    The SQL of a field counts all content of a source, so none of it may be left when the source is unlocked.

    Returns:
        False if none is left.
    """
    locked = "source IN (SELECT source FROM import_lock WHERE delivery = ?)"
    return _delete_case(connection, f"{_CASE} AND {locked} LIMIT 1", (delivery,))


def abandon(connection: Connection, delivery: int) -> None:
    """Leave everything that a delivery has prepared to be deleted, but for its staged lines of figures."""
    connection.execute("UPDATE detached_case SET delivery = NULL WHERE delivery = ?", (delivery,))
    connection.execute(
        "UPDATE source SET annual_file_delivery = NULL WHERE year < 0 AND annual_file_delivery = ?", (delivery,)
    )
    figures.abandon_sets(connection, delivery)


def delete_source_rows(connection: Connection, source: int, tables: tuple[str, ...]) -> bool:
    """Delete the next rows of a source from the first of the tables that has any. Return False if none has."""
    for table in tables:
        # The first rows by the primary key, whatever its columns are.
        keys = {"sak": "sak", "sak_id": "key", "detached_case": "sak", "import_lock": "delivery"}.get(table, "sak, nr")
        deleted = connection.execute(
            f"""DELETE FROM {table} WHERE source = ?
            AND ({keys}) IN (SELECT {keys} FROM {table} WHERE source = ? LIMIT ?)""",
            (source, source, STEP_ROWS),
        )
        if deleted.rowcount:
            return True
    return False


def delete_figure_set(connection: Connection, figure_set: int) -> None:
    """Delete the next figures of a set; the set itself when it has none."""
    if lineage.delete_unused(connection, figure_set, STEP_ROWS):
        return
    for table, keys in (("figure", "period_id, field_key"), ("figure_version", "period_id")):
        deleted = connection.execute(
            f"""DELETE FROM {table} WHERE figure_set = ?
            AND ({keys}) IN (SELECT {keys} FROM {table} WHERE figure_set = ? LIMIT ?)""",
            (figure_set, figure_set, STEP_ROWS),
        )
        if deleted.rowcount:
            return
    connection.execute("DELETE FROM figure_set WHERE figure_set = ?", (figure_set,))


def _has_unused(connection: Connection) -> bool:
    return (
        any(
            connection.execute(f"{query} LIMIT 1").fetchone() is not None for query in (_SOURCE, _FIGURE_SET, _OLD_CASE)
        )
        or _ended_delivery(connection) is not None
    )


def _delete_piece(connection: Connection) -> bool:
    if (row := connection.execute(f"{_SOURCE} LIMIT 1").fetchone()) is not None:
        if not delete_source_rows(connection, row[0], (*CONTENT_TABLES, "sak_id", "sak", "detached_case")):
            connection.execute("DELETE FROM source WHERE source = ?", row)
        return True
    if (row := connection.execute(f"{_FIGURE_SET} LIMIT 1").fetchone()) is not None:
        delete_figure_set(connection, row[0])
        return True
    if (delivery := _ended_delivery(connection)) is not None:
        keys = "organization_id, period_id, field_key, file, line"
        connection.execute(
            f"""DELETE FROM staged_figure WHERE delivery = ?
            AND ({keys}) IN (SELECT {keys} FROM staged_figure WHERE delivery = ? LIMIT ?)""",
            (delivery, delivery, STEP_ROWS),
        )
        return True
    return _delete_case(connection, f"{_OLD_CASE} LIMIT 1", ())


def _delete_case(connection: Connection, query: str, parameters: tuple[int, ...]) -> bool:
    row = connection.execute(query, parameters).fetchone()
    if row is None:
        return False
    for table in CONTENT_TABLES:
        deleted = connection.execute(
            f"""DELETE FROM {table} WHERE (source, sak) = (?, ?)
            AND nr IN (SELECT nr FROM {table} WHERE (source, sak) = (?, ?) LIMIT ?)""",
            (*row, *row, STEP_ROWS),
        )
        if deleted.rowcount == STEP_ROWS:
            return True
    connection.execute("DELETE FROM detached_case WHERE (source, sak) = (?, ?)", row)
    return True


def _ended_delivery(connection: Connection) -> int | None:
    """Return a delivery that has ended and still has staged figures, or None."""
    query = "SELECT min(delivery) FROM staged_figure WHERE delivery > ?"
    number = 0
    while (number := connection.execute(query, (number,)).fetchone()[0]) is not None:
        if connection.execute(f"SELECT ? NOT IN {_UNFINISHED}", (number,)).fetchone()[0]:
            return number
    return None
