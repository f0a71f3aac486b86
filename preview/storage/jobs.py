"""Jobs: the queue of aggregations, claims with attempt numbers, and what is due by itself."""

import msgspec

from preview.storage.database import Connection


class JobRow(msgspec.Struct, frozen=True):
    """A job. `attempt` counts claims; every write of a claim requires its number. `input_version` is what a running one reads."""

    job: int
    snapshot: int
    organization_id: str
    period_id: str
    automatic: int
    job_status: str
    requested_by: str
    reason: str | None
    completed: float
    estimate: int
    detail: str | None
    input_version: str | None
    attempt: int
    worker: int | None
    created_at: str
    started_at: str | None
    ended_at: str | None


_COLUMNS = ", ".join(JobRow.__struct_fields__)


def _select(connection: Connection, where: str, parameters: tuple[object, ...]) -> list[JobRow]:
    return [JobRow(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM job WHERE {where}", parameters).fetchall()]


def job(connection: Connection, number: int) -> JobRow | None:
    """By number."""
    return next(iter(_select(connection, "job = ?", (number,))), None)


def list_open_for_organization(connection: Connection, organization_id: str) -> list[JobRow]:
    """Those that wait or run."""
    return _select(connection, "job_status IN ('waiting', 'running') AND organization_id = ? ORDER BY job", (organization_id,))


def list_open_for_snapshot(connection: Connection, snapshot: int) -> list[JobRow]:
    """Those that wait or run for it, oldest first: at most one of each."""
    return _select(connection, "job_status IN ('waiting', 'running') AND snapshot = ? ORDER BY job", (snapshot,))


def latest_for_snapshot(connection: Connection, snapshot: int) -> JobRow | None:
    """The newest, whatever became of it."""
    return next(iter(_select(connection, "snapshot = ? ORDER BY job DESC LIMIT 1", (snapshot,))), None)


def list_running(connection: Connection) -> list[JobRow]:
    """All that run, in any process."""
    return _select(connection, "job_status = 'running' ORDER BY job", ())


def insert(
    connection: Connection,
    snapshot: int,
    organization_id: str,
    period_id: str,
    *,
    automatic: bool,
    actor: str,
    reason: str | None,
    estimate: int,
    cases: int,
    at: str,
) -> int:
    """A waiting job; returns its number. A snapshot has at most one (index one_waits)."""
    cursor = connection.execute(
        """INSERT INTO job (snapshot, organization_id, period_id, automatic, job_status, requested_by, reason, estimate, cases, created_at)
        VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)""",
        (snapshot, organization_id, period_id, int(automatic), actor, reason, estimate, cases, at),
    )
    return int(cursor.lastrowid or 0)


def next_runnable(connection: Connection, number: int | None = None) -> int | None:
    """The next that may run, or that one if it may, asked-for ones first: whose source is not being read (contract S5), whose snapshot has none that runs."""
    row = connection.execute(
        """SELECT job FROM job AS waiting WHERE job_status = 'waiting' AND job = coalesce(?, job)
            AND NOT EXISTS (SELECT 1 FROM import_lock JOIN source USING (source) WHERE source.organization_id = waiting.organization_id)
            AND NOT EXISTS (SELECT 1 FROM job AS other WHERE other.snapshot = waiting.snapshot AND other.job_status = 'running')
        ORDER BY automatic, job LIMIT 1""",
        (number,),
    ).fetchone()
    return row[0] if row else None


def claim(connection: Connection, worker: int, at: str, number: int | None = None) -> JobRow | None:
    """The `next_runnable` one, running under the worker from now on."""
    runnable = next_runnable(connection, number)
    if runnable is None:
        return None
    connection.execute(
        "UPDATE job SET job_status = 'running', worker = ?, attempt = attempt + 1, completed = 0, input_version = NULL, started_at = ? WHERE job = ?",
        (worker, at, runnable),
    )
    return job(connection, runnable)


def release(connection: Connection, number: int, attempt: int, at: str) -> bool:
    """Gives a claim back; False where it is lost.

    One job of a snapshot can wait: where a follow-up does, it takes the place of this one, unless that was asked for and the follow-up
    is automatic. The other is cancelled.
    """
    connection.execute(
        """UPDATE job SET job_status = 'cancelled', ended_at = ? WHERE job_status = 'waiting' AND automatic AND snapshot =
            (SELECT snapshot FROM job AS own WHERE own.job = ? AND own.attempt = ? AND own.job_status = 'running' AND NOT own.automatic)""",
        (at, number, attempt),
    )
    cursor = connection.execute(
        """UPDATE job SET (job_status, ended_at) = (SELECT iif(count(*), 'cancelled', 'waiting'), iif(count(*), ?, NULL)
            FROM job AS other WHERE other.snapshot = job.snapshot AND other.job_status = 'waiting'),
            worker = NULL, started_at = NULL, completed = 0
        WHERE job = ? AND attempt = ? AND job_status = 'running'""",
        (at, number, attempt),
    )
    return cursor.rowcount == 1


def set_input_version(connection: Connection, number: int, attempt: int, input_version: str) -> bool:
    """Says what the claim has begun to read; False where it is lost."""
    cursor = connection.execute(
        "UPDATE job SET input_version = ? WHERE job = ? AND attempt = ? AND job_status = 'running'", (input_version, number, attempt)
    )
    return cursor.rowcount == 1


def set_progress(connection: Connection, number: int, attempt: int, completed: float) -> bool:
    """0..1; False where the claim is lost."""
    cursor = connection.execute(
        "UPDATE job SET completed = ? WHERE job = ? AND attempt = ? AND job_status = 'running'", (completed, number, attempt)
    )
    return cursor.rowcount == 1


def finish(
    connection: Connection, number: int, attempt: int, status: str, at: str, *, detail: str | None = None, seconds: float | None = None
) -> bool:
    """Completed or failed; False where the claim is lost."""
    cursor = connection.execute(
        """UPDATE job SET job_status = ?, worker = NULL, ended_at = ?, detail = ?, seconds = ?, completed = iif(? = 'completed', 1, completed)
        WHERE job = ? AND attempt = ? AND job_status = 'running'""",
        (status, at, detail, seconds, status, number, attempt),
    )
    return cursor.rowcount == 1


def cancel_open(connection: Connection, snapshot: int, at: str) -> int:
    """Cancels those that wait or run; a worker that holds one finds its claim lost. Returns how many."""
    cursor = connection.execute(
        "UPDATE job SET job_status = 'cancelled', worker = NULL, ended_at = ? WHERE snapshot = ? AND job_status IN ('waiting', 'running')",
        (at, snapshot),
    )
    return cursor.rowcount


def recent_run_totals(connection: Connection) -> tuple[float, int]:
    """(seconds, cases) of the last 50 completed jobs together."""
    row = connection.execute(
        """SELECT coalesce(sum(seconds), 0), coalesce(sum(cases), 0)
        FROM (SELECT seconds, cases FROM job WHERE job_status = 'completed' ORDER BY job DESC LIMIT 50)"""
    ).fetchone()
    return float(row[0]), int(row[1])


def open_case_count(connection: Connection) -> int:
    """Cases of the sources that waiting and running jobs read."""
    return connection.execute("SELECT coalesce(sum(cases), 0) FROM job WHERE job_status IN ('waiting', 'running')").fetchone()[0]


def schedule(connection: Connection, organization_id: str, quiet_at: float, latest_at: float) -> None:
    """Automatic aggregation is due when quiet, and at the latest by the first `latest_at` (contract S6)."""
    connection.execute(
        "INSERT INTO scheduled_aggregation VALUES (?, ?, ?) ON CONFLICT (organization_id) DO UPDATE SET quiet_at = excluded.quiet_at",
        (organization_id, quiet_at, latest_at),
    )


def pop_due(connection: Connection, at: float) -> list[str]:
    """Organisations whose automatic aggregation is due, taken from the list; not those whose source is being read."""
    due_condition = """min(quiet_at, latest_at) <= ?
        AND NOT EXISTS (SELECT 1 FROM import_lock JOIN source USING (source) WHERE source.organization_id = scheduled_aggregation.organization_id)"""
    due_organizations = [
        row[0]
        for row in connection.execute(
            f"SELECT organization_id FROM scheduled_aggregation WHERE {due_condition} ORDER BY organization_id", (at,)
        ).fetchall()
    ]
    connection.executemany(
        "DELETE FROM scheduled_aggregation WHERE organization_id = ?", [(organization_id,) for organization_id in due_organizations]
    )
    return due_organizations


def next_due(connection: Connection) -> float | None:
    """When the next automatic aggregation is due, in seconds since the epoch."""
    return connection.execute("SELECT min(min(quiet_at, latest_at)) FROM scheduled_aggregation").fetchone()[0]
