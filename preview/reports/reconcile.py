"""Settling: after any change of an organisation's snapshots, jobs, sources, figures or name, in the same transaction, brings what follows
from it up to date (statuses, cache flags, documents), and writes an event for each document that changed by another's doing.

So a document is rendered in the transaction that changes what it shows (contract 2d), whoever changed it.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.ids import format_snapshot_id
from preview.core.periods import Period
from preview.events.log import CacheInvalidated, DataUpdated, SnapshotUpdated, record
from preview.form.catalogue import Catalogue
from preview.form.sources import Source, SourceSelection, select_source
from preview.model.resources import Value
from preview.reports.deviation_check import SnapshotValues, find_deviations, rows_by_severity
from preview.reports.rendering import parse_rendered_values, render, visible_values
from preview.reports.status import TRANSITIONS, DerivedStatus, derive_statuses
from preview.storage import figures, jobs, meta, organizations, snapshots
from preview.storage.database import Connection, Database
from preview.storage.jobs import JobRow
from preview.storage.organizations import SourceRow
from preview.storage.snapshots import SnapshotRow

SOURCE_CHANGED = "source_changed"
_CONFIG_FINGERPRINT_KEY = "document_shape"


class _DocumentState(msgspec.Struct, frozen=True, array_like=True):
    """What a document shows besides its own values: when any of it differs, the document is rendered anew."""

    name: str
    status: str
    cache_valid: bool
    completion: int
    prior: int | None
    prior_completion: int
    prior_aggregated_at: str | None


def source_from_row(row: SourceRow) -> Source:
    """The row as the form's rules see it."""
    return Source(
        source_id=row.source,
        format=row.format,  # pyright: ignore[reportArgumentType]  (the column's CHECK)
        year=row.year,
        version=row.version,
        first_extract_at=row.first_extract_at,
        last_extract_at=row.last_extract_at,
        last_full_at=row.last_full_at,
        case_system=row.case_system,
    )


@dataclass(frozen=True)
class AggregationInput:
    """What an aggregation of a period would read now; `input_version` changes whenever that changes (`domain.md` 1.12)."""

    selection: SourceSelection
    input_version: str
    is_importing: bool


def select_input(rows: list[SourceRow], figure_versions: dict[str, int], period: Period) -> AggregationInput | None:
    """None where the organisation has no data for the period (`domain.md` 5.3).

    It is being read where the source of the period is (contract S5): half a delivery can make another the one to choose only by changing
    that one.
    """
    selection = select_source([source_from_row(row) for row in rows], period)
    if selection is None:
        return None
    input_version = f"{selection.source.source_id}:{selection.source.version}:{figure_versions.get(str(period), 0)}"
    return AggregationInput(selection, input_version, any(row.is_importing for row in rows if row.source == selection.source.source_id))


def current_input(connection: Connection, organization_id: str, period: Period) -> AggregationInput | None:
    """`select_input`, of what the store holds."""
    return select_input(organizations.sources(connection, organization_id), figures.versions(connection, organization_id), period)


@dataclass(frozen=True)
class ReportConfig:
    """What shapes every document: the catalogue, and whether small counts are hidden (`domain.md` 8)."""

    catalogue: Catalogue
    suppress: bool


def reconcile(
    connection: Connection, report_config: ReportConfig, organization_id: str, *, initiated_by_caller: Collection[int] = ()
) -> None:
    """`initiated_by_caller` are snapshots whose change the caller's own event tells: no event is added for what that says of them."""
    rows = snapshots.list_for_organization(connection, organization_id)
    if not rows:
        return
    organization = organizations.organization(connection, organization_id)
    assert organization is not None
    sources = organizations.sources(connection, organization_id)
    figure_versions = figures.versions(connection, organization_id)
    periods = {row.period_id: Period.parse(row.period_id) for row in rows}
    inputs = {period_id: select_input(sources, figure_versions, period) for period_id, period in periods.items()}
    open_jobs: dict[int, list[JobRow]] = {}
    for job in jobs.list_open_for_organization(connection, organization_id):
        open_jobs.setdefault(job.snapshot, []).append(job)
    input_versions = {period_id: None if each is None or each.is_importing else each.input_version for period_id, each in inputs.items()}
    derived = derive_statuses(rows, open_jobs, input_versions, {period_id: str(period.prior) for period_id, period in periods.items()})
    # Who stops being current gives way before another becomes it (index one_current).
    for row in sorted(rows, key=lambda each: derived[each.snapshot].status == "current"):
        _reconcile_snapshot(
            connection,
            report_config,
            row,
            organization.organization_name,
            derived[row.snapshot],
            initiated_by_caller=row.snapshot in initiated_by_caller,
        )


