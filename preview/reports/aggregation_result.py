"""Compute the values of a snapshot, and store them with their events and audit rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import msgspec

from preview.core.ids import format_job_id
from preview.core.periods import Period
from preview.events.log import AggregationCompleted, record, snapshot_key
from preview.form.aggregation import Parameters, aggregate
from preview.form.sources import data_source, extract_day
from preview.model.resources import Value
from preview.reports.aggregation_input import AggregationInput
from preview.reports.deviation_check import AggregationMetadata
from preview.reports.reconcile import ReportConfig, changed_field_keys, data_updated_event
from preview.reports.rendering import visible_values
from preview.reports.status import latest_completed_by_period
from preview.storage import audit, figures, organizations, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection
from preview.storage.jobs import JobRow


@dataclass(frozen=True)
class AggregationResult:
    """Outcome of one aggregation.

    `input_version` identifies what was read (see `AggregationInput`); `values` holds (value, data source) by field key,
    auxiliary values too.
    """

    input_version: str
    values: dict[str, tuple[Value, str | None]]
    metadata: AggregationMetadata


def aggregate_values(
    connection: Connection,
    report_config: ReportConfig,
    organization_id: str,
    period: Period,
    aggregation_input: AggregationInput,
    on_progress: Callable[[float], None],
    *,
    until: date | None = None,
) -> AggregationResult:
    """Compute the 34 fields of an organisation and period over one read transaction.

    The catalogue's SQL gives the fields that cases supply; supplementary figures give the others.

    Args:
        connection: A read transaction.
        report_config: Catalogue with the SQL of each field.
        organization_id: The organisation.
        period: The period.
        aggregation_input: The selected source, as `current_input` gives it for this transaction.
        on_progress: Is called with the completed part, 0..1.
        until: The last day that counts, if it is not that of the period (rule 7.3).
    """
    source = aggregation_input.selection.source
    day = extract_day(source)
    assert day is not None  # a selected source has been read
    parameters = Parameters(
        source_id=source.source_id,
        format=source.format,
        year=source.year,
        first_day=period.first_day,
        last_day=until or period.last_day,
        extract_day=day,
    )
    source_name = data_source(source)
    computed = aggregate(connection, report_config.catalogue, parameters, on_progress)
    values: dict[str, tuple[Value, str | None]] = {key: (value, source_name) for key, value in computed.items()}
    for key, figure in figures.figures(connection, organization_id, str(period)).items():
        values[key] = figure
    metadata = AggregationMetadata(
        data_source=source_name,
        case_system=source.case_system,
        extract_at=source.last_extract_at,
        last_full_at=source.last_full_at,
        extract_day=day.isoformat(),
        is_incomplete=aggregation_input.selection.incomplete,
        findings=organizations.finding_count(connection, source.source_id),
        case_count=organizations.case_counts(connection, organization_id).get(source.source_id, 0),
    )
    return AggregationResult(aggregation_input.input_version, values, metadata)


def store_result(
    connection: Connection, report_config: ReportConfig, job: JobRow, result: AggregationResult, at: str
) -> None:
    """Store the values of a completed job with its events and audit rows, in the caller's transaction.

    `data_updated` lists the fields whose visible values differ from the snapshot's last ones, or, for a new snapshot,
    from those of the snapshot that it replaces.

    Args:
        connection: The caller's write transaction.
        report_config: What shapes the document.
        job: The job.
        result: What `aggregate_values` returned.
        at: Time of the completion, RFC 3339.
    """
    row = snapshots.snapshot(connection, job.snapshot)
    assert row is not None  # deleting a snapshot cancels its jobs
    old_values = snapshots.values(connection, job.snapshot)
    compared_values = old_values
    if not row.completion:
        replaced = latest_completed_by_period(
            snapshots.list_for_period(connection, row.organization_id, row.period_order)
        ).get(row.period_id)
        compared_values = snapshots.values(connection, replaced.snapshot) if replaced else {}
    new_visible = visible_values(report_config.catalogue, result.values, report_config.suppress)
    changed = changed_field_keys(
        report_config.catalogue,
        visible_values(report_config.catalogue, compared_values, report_config.suppress),
        new_visible,
    )
    snapshots.replace_values(connection, job.snapshot, result.values)
    snapshots.complete(
        connection, job.snapshot, at, result.input_version, msgspec.json.encode(result.metadata).decode()
    )
    if changed:
        record(connection, data_updated_event(report_config.catalogue, changed, snapshot_key(job), at), job.snapshot)
    record(
        connection,
        AggregationCompleted(**snapshot_key(job), job_id=format_job_id(job.job), aggregated_at=at),
        job.snapshot,
    )
    if row.completion:
        # The audit trail keeps each replaced value (rule 4a).
        audit.append(
            connection,
            [
                job_audit_row(
                    job,
                    at,
                    "replaced",
                    reason=job.reason,
                    field_key=key,
                    before=_value(old_values, key),
                    after=_value(result.values, key),
                )
                for key in (entry.key for entry in report_config.catalogue.entries)
                if _value(old_values, key) != _value(result.values, key)
            ],
        )


def job_audit_row(
    job: JobRow,
    at: str,
    action: str,
    *,
    reason: str | None = None,
    field_key: str | None = None,
    before: Value = None,
    after: Value = None,
) -> AuditRow:
    """Return an audit row of a job, by the actor that requested it."""
    return AuditRow(
        at=at,
        actor=job.requested_by,
        action=action,
        organization_id=job.organization_id,
        period_id=job.period_id,
        snapshot=job.snapshot,
        job=job.job,
        reason=reason,
        field_key=field_key,
        value_before=before,
        value_after=after,
    )


def _value(values: dict[str, tuple[Value, str | None]], key: str) -> Value:
    return values[key][0] if key in values else None
