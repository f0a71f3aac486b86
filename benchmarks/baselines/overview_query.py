"""The overview's query as it was before there were reviews: the same rows of the same store, without the decisions."""

from typing import Any

from preview.model.file_format import KOSTRA_15F_DATA_SOURCE
from preview.storage.database import Connection

_ROWS = """
    WITH chosen AS (
        SELECT organization_id,
            (SELECT snapshot FROM snapshot
                WHERE snapshot.organization_id = organization.organization_id
                    AND period_id = coalesce(:period, period_id)
                ORDER BY period_order DESC, aggregated_at IS NULL, snapshot DESC LIMIT 1) AS snapshot
        FROM organization
    ), newest AS (
        SELECT chosen.organization_id,
            (SELECT other.snapshot FROM snapshot AS other
                WHERE other.organization_id = shown.organization_id AND other.period_order = shown.period_order
                ORDER BY other.snapshot DESC LIMIT 1) AS newest
        FROM chosen JOIN snapshot AS shown ON shown.snapshot = chosen.snapshot
    )
    SELECT organization.organization_id, organization_name,
        organisasjonsnummer || CASE WHEN bydelsnummer = '' THEN '' ELSE '-' || bydelsnummer END, listed,
        EXISTS (SELECT 1 FROM source
            WHERE source.organization_id = organization.organization_id AND last_extract_at IS NOT NULL),
        (SELECT group_concat(kommunenummer || ' ' || kommunenavn, ' ') FROM kommune
            WHERE kommune.organization_id = organization.organization_id),
        coalesce(json_extract(shown.facts, '$.case_system'),
            (SELECT case_system FROM source WHERE source.organization_id = organization.organization_id
                ORDER BY last_extract_at DESC LIMIT 1)),
        coalesce(json_extract(shown.facts, '$.data_source') = :kostra_15f,
            (SELECT format = '15f' FROM source WHERE source.organization_id = organization.organization_id
                ORDER BY last_extract_at DESC LIMIT 1)),
        shown.snapshot, shown.period_id, shown.snapshot_status, last.snapshot_status,
        (SELECT job_status FROM job WHERE job.snapshot = last.snapshot ORDER BY job DESC LIMIT 1),
        shown.cache_valid, shown.aggregated_at, shown.populated, shown.missing,
        shown.errors, shown.warnings, shown.notices,
        (SELECT max(completed) FROM job
            WHERE job.snapshot = last.snapshot AND job_status IN ('waiting', 'running'))
    FROM organization JOIN chosen ON chosen.organization_id = organization.organization_id
        LEFT JOIN newest ON newest.organization_id = organization.organization_id
        LEFT JOIN snapshot AS shown ON shown.snapshot = chosen.snapshot
        LEFT JOIN snapshot AS last ON last.snapshot = newest.newest
    WHERE organization.organization_id = coalesce(:organization, organization.organization_id)
    ORDER BY organization_name, organization.organization_id
"""


def rows(connection: Connection, period_id: str) -> list[tuple[Any, ...]]:
    """Return the rows of a period, ordered by name."""
    parameters = {"period": period_id, "organization": None, "kostra_15f": KOSTRA_15F_DATA_SOURCE}
    return connection.execute(_ROWS, parameters).fetchall()
