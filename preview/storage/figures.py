"""Supplementary figures: values that cases do not supply (rule 6.1, docs/domain.md).

The figures of an organisation are one set. A delivery stages its lines, prepares a new set for each organisation whose
figures they change, and brings that set into use with one row, however many figures it has.
"""

from preview.model.case_records import SupplementaryFigure
from preview.storage.bulk import execute_rows
from preview.storage.database import STEP_ROWS, Connection
from preview.storage.history import lineage

_IN_USE = "(SELECT figure_set FROM figure_set WHERE organization_id = ? AND in_use = 1)"

# The last line of each field: SQLite gives the other columns of the row that has the maximum.
_STAGED = """
    SELECT period_id, field_key, value, data_source, max(file * 4294967296 + line) AS line FROM staged_figure
    WHERE delivery = :delivery AND organization_id = :organization GROUP BY period_id, field_key"""
_CHANGES = f"""
    SELECT staged.period_id, staged.field_key, staged.value, staged.data_source
    FROM ({_STAGED}) AS staged LEFT JOIN figure
        ON figure.figure_set = :replaces AND figure.period_id = staged.period_id AND figure.field_key = staged.field_key
    WHERE staged.value IS NOT figure.value
        OR (staged.value IS NOT NULL AND staged.data_source IS NOT figure.data_source)"""


def figures(connection: Connection, organization_id: str, period_id: str) -> dict[str, tuple[float, str]]:
    """Return (value, data source) by field key."""
    rows = connection.execute(
        f"SELECT field_key, value, data_source FROM figure WHERE figure_set = {_IN_USE} AND period_id = ?",
        (organization_id, period_id),
    )
    return {key: (value, source) for key, value, source in rows.fetchall()}


def versions(connection: Connection, organization_id: str) -> dict[str, int]:
    """Return the version of the figures by `period_id`; a period without figures has no entry."""
    return dict(
        connection.execute(
            f"SELECT period_id, version FROM figure_version WHERE figure_set = {_IN_USE}", (organization_id,)
        ).fetchall()
    )


def stage(connection: Connection, delivery: int, lines: list[SupplementaryFigure]) -> None:
    """Store lines of a delivery that are to take effect later. A line that is staged already stays as it is."""
    execute_rows(
        connection,
        "INSERT OR REPLACE INTO staged_figure VALUES",
        [
            (
                delivery,
                line.organization_id,
                line.period_id,
                line.field_key,
                line.file,
                line.line,
                line.value,
                line.data_source,
            )
            for line in lines
        ],
    )


def staged_organizations(connection: Connection, delivery: int) -> list[str]:
    """Return the organisations of which a delivery has staged figures, ordered by id."""
    rows = connection.execute(
        "SELECT DISTINCT organization_id FROM staged_figure WHERE delivery = ? ORDER BY organization_id", (delivery,)
    )
    return [row[0] for row in rows.fetchall()]


def set_in_use(connection: Connection, organization_id: str) -> int | None:
    """Return the number of the set that is in use, None if the organisation never had figures."""
    row = connection.execute(
        "SELECT figure_set FROM figure_set WHERE organization_id = ? AND in_use = 1", (organization_id,)
    ).fetchone()
    return row[0] if row else None


def prepared_set(connection: Connection, delivery: int, organization_id: str) -> tuple[int, int | None] | None:
    """Return (set, set that it replaces) of the set that a delivery has prepared, or None."""
    return connection.execute(
        "SELECT figure_set, replaces FROM figure_set WHERE organization_id = ? AND delivery = ?",
        (organization_id, delivery),
    ).fetchone()


def begin_set(connection: Connection, delivery: int, organization_id: str, replaces: int | None) -> int:
    """Insert an empty set that a delivery prepares, and return its number."""
    cursor = connection.execute(
        "INSERT INTO figure_set (organization_id, in_use, delivery, replaces) VALUES (?, 0, ?, ?)",
        (organization_id, delivery, replaces),
    )
    return int(cursor.lastrowid or 0)


