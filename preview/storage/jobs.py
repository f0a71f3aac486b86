"""The job queue's rows: claims with attempt numbers, and the times of scheduled automatic aggregations."""

import msgspec

from preview.storage.database import Connection


class JobRow(msgspec.Struct, frozen=True):
    """A job. `attempt` counts claims, and every write of a claim requires its number.

    `input_version` is the version of the source that a running job has begun to read.
    """

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
    return [
        JobRow(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM job WHERE {where}", parameters).fetchall()
    ]


def job(connection: Connection, number: int) -> JobRow | None:
    """Return the job with that number, or None."""
    return next(iter(_select(connection, "job = ?", (number,))), None)


def list_open_for_organization(connection: Connection, organization_id: str) -> list[JobRow]:
    """Return the organisation's jobs that wait or run, oldest first."""
    return _select(
        connection, "job_status IN ('waiting', 'running') AND organization_id = ? ORDER BY job", (organization_id,)
    )


def list_open_for_snapshot(connection: Connection, snapshot: int) -> list[JobRow]:
    """Return the snapshot's jobs that wait or run, oldest first: at most one of each."""
    return _select(connection, "job_status IN ('waiting', 'running') AND snapshot = ? ORDER BY job", (snapshot,))


def latest_for_snapshot(connection: Connection, snapshot: int) -> JobRow | None:
    """Return the snapshot's newest job, whatever its status, or None."""
    return next(iter(_select(connection, "snapshot = ? ORDER BY job DESC LIMIT 1", (snapshot,))), None)


def latest_completed_for_snapshot(connection: Connection, snapshot: int) -> JobRow | None:
    """Return the newest completed job of the snapshot, which its values are from; None if it is no longer stored."""
    return next(
        iter(_select(connection, "job_status = 'completed' AND snapshot = ? ORDER BY job DESC LIMIT 1", (snapshot,))),
        None,
    )


def list_running(connection: Connection) -> list[JobRow]:
    """Return all running jobs, of every process, by snapshot.

    Ordered by their numbers, SQLite would look at every job that ever ended; this is asked after each commit.
    """
    return _select(connection, "job_status = 'running' ORDER BY snapshot", ())


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
    """Insert a waiting job and return its number. A snapshot can have one waiting job (index one_waits)."""
    cursor = connection.execute(
        """INSERT INTO job (snapshot, organization_id, period_id, automatic, job_status, requested_by, reason, estimate,
            cases, created_at)
        VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)""",
        (snapshot, organization_id, period_id, int(automatic), actor, reason, estimate, cases, at),
    )
    return int(cursor.lastrowid or 0)


def next_runnable(connection: Connection, number: int | None = None) -> int | None:
    """Return the number of the next job that can run, requested ones before automatic ones; None if there is none.

    A job can run unless a source of its organisation is being imported (rule S5) or another job of its snapshot runs.

    Args:
        connection: A transaction.
        number: Consider only the job with this number.
    """
    row = connection.execute(
        """SELECT job FROM job AS waiting WHERE job_status = 'waiting' AND job = coalesce(?, job)
            AND NOT EXISTS (SELECT 1 FROM import_lock JOIN source USING (source)
                WHERE source.organization_id = waiting.organization_id)
            AND NOT EXISTS (SELECT 1 FROM job AS other
                WHERE other.snapshot = waiting.snapshot AND other.job_status = 'running')
        ORDER BY automatic, job LIMIT 1""",
        (number,),
    ).fetchone()
    return row[0] if row else None


def claim(connection: Connection, worker: int, at: str, number: int | None = None) -> JobRow | None:
    """Set the `next_runnable` job running under a worker, and return it; None if there is none."""
    runnable = next_runnable(connection, number)
    if runnable is None:
        return None
    connection.execute(
        """UPDATE job SET job_status = 'running', worker = ?, attempt = attempt + 1, completed = 0,
            input_version = NULL, started_at = ?
        WHERE job = ?""",
        (worker, at, runnable),
    )
    return job(connection, runnable)


def release(connection: Connection, number: int, attempt: int, at: str) -> bool:
    """Return a claimed job to the queue. Return False if the claim is lost.

    A snapshot has at most one waiting job. If a follow-up waits already, one of the two is cancelled: the follow-up if
    it is automatic and this job was requested, else this job.
    """
    connection.execute(
        """UPDATE job SET job_status = 'cancelled', ended_at = ?
        WHERE job_status = 'waiting' AND automatic AND snapshot = (
            SELECT snapshot FROM job AS claimed
            WHERE claimed.job = ? AND claimed.attempt = ? AND claimed.job_status = 'running' AND NOT claimed.automatic
        )""",
        (at, number, attempt),
    )
    cursor = connection.execute(
        """UPDATE job SET (job_status, ended_at) = (
            SELECT CASE WHEN count(*) > 0 THEN 'cancelled' ELSE 'waiting' END, CASE WHEN count(*) > 0 THEN ? END
            FROM job AS other WHERE other.snapshot = job.snapshot AND other.job_status = 'waiting'),
            worker = NULL, started_at = NULL, completed = 0
        WHERE job = ? AND attempt = ? AND job_status = 'running'""",
        (at, number, attempt),
    )
    return cursor.rowcount == 1


def set_input_version(connection: Connection, number: int, attempt: int, input_version: str) -> bool:
    """Store the version of the source that a claimed job reads. Return False if the claim is lost."""
    cursor = connection.execute(
        "UPDATE job SET input_version = ? WHERE job = ? AND attempt = ? AND job_status = 'running'",
        (input_version, number, attempt),
    )
    return cursor.rowcount == 1


def set_progress(connection: Connection, number: int, attempt: int, completed: float) -> bool:
    """Store the completed part of a claimed job, 0..1. Return False if the claim is lost."""
    cursor = connection.execute(
        "UPDATE job SET completed = ? WHERE job = ? AND attempt = ? AND job_status = 'running'",
        (completed, number, attempt),
    )
    return cursor.rowcount == 1


def finish(
    connection: Connection,
    number: int,
    attempt: int,
    status: str,
    at: str,
    *,
    detail: str | None = None,
    seconds: float | None = None,
) -> bool:
    """End a claimed job with a status.

    Args:
        connection: A write transaction.
        number: Number of the job.
        attempt: Attempt number of the claim.
        status: `completed` or `failed`.
        at: Time of the end, RFC 3339 text in UTC.
        detail: Why it failed, one sentence.
        seconds: Run time of a completed job.

    Returns:
        False if the claim is lost.
    """
    cursor = connection.execute(
        """UPDATE job SET job_status = ?, worker = NULL, ended_at = ?, detail = ?, seconds = ?,
            completed = CASE WHEN ? = 'completed' THEN 1 ELSE completed END
        WHERE job = ? AND attempt = ? AND job_status = 'running'""",
        (status, at, detail, seconds, status, number, attempt),
    )
    return cursor.rowcount == 1


def cancel_open(connection: Connection, snapshot: int, at: str) -> int:
    """Cancel the snapshot's jobs that wait or run, and return how many. A worker that runs one finds its claim lost."""
    cursor = connection.execute(
        """UPDATE job SET job_status = 'cancelled', worker = NULL, ended_at = ?
        WHERE snapshot = ? AND job_status IN ('waiting', 'running')""",
        (at, snapshot),
    )
    return cursor.rowcount


def recent_run_totals(connection: Connection) -> tuple[float, int]:
    """Return (seconds, cases) of the last 50 completed jobs together."""
    row = connection.execute(
        """SELECT coalesce(sum(seconds), 0), coalesce(sum(cases), 0)
        FROM (SELECT seconds, cases FROM job WHERE job_status = 'completed' ORDER BY job DESC LIMIT 50)"""
    ).fetchone()
    return float(row[0]), int(row[1])


def open_case_count(connection: Connection) -> int:
    """Return the number of cases that the waiting and running jobs read."""
    return connection.execute(
        "SELECT coalesce(sum(cases), 0) FROM job WHERE job_status IN ('waiting', 'running')"
    ).fetchone()[0]


def schedule(connection: Connection, organization_id: str, quiet_at: float, latest_at: float) -> None:
    """Schedule an automatic aggregation, or postpone a scheduled one (rule S6).

    It becomes due at `quiet_at`, or at the first `latest_at` if that is earlier; both in seconds since the epoch.
    """
    connection.execute(
        """INSERT INTO scheduled_aggregation (organization_id, quiet_at, latest_at) VALUES (?, ?, ?)
        ON CONFLICT (organization_id) DO UPDATE SET quiet_at = excluded.quiet_at""",
        (organization_id, quiet_at, latest_at),
    )


_DUE_AT = "CASE WHEN min(quiet_at, latest_at) > :at + :longest THEN :at ELSE min(quiet_at, latest_at) END"
"""When a scheduled aggregation is due.

No aggregation is scheduled further ahead than the longest wait: where one is, the clock was set back, and it is due
now.
"""


def pop_due(connection: Connection, at: float, longest_wait: float) -> str | None:
    """Remove and return the next organisation whose aggregation is due, but none with a source that is being imported.

    Args:
        connection: A connection within a write transaction.
        at: The present time in seconds since the epoch.
        longest_wait: The most seconds that an aggregation is scheduled ahead.
    """
    row = connection.execute(
        f"""SELECT organization_id FROM scheduled_aggregation
        WHERE {_DUE_AT} <= :at
            AND NOT EXISTS (SELECT 1 FROM import_lock JOIN source USING (source)
                WHERE source.organization_id = scheduled_aggregation.organization_id)
        ORDER BY organization_id LIMIT 1""",
        {"at": at, "longest": longest_wait},
    ).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM scheduled_aggregation WHERE organization_id = ?", row)
    return row[0]


def next_due(connection: Connection, at: float, longest_wait: float) -> float | None:
    """Return the time of the next automatic aggregation in seconds since the epoch, or None.

    Arguments as of `pop_due`.
    """
    parameters = {"at": at, "longest": longest_wait}
    return connection.execute(f"SELECT min({_DUE_AT}) FROM scheduled_aggregation", parameters).fetchone()[0]
