"""Inserting and deleting many rows with few statements."""

from collections.abc import Generator
from pathlib import Path

import pytest

from preview.storage.bulk import execute_rows
from preview.storage.database import Connection, Database


@pytest.fixture
def database(data_dir: Path) -> Generator[Database]:
    """Open a store with a table of pairs."""
    opened = Database(data_dir / "store.sqlite")
    opened.write(
        lambda connection: connection.execute("CREATE TABLE pair (a INTEGER, b TEXT, PRIMARY KEY (a, b))").rowcount
    )
    yield opened
    opened.close()


def pairs(connection: Connection) -> list[tuple[int, str]]:
    """Return all pairs in order."""
    return connection.execute("SELECT a, b FROM pair ORDER BY a").fetchall()


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 127, 128, 129, 300])
def test_every_row_is_inserted_once_for_any_row_count(database: Database, count: int) -> None:
    rows = [(number, str(number)) for number in range(count)]
    database.write(lambda connection: execute_rows(connection, "INSERT INTO pair VALUES", rows))
    assert database.read(pairs) == rows


def test_suffix_is_appended_to_every_statement(database: Database) -> None:
    rows = [(number, str(number)) for number in range(150)]
    database.write(lambda connection: execute_rows(connection, "INSERT INTO pair VALUES", rows))
    database.write(
        lambda connection: execute_rows(connection, "INSERT INTO pair VALUES", rows, "ON CONFLICT DO NOTHING")
    )
    database.write(
        lambda connection: execute_rows(connection, "DELETE FROM pair WHERE (a, b) IN (VALUES", rows[1:], ")")
    )
    assert database.read(pairs) == rows[:1]


def test_rows_are_grouped_into_few_statements(database: Database) -> None:
    statements: list[str] = []

    def insert_rows(connection: Connection) -> None:
        connection.set_trace_callback(statements.append)
        execute_rows(connection, "INSERT INTO pair VALUES", [(number, "") for number in range(300)])
        connection.set_trace_callback(None)

    database.write(insert_rows)
    assert len(statements) == 300 // 128 + 300 % 128 // 16 + 300 % 16
