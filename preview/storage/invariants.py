"""Invariants of the tables that a query can check: what must never be found in a store."""

from preview.storage.cases import CONTENT_TABLES
from preview.storage.migrations import applied_migrations, migration_names
from preview.storage.sqlite import Connection

_QUERIES = {
    "delivery {} has ended and still has a spool file or a worker": """
        SELECT delivery FROM delivery
        WHERE delivery_status IN ('taken', 'refused')
            AND (spool IS NOT NULL OR worker IS NOT NULL OR completed_at IS NULL)""",
    "delivery {} has not ended and has an end time": """
        SELECT delivery FROM delivery WHERE delivery_status IN ('received', 'reading') AND completed_at IS NOT NULL""",
    "delivery {} counts fewer findings than are stored": """
        SELECT delivery FROM delivery
        WHERE finding_count < (SELECT count(*) FROM finding WHERE finding.delivery = delivery.delivery)""",
    "delivery {} has ended and still locks a source": """
        SELECT DISTINCT delivery FROM import_lock JOIN delivery USING (delivery)
        WHERE delivery_status IN ('taken', 'refused')""",
    "job {} is open and its snapshot is missing": """
        SELECT job FROM job
        WHERE job_status IN ('waiting', 'running') AND snapshot NOT IN (SELECT snapshot FROM snapshot)""",
    "job {} has deliveries behind it and has not completed": """
        SELECT job FROM job WHERE lineage IS NOT NULL AND job_status <> 'completed'""",
    "a version of {} has a delivery that is missing": """
        SELECT organization_id || ' ' || input FROM input_change
        WHERE delivery NOT IN (SELECT delivery FROM delivery)""",
    "entry {} of the audit trail has an event that was never given out": """
        SELECT audit FROM audit WHERE event > (SELECT seq FROM sqlite_sequence WHERE name = 'event')""",
    "entry {} of the audit trail has a value of no event": """
        SELECT audit FROM audit WHERE changes_report = 1 AND event IS NULL""",
    "snapshot {} has no document": """
        SELECT snapshot FROM snapshot WHERE document IS NULL OR etag IS NULL OR rendered_from IS NULL""",
    "snapshot {} has values and was never completed": """
        SELECT snapshot FROM snapshot WHERE completion = 0 AND snapshot IN (SELECT snapshot FROM snapshot_value)""",
    "case {} is a tombstone that has content": """
        SELECT source || '/' || sak FROM sak WHERE slettet = 1 AND content_hash IS NOT NULL""",
    "case {} has no id": """
        SELECT sak.source || '/' || sak.sak FROM sak JOIN source USING (source)
        WHERE format = 'v4'
            AND NOT EXISTS (SELECT 1 FROM sak_id WHERE sak_id.source = sak.source AND sak_id.sak = sak.sak)""",
    "figure of {} has no version": """
        SELECT organization_id || ' ' || period_id FROM figure JOIN figure_set USING (figure_set)
        WHERE in_use = 1
            AND (figure_set, period_id) NOT IN (SELECT figure_set, period_id FROM figure_version)""",
    "organization {} has a 15F source of a negative year that was read": """
        SELECT organization_id FROM source WHERE year < 0 AND last_extract_at IS NOT NULL""",
    "event {} has an id that was never given out": """
        SELECT event FROM event WHERE event > (SELECT seq FROM sqlite_sequence WHERE name = 'event')""",
    "event {} has data of another event": """
        SELECT event FROM event
        WHERE json_extract(CAST(data AS TEXT), '$.event') IS NOT type
            OR json_extract(CAST(data AS TEXT), '$.organization_id') IS NOT organization_id
            OR json_extract(CAST(data AS TEXT), '$.period_id') IS NOT period_id""",
}
"""What a row breaks, with a place for its id, and the query that gives such ids."""

_CONTENT_WITHOUT_CASE = """
    SELECT DISTINCT source || '/' || sak FROM {table}
    WHERE (source, sak) NOT IN (SELECT source, sak FROM sak WHERE slettet = 0)
        AND (source, sak) NOT IN (SELECT source, sak FROM detached_case)
        AND source NOT IN (SELECT source FROM source WHERE year < 0)"""


def find_violations(connection: Connection, limit: int) -> list[str]:
    """Return a sentence for each row that breaks an invariant, at most `limit` for each invariant.

    Args:
        connection: A connection within a read transaction.
        limit: The most sentences for one invariant.
    """
    content = {
        f"case {{}} has rows in {table} and is none": _CONTENT_WITHOUT_CASE.format(table=table)
        for table in CONTENT_TABLES
    }
    found: list[str] = []
    for sentence, query in (_QUERIES | content).items():
        rows = connection.execute(f"SELECT * FROM ({query}) AS broken LIMIT ?", (limit,)).fetchall()
        found += [sentence.format(row[0]) for row in rows]
    return found


def find_damage(connection: Connection, limit: int) -> list[str]:
    """Return what SQLite itself finds wrong with the file and its references; empty for a sound one."""
    found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({limit:d})").fetchall()]
    broken = connection.execute("PRAGMA foreign_key_check").fetchmany(limit)
    return [fault for fault in found if fault != "ok"] + [
        f"{row[0]} refers to a row of {row[2]} that is missing" for row in broken
    ]


def missing_migrations(connection: Connection) -> list[str]:
    """Return the migrations that the store lacks, in order; the schema of such a store is older than the program."""
    applied = applied_migrations(connection)
    return [name for name in migration_names() if name not in applied]