def copy_figures(
    connection: Connection, figure_set: int, replaces: int | None, after: tuple[str, str]
) -> tuple[str, str] | None:
    """Copy the next figures of the set that is replaced.

    Args:
        connection: A write transaction.
        figure_set: The new set.
        replaces: The set that it replaces.
        after: Period and field of the last figure that was copied.

    Returns:
        Period and field of the last figure that is copied now, None if all have been.
    """
    rows = connection.execute(
        """SELECT period_id, field_key, value, data_source FROM figure
        WHERE figure_set = ? AND (period_id, field_key) > (?, ?) ORDER BY period_id, field_key LIMIT ?""",
        (replaces, *after, STEP_ROWS),
    ).fetchall()
    execute_rows(connection, "INSERT INTO figure VALUES", [(figure_set, *row) for row in rows])
    return (rows[-1][0], rows[-1][1]) if rows else None


def copy_versions(connection: Connection, figure_set: int, replaces: int | None, after: str) -> str | None:
    """Copy the next versions of the set that is replaced; arguments and result as of `copy_figures`, by period."""
    rows = connection.execute(
        """SELECT period_id, version FROM figure_version
        WHERE figure_set = ? AND period_id > ? ORDER BY period_id LIMIT ?""",
        (replaces, after, STEP_ROWS),
    ).fetchall()
    execute_rows(connection, "INSERT INTO figure_version VALUES", [(figure_set, *row) for row in rows])
    return rows[-1][0] if rows else None


def changes(
    connection: Connection, delivery: int, organization_id: str, replaces: int | None
) -> list[tuple[str, str, float | None, str]]:
    """Return the staged figures that differ from a set: (period, field, value, data source).

    A figure without a value is to be deleted.
    """
    parameters = {"delivery": delivery, "organization": organization_id, "replaces": replaces}
    return connection.execute(f"{_CHANGES} ORDER BY 1, 2", parameters).fetchall()


def apply_changes(connection: Connection, figure_set: int, rows: list[tuple[str, str, float | None, str]]) -> None:
    """Set or delete figures of a set that is being prepared."""
    removed = [(figure_set, period, key) for period, key, value, _ in rows if value is None]
    execute_rows(connection, "DELETE FROM figure WHERE (figure_set, period_id, field_key) IN (VALUES", removed, ")")
    execute_rows(
        connection,
        "INSERT OR REPLACE INTO figure VALUES",
        [(figure_set, period, key, value, source) for period, key, value, source in rows if value is not None],
    )


def raise_versions(connection: Connection, figure_set: int, periods: list[str]) -> None:
    """Raise the version of periods whose figures a set changes."""
    execute_rows(
        connection,
        "INSERT INTO figure_version (figure_set, period_id, version) VALUES",
        [(figure_set, period, 1) for period in periods],
        "ON CONFLICT (figure_set, period_id) DO UPDATE SET version = version + 1",
    )


def use_set(connection: Connection, figure_set: int, replaces: int | None) -> None:
    """Bring a prepared set into use; the one that it replaces is to be deleted."""
    lineage.note_use(connection, figure_set)
    connection.execute("UPDATE figure_set SET in_use = 0 WHERE figure_set = ?", (replaces,))
    connection.execute(
        "UPDATE figure_set SET in_use = 1, delivery = NULL, replaces = NULL WHERE figure_set = ?", (figure_set,)
    )


def abandon_set(connection: Connection, figure_set: int) -> None:
    """Leave a prepared set to be deleted."""
    connection.execute("UPDATE figure_set SET delivery = NULL WHERE figure_set = ?", (figure_set,))


def abandon_sets(connection: Connection, delivery: int) -> None:
    """Leave the sets that a delivery has prepared to be deleted."""
    connection.execute("UPDATE figure_set SET delivery = NULL WHERE delivery = ?", (delivery,))
