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
from preview.reports.value_changes import value_rows
from preview.storage import audit, figures, organizations, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection
from preview.storage.history import lineage
from preview.storage.jobs import JobRow
from preview.storage.snapshots import SnapshotRow


@dataclass(frozen=True)
class AggregationResult:
    """Outcome of one aggregation.

    `input_version` identifies what was read (see `AggregationInput`); `values` holds (value, data source) by field key,
    auxiliary values too. `inputs` are those of `AggregationInput`.
    """

    input_version: str
    values: dict[str, tuple[Value, str | None]]
    metadata: AggregationMetadata
    inputs: dict[str, int]


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
    cases, findings = organizations.case_and_finding_count(connection, source.source_id)
    metadata = AggregationMetadata(
        data_source=source_name,
        case_system=source.case_system,
        extract_at=source.last_extract_at,
        last_full_at=source.last_full_at,
        extract_day=day.isoformat(),
        is_incomplete=aggregation_input.selection.incomplete,
        findings=findings,
        case_count=cases,
        inputs=aggregation_input.inputs,
    )
    return AggregationResult(aggregation_input.input_version, values, metadata, aggregation_input.inputs)


def store_result(
    connection: Connection, report_config: ReportConfig, job: JobRow, result: AggregationResult, at: str
) -> None:
    """Store the values of a completed job with its events, audit rows and lineage, in the caller's transaction.

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
    newest = latest_completed_by_period(
        snapshots.list_for_period(connection, row.organization_id, row.period_order)
    ).get(row.period_id)
    compared = row if row.completion else newest
    old_values = snapshots.values(connection, compared.snapshot) if compared else {}
    changed = changed_field_keys(
        report_config.catalogue,
        visible_values(report_config.catalogue, old_values, report_config.suppress),
        visible_values(report_config.catalogue, result.values, report_config.suppress),
    )
    lineage.set_spans(connection, job.job, job.organization_id, _read_since(connection, compared, result.inputs))
    snapshots.replace_values(connection, job.snapshot, result.values)
    snapshots.complete(
        connection, job.snapshot, at, result.input_version, msgspec.json.encode(result.metadata).decode()
    )
    if changed:
        record(connection, data_updated_event(report_config.catalogue, changed, snapshot_key(job), at), job.snapshot)
    completed = AggregationCompleted(**snapshot_key(job), job_id=format_job_id(job.job), aggregated_at=at)
    action = job_audit_row(job, at, "aggregated", event=record(connection, completed, job.snapshot), reason=job.reason)
    audit.append(connection, [action])
    is_newest = newest is None or newest.snapshot <= job.snapshot
    if row.completion or is_newest:
        # The audit trail keeps each replaced value (rule 4a), and every change of what a report shows (rule A3).
        value_action = "replaced" if row.completion else "introduced"
        value_row = msgspec.structs.replace(action, action=value_action, changes_report=int(is_newest))
        audit.append(connection, value_rows(report_config.catalogue, value_row, old_values, result.values))


def _read_since(
    connection: Connection, compared: SnapshotRow | None, inputs: dict[str, int]
) -> dict[str, tuple[int, int]] | None:
    """Return (version before, version read) by input since another completion; None if that is not known.

    Args:
        connection: A transaction.
        compared: The snapshot whose last completion it was; None for the first completion of a report.
        inputs: What has been read now.
    """
    before: dict[str, int] | None = {}
    if compared is not None:
        assert compared.facts is not None  # it has completed
        assert compared.input_version is not None
        before = msgspec.json.decode(compared.facts, type=AggregationMetadata).inputs
        if before is None:
            before = lineage.inputs_of_version(connection, compared.input_version, compared.period_id)
    if before is None:
        return None
    return {name: (before.get(name, 0), version) for name, version in inputs.items()}


def job_audit_row(
    job: JobRow,
    at: str,
    action: str,
    *,
    event: int,
    reason: str | None = None,
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
        event=event,
    )
