"""Lineage: the deliveries behind what a job has read (rule A2, docs/api.md).

An aggregation reads versions of a source and of supplementary figures (rule 1.12, docs/domain.md). Each version was
made by one delivery, so that the versions between two completions name the deliveries between them.
"""

import json
from collections.abc import Collection, Mapping

import msgspec

from preview.storage.database import Connection

MAX_DELIVERIES = 1000
"""Newest deliveries of a job that are returned."""

_IN_SPAN = """input = span.key
    AND version > json_extract(span.value, '$[0]') AND version <= json_extract(span.value, '$[1]')
    AND (input_change.figure_set = 0 OR input_change.figure_set IN (SELECT figure_set FROM used_figure_set))"""
_NAME_OF_SOURCE = "CASE format WHEN 'v4' THEN 'v4' ELSE format || ':' || year END"


def source_input(source_format: str, year: int) -> str:
    """Return the name of a source among what an aggregation reads: `v4`, or `15f:` and the year."""
    return source_format if source_format == "v4" else f"{source_format}:{year}"


def figures_input(period_id: str) -> str:
    """Return the name of a period's supplementary figures among what an aggregation reads."""
    return f"figures:{period_id}"


def note_source_version(connection: Connection, source: int, delivery: int) -> None:
    """Note that a delivery has made the present version of a source."""
    connection.execute(
        f"""INSERT OR REPLACE INTO input_change (organization_id, input, version, figure_set, delivery)
        SELECT organization_id, {_NAME_OF_SOURCE}, version, 0, ? FROM source WHERE source = ?""",
        (delivery, source),
    )


def note_figure_versions(connection: Connection, figure_set: int, periods: Collection[str], delivery: int) -> None:
    """Note that a delivery makes the versions that a set of figures has of some periods, once it is used."""
    connection.execute(
        """INSERT OR REPLACE INTO input_change (organization_id, input, version, figure_set, delivery)
        SELECT organization_id, 'figures:' || period_id, version, figure_set, ?
        FROM figure_version JOIN figure_set USING (figure_set)
        WHERE figure_set = ? AND period_id IN (SELECT value FROM json_each(?))""",
        (delivery, figure_set, json.dumps(list(periods))),
    )


def note_use(connection: Connection, figure_set: int) -> None:
    """Note that a set of figures is brought into use."""
    connection.execute(
        """INSERT OR IGNORE INTO used_figure_set (figure_set, organization_id)
        SELECT figure_set, organization_id FROM figure_set WHERE figure_set = ?""",
        (figure_set,),
    )


def delete_unused(connection: Connection, figure_set: int, limit: int) -> int:
    """Delete what was noted of a set that was never used, at most `limit` rows, and return how many."""
    keys = "organization_id, input, version, figure_set"
    return connection.execute(
        f"""DELETE FROM input_change WHERE ({keys}) IN (
            SELECT {keys} FROM input_change
            WHERE organization_id = (SELECT organization_id FROM figure_set WHERE figure_set = :figure_set)
                AND figure_set = :figure_set AND figure_set NOT IN (SELECT figure_set FROM used_figure_set)
            LIMIT :limit
        )""",
        {"figure_set": figure_set, "limit": limit},
    ).rowcount


def inputs_of_version(connection: Connection, input_version: str, period_id: str) -> dict[str, int] | None:
    """Return what the stored version of a snapshot's input names, as `AggregationInput.inputs`.

    Args:
        connection: A transaction.
        input_version: `SOURCE:VERSION:FIGURES`.
        period_id: The snapshot's period.

    Returns:
        Version by input; None if the source is no longer there: a 15F file has replaced it.
    """
    source, version, figures = (int(part) for part in input_version.split(":"))
    row = connection.execute(
        f"SELECT {_NAME_OF_SOURCE} FROM source WHERE source = ? AND year >= 0", (source,)
    ).fetchone()
    if row is None:
        return None
    return {row[0]: version} | ({figures_input(period_id): figures} if figures else {})


def set_spans(
    connection: Connection, job: int, organization_id: str, spans: Mapping[str, tuple[int, int]] | None
) -> None:
    """Store which versions a completed job has read and the completion before it had not.

    Nothing is stored if the delivery of any of them is not known.

    Args:
        connection: A write transaction.
        job: Number of the job.
        organization_id: Its organisation.
        spans: (version before, version that the job has read) by input; None if they are not known.
    """
    if spans is None:
        return
    known = connection.execute(
        f"SELECT count(*) FROM json_each(?) AS span JOIN input_change ON organization_id = ? AND {_IN_SPAN}",
        (text := msgspec.json.encode(spans).decode(), organization_id),
    ).fetchone()[0]
    if known == sum(max(0, last - first) for first, last in spans.values()):
        connection.execute("UPDATE job SET lineage = ? WHERE job = ?", (text, job))


def deliveries_of(connection: Connection, jobs: Collection[int]) -> dict[int, list[int]]:
    """Return the deliveries behind jobs, oldest first, by number of the job.

    A job whose deliveries are not known has no entry. Of more than `MAX_DELIVERIES`, the newest are returned.
    """
    numbers = json.dumps(sorted(jobs))
    known = connection.execute(
        "SELECT job FROM job WHERE lineage IS NOT NULL AND job IN (SELECT value FROM json_each(?))", (numbers,)
    )
    found: dict[int, list[int]] = {number: [] for (number,) in known.fetchall()}
    # CROSS JOIN keeps the order of the tables: SQLite would scan all jobs, as it takes a list in JSON for a long one.
    rows = connection.execute(
        f"""SELECT job, delivery FROM (
            SELECT job, delivery, row_number() OVER (PARTITION BY job ORDER BY delivery DESC) AS nr FROM (
                SELECT DISTINCT job.job, delivery
                FROM json_each(?) AS wanted CROSS JOIN job ON job.job = wanted.value
                    CROSS JOIN json_each(job.lineage) AS span CROSS JOIN input_change
                        ON input_change.organization_id = job.organization_id AND {_IN_SPAN}
            )
        ) WHERE nr <= ? ORDER BY job, delivery""",
        (numbers, MAX_DELIVERIES),
    )
    for job, delivery in rows.fetchall():
        found[job].append(delivery)
    return found
