"""Enqueue automatic aggregations: of stale snapshots, and of open periods without one (rule S6, docs/api.md)."""

from collections.abc import Sequence
from datetime import timedelta

from preview.core.periods import Period
from preview.form.sources import extract_day
from preview.reports.aggregation_input import current_input
from preview.reports.job_queue import enqueue
from preview.reports.reconcile import ReportConfig, reconcile
from preview.reports.snapshots import create_snapshot
from preview.reports.status import latest_completed_by_period
from preview.storage import jobs, snapshots
from preview.storage.database import Connection

FIRST_SNAPSHOT_DELAY = timedelta(days=31)
"""Time from a period's first day to the earliest extract time from which its first snapshot is made automatically: a
correction of last year's cases, sent in January, must not open a report of the new year.
"""


def schedule_automatic_aggregations(
    connection: Connection, report_config: ReportConfig, organization_id: str, open_periods: Sequence[Period]
) -> None:
    """Enqueue the automatic jobs of an organisation whose source has changed (rule S6), in the caller's transaction.

    Args:
        connection: The caller's write transaction.
        report_config: What shapes the documents.
        organization_id: The organisation.
        open_periods: Periods that get a first snapshot once there is source data for them that reach
            `FIRST_SNAPSHOT_DELAY` into the period.
    """
    rows = snapshots.list_for_organization(connection, organization_id)
    for row in latest_completed_by_period(rows).values():
        aggregation_input = current_input(connection, organization_id, Period.parse(row.period_id))
        open_jobs = jobs.list_open_for_snapshot(connection, row.snapshot)
        latest_job = jobs.latest_for_snapshot(connection, row.snapshot)
        if (
            aggregation_input is None
            or aggregation_input.input_version == row.input_version
            or any(
                job.job_status == "waiting" or job.input_version == aggregation_input.input_version for job in open_jobs
            )
        ):
            continue
        if (
            latest_job is not None
            and latest_job.job_status == "failed"
            and latest_job.input_version == aggregation_input.input_version
        ):
            continue  # a failed aggregation is not repeated until the source changes again
        enqueue(connection, row.snapshot, organization_id, row.period_id, actor="auto", reason=None, automatic=True)
    existing_periods = {row.period_id for row in rows} | snapshots.deleted_periods(connection, organization_id)
    for period in open_periods:
        if str(period) not in existing_periods and _has_begun(connection, organization_id, period):
            create_snapshot(connection, report_config, organization_id, period, "auto", automatic=True)
    reconcile(connection, report_config, organization_id)


def _has_begun(connection: Connection, organization_id: str, period: Period) -> bool:
    """Return whether the organisation's data reach far enough into a period for its first snapshot."""
    aggregation_input = current_input(connection, organization_id, period)
    extracted_on = extract_day(aggregation_input.selection.source) if aggregation_input else None
    return extracted_on is not None and extracted_on >= period.first_day + FIRST_SNAPSHOT_DELAY
