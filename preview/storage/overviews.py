"""The overview query: one row per organisation, with its newest snapshot of a period."""

import msgspec

from preview.model.file_format import KOSTRA_15F_DATA_SOURCE
from preview.model.reviews import ReviewStatus
from preview.storage.database import Connection
from preview.storage.removal.erasure import NOT_BEING_ERASED
from preview.storage.reviews.period_reports import MUNICIPALITY_NUMBERS


class OverviewRow(msgspec.Struct, frozen=True):
    """An organisation with the snapshot that its preview shows; the snapshot's columns are null if it has none.

    `latest_status` is the status of the newest snapshot of the same period, completed or not, and `latest_job_status`
    that of its last job; `completed` is the part, 0..1, of a job of it that waits or runs. The columns from
    `review_status` on are of the report's review, and null or 0 without one; the approval is the one in force.
    `extract_day` is null unless the report is provisional. `latest_completed_period` is the newest period of which an
    organisation without this report has a completed snapshot.
    """

    organization_id: str
    organization_name: str
    number: str
    listed: int
    has_source: int
    kommuner: str | None
    municipality_numbers: str
    case_system: str | None
    is_15f: int | None
    snapshot: int | None
    period_id: str | None
    snapshot_status: str | None
    latest_status: str | None
    latest_job_status: str | None
    cache_valid: int | None
    aggregated_at: str | None
    populated: int | None
    missing: int | None
    errors: int | None
    warnings: int | None
    notices: int | None
    completed: float | None
    etag: str | None
    extract_day: str | None
    review_status: ReviewStatus | None
    provisional: int | None
    review_errors: int | None
    open_warnings: int | None
    approved_by: str | None
    stated_name: str | None
    approved_at: str | None
    open_comments: int
    latest_completed_period: str | None


_ROWS = f"""
    WITH chosen AS (
        SELECT organization_id,
            (SELECT snapshot FROM snapshot
                WHERE snapshot.organization_id = organization.organization_id
                    AND period_id = :period
                ORDER BY aggregated_at IS NULL, snapshot DESC LIMIT 1) AS snapshot
        FROM organization WHERE {NOT_BEING_ERASED}
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
        {MUNICIPALITY_NUMBERS},
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
            WHERE job.snapshot = last.snapshot AND job_status IN ('waiting', 'running')),
        shown.etag, CASE WHEN review.provisional THEN json_extract(shown.facts, '$.extract_day') END,
        review.review_status, review.provisional, review.errors, review.open_warnings,
        approval.approved_by, approval.stated_name, approval.approved_at,
        (SELECT count(*) FROM comment
            WHERE comment.organization_id = review.organization_id AND comment.period_id = review.period_id
                AND resolved_at IS NULL),
        CASE WHEN review.review_status IS NULL THEN (SELECT latest.period_id FROM review AS latest
            WHERE latest.organization_id = organization.organization_id ORDER BY period_order DESC LIMIT 1) END
    FROM organization JOIN chosen ON chosen.organization_id = organization.organization_id
        LEFT JOIN newest ON newest.organization_id = organization.organization_id
        LEFT JOIN snapshot AS shown ON shown.snapshot = chosen.snapshot
        LEFT JOIN snapshot AS last ON last.snapshot = newest.newest
        LEFT JOIN review ON review.organization_id = shown.organization_id AND review.period_id = shown.period_id
        LEFT JOIN approval ON review.review_status <> 'open' AND approval.approval =
            (SELECT max(of_report.approval) FROM approval AS of_report
                WHERE of_report.organization_id = review.organization_id AND of_report.period_id = review.period_id)
    WHERE organization.organization_id = coalesce(:organization, organization.organization_id)
    ORDER BY organization_name, organization.organization_id
"""


def rows(connection: Connection, period_id: str, organization_id: str | None) -> list[OverviewRow]:
    """Return the rows ordered by name. An organisation that is being erased has none.

    Args:
        connection: A transaction.
        period_id: The period.
        organization_id: Only this organisation; None for all.
    """
    parameters = {"period": period_id, "organization": organization_id, "kostra_15f": KOSTRA_15F_DATA_SOURCE}
    result = connection.execute(_ROWS, parameters).fetchall()
    return [OverviewRow(*row) for row in result]


def periods(connection: Connection) -> list[str]:
    """Return the ids of all periods with a snapshot, newest first."""
    return [
        row[0]
        for row in connection.execute(
            "SELECT period_id FROM snapshot GROUP BY period_id ORDER BY max(period_order) DESC"
        ).fetchall()
    ]
