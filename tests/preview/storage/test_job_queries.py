"""What the queue of jobs asks after every commit costs the same, however many jobs wait or have ended."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from preview.storage import jobs
from preview.storage.database import Connection, Database

_FEW, _MANY = 100, 2_000
_OPERATIONS = 10
_JOBS = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
    INSERT INTO job (snapshot, organization_id, period_id, automatic, job_status, requested_by, estimate, cases,
        created_at, ended_at)
    SELECT n, 'org-' || n, '2024', 1, :status, 'auto', 1, 1, :at, CASE :status WHEN 'completed' THEN :at END
    FROM numbers WHERE true"""

QUERIES: dict[str, Callable[[Connection], object]] = {
    "next runnable": jobs.next_runnable,
    "running": jobs.list_running,
    "open of an organisation": lambda connection: jobs.list_open_for_organization(connection, "org-7"),
}


@pytest.fixture
def database(data_dir: Path) -> Generator[Database]:
    """Open an empty store."""
    opened = Database(data_dir / "store.sqlite")
    yield opened
    opened.close()


def operations(database: Database, query: Callable[[Connection], object]) -> int:
    """Return how many tens of operations SQLite's virtual machine needs for a query."""
    calls = 0

    def count() -> int:
        nonlocal calls
        calls += 1
        return 0

    def ask(connection: Connection) -> int:
        query(connection)  # prepares the statement
        connection.set_progress_handler(count, _OPERATIONS)
        query(connection)
        connection.set_progress_handler(None, 0)
        return calls

    return database.read(ask)


def insert_jobs(database: Database, status: str, count: int) -> None:
    """Insert that many automatic jobs, each of another organisation."""
    parameters = {"count": count, "status": status, "at": "2025-01-15T12:00:00Z"}
    database.write(lambda connection: connection.execute(_JOBS, parameters).rowcount)


@pytest.mark.parametrize("status", ["waiting", "completed"])
@pytest.mark.parametrize("name", QUERIES)
def test_query_of_the_queue_ignores_jobs_of_others(database: Database, name: str, status: str) -> None:
    insert_jobs(database, status, _FEW)
    of_few = operations(database, QUERIES[name])
    database.write(lambda connection: connection.execute("DELETE FROM job").rowcount)
    insert_jobs(database, status, _MANY)
    assert operations(database, QUERIES[name]) <= of_few + 1


def test_requested_job_is_next_before_automatic_ones(database: Database) -> None:
    insert_jobs(database, "waiting", 3)
    database.write(lambda connection: connection.execute("UPDATE job SET automatic = 0 WHERE job = 3").rowcount)
    assert database.read(jobs.next_runnable) == 3


def test_running_jobs_are_listed_without_others(database: Database) -> None:
    insert_jobs(database, "waiting", 3)
    claimed = database.write(lambda connection: jobs.claim(connection, 1, "2025-01-15T12:00:00Z", 2))
    assert claimed is not None
    assert [row.job for row in database.read(jobs.list_running)] == [2]