def _reconcile_snapshot(
    connection: Connection, report_config: ReportConfig, row: SnapshotRow, name: str, derived: DerivedStatus, *, initiated_by_caller: bool
) -> None:
    prior = derived.prior
    new_state = _DocumentState(
        name,
        derived.status,
        derived.cache_valid,
        row.completion,
        prior.snapshot if prior else None,
        prior.completion if prior else 0,
        prior.aggregated_at if prior else None,
    )
    old_state = msgspec.json.decode(row.rendered_from, type=_DocumentState) if row.rendered_from else None
    if new_state == old_state:
        return
    if row.snapshot_status != derived.status:
        assert derived.status in TRANSITIONS[row.snapshot_status], f"{row.snapshot_status} -> {derived.status}"
    snapshots.set_status(connection, row.snapshot, derived.status, derived.cache_valid)
    values = snapshots.values(connection, row.snapshot)
    prior_values = snapshots.values(connection, prior.snapshot) if prior else {}
    old_document = snapshots.document(connection, row.snapshot)
    body, etag = render(report_config.catalogue, row, name, derived, values, prior_values, suppress=report_config.suppress)
    populated = sum(value is not None for value in visible_values(report_config.catalogue, values, report_config.suppress).values())
    snapshots.set_document(connection, row.snapshot, body, etag, msgspec.json.encode(new_state).decode(), populated)
    compared = [
        SnapshotValues.from_rows(report_config.catalogue, report_config.suppress, snapshot_values, facts)
        for snapshot_values, facts in ((values, row.facts), (prior_values, prior.facts if prior else None))
    ]
    snapshots.set_deviation_counts(
        connection, row.snapshot, rows_by_severity(find_deviations(report_config.catalogue, Period.parse(row.period_id), *compared))
    )
    if old_document is None:
        return
    old_values, new_values = parse_rendered_values(old_document[0]), parse_rendered_values(body)
    changed_fields: list[str] = []
    if old_state is None:  # forgotten, as the form or a setting has changed (rerender_if_config_changed): own values may look otherwise too
        changed_fields = [key for key, pair in new_values.items() if old_values.get(key) != pair]
    elif (old_state.prior, old_state.prior_completion) != (new_state.prior, new_state.prior_completion):
        changed_fields = [key for key, (_, value) in new_values.items() if old_values.get(key, (None, None))[1] != value]
    _append_change_events(
        connection, report_config.catalogue, row, old_state or new_state, new_state, changed_fields, initiated_by_caller=initiated_by_caller
    )


def _append_change_events(
    connection: Connection,
    catalogue: Catalogue,
    row: SnapshotRow,
    old_state: _DocumentState,
    new_state: _DocumentState,
    changed_fields: list[str],
    *,
    initiated_by_caller: bool,
) -> None:
    at = format_rfc3339(now())
    snapshot_key = {"snapshot_id": format_snapshot_id(row.snapshot), "organization_id": row.organization_id, "period_id": row.period_id}
    if changed_fields:
        record(connection, data_updated_event(catalogue, changed_fields, snapshot_key, at), row.snapshot)
    if old_state.cache_valid and not new_state.cache_valid and not initiated_by_caller:
        record(connection, CacheInvalidated(**snapshot_key, reason=SOURCE_CHANGED, invalidated_at=at), row.snapshot)
    changed = {
        "organization_name": old_state.name != new_state.name,
        "snapshot_status": old_state.status != new_state.status and not initiated_by_caller,
        "cache_valid": new_state.cache_valid and not old_state.cache_valid and not initiated_by_caller,
        "prior_period": (old_state.prior, old_state.prior_aggregated_at) != (new_state.prior, new_state.prior_aggregated_at)
        and not changed_fields,
    }
    if changed_keys := [key for key, differs in changed.items() if differs]:
        record(connection, SnapshotUpdated(**snapshot_key, changed_keys=changed_keys, updated_at=at), row.snapshot)


def data_updated_event(catalogue: Catalogue, keys: Collection[str], snapshot_key: dict[str, str], at: str) -> DataUpdated:
    """Of these fields and their sections, in form order (contract 6a)."""
    fields = [field for field in catalogue.fields if field.field_key in keys]
    sections = [section.section_id for section in catalogue.sections if any(field.section_id == section.section_id for field in fields)]
    return DataUpdated(**snapshot_key, changed_sections=sections, changed_field_keys=[field.field_key for field in fields], updated_at=at)


def changed_field_keys(catalogue: Catalogue, before: dict[str, Value], after: dict[str, Value]) -> list[str]:
    """Fields whose values differ, in form order."""
    return [field.field_key for field in catalogue.fields if before.get(field.field_key) != after.get(field.field_key)]


def rerender_if_config_changed(database: Database, report_config: ReportConfig) -> None:
    """At start: where the form, or a setting that shapes documents, has changed since the last one, renders every document."""

    def rerender(connection: Connection) -> None:
        rules_hash = hashlib.sha256(msgspec.json.encode(report_config.catalogue.rules)).hexdigest()
        fingerprint = f"{report_config.catalogue.fingerprint}:{rules_hash}:{int(report_config.suppress)}"
        if meta.get(connection, _CONFIG_FINGERPRINT_KEY) == fingerprint:
            return
        meta.put(connection, _CONFIG_FINGERPRINT_KEY, fingerprint)
        snapshots.invalidate_rendering(connection)
        for organization_id in snapshots.organizations_with_snapshots(connection):
            reconcile(connection, report_config, organization_id)

    database.write(rerender)
