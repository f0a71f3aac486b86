"""Bring everything that is derived from an organisation's data up to date, in the transaction that changed the data.

The derived state is: status and cache flag of each snapshot (rules S1 to S5, docs/api.md), its rendered document with
ETag and counts (rule 2d), and the events for documents that changed as a side effect. Callers run `reconcile` after any
change of an organisation's snapshots, jobs, sources, figures or name.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.periods import Period
from preview.events.log import CacheInvalidated, DataUpdated, Event, SnapshotUpdated, record, snapshot_key
from preview.form.catalogue import Catalogue
from preview.model.resources import Value
from preview.reports.aggregation_input import select_input
from preview.reports.etag import compute_etag, is_etag_of
from preview.reports.rendering import DocumentState, SnapshotRendering, parse_rendered_values, render
from preview.reports.review_states import Decision, StoredDeviation, update_reviews
from preview.reports.status import DerivedStatus, check_transition, derive_statuses
from preview.storage import figures, jobs, meta, organizations, snapshots
from preview.storage.database import Connection, Database
from preview.storage.events import last_event_id
from preview.storage.jobs import JobRow
from preview.storage.organizations import SourceRow
from preview.storage.snapshots import SnapshotRow

SOURCE_CHANGED = "source_changed"
CONFIG_FINGERPRINT_KEY = "document_shape"


@dataclass(frozen=True)
class ReportConfig:
    """What shapes every document: the catalogue, and whether small counts are suppressed (rule 8, docs/domain.md)."""

    catalogue: Catalogue
    suppress: bool


@dataclass(frozen=True)
class PreviousDocument:
    """A snapshot's stored document; `state` is None if another configuration rendered it."""

    state: DocumentState | None
    body: bytes


def reconcile(
    connection: Connection,
    report_config: ReportConfig,
    organization_id: str,
    *,
    initiated_by_caller: Collection[int] = (),
    decision: Decision | None = None,
) -> None:
    """Recompute the derived state of an organisation's snapshots, and append an event for each side effect.

    Args:
        connection: The write transaction that made the change.
        report_config: What shapes the documents.
        organization_id: The organisation whose data changed.
        initiated_by_caller: Numbers of snapshots for which the caller appends an event of its own. Their changes of
            status and cache flag get no further event.
        decision: What a person has decided on a report in this transaction.

    Raises:
        IllegalTransition: If a snapshot would get a status that cannot follow its present one.
    """
    rows = snapshots.list_for_organization(connection, organization_id)
    if not rows:
        return
    organization = organizations.organization(connection, organization_id)
    assert organization is not None  # a snapshot references its organisation
    derived = derive(
        rows,
        jobs.list_open_for_organization(connection, organization_id),
        organizations.sources(connection, organization_id),
        figures.versions(connection, organization_id),
    )
    # A snapshot that stops being current is written before the next one becomes current (index one_current).
    for row in sorted(rows, key=lambda row: derived[row.snapshot].status == "current"):
        state = DocumentState.of_snapshot(row, organization.organization_name, derived[row.snapshot])
        previous_state = msgspec.json.decode(row.rendered_from, type=DocumentState) if row.rendered_from else None
        if state == previous_state and row.etag is not None:
            continue
        check_transition(row.snapshot_status, state.status)
        stored_document = snapshots.document(connection, row.snapshot)
        report = _render_stored(connection, report_config, row, state, derived[row.snapshot].prior)
        # Another configuration that renders the same bytes is no change of the snapshot.
        keeps_etag = previous_state is None and row.etag is not None and is_etag_of(row.etag, report.body)
        _store(connection, row.snapshot, report, row.etag if keeps_etag else None)
        if stored_document is None:  # rendered for the first time: the caller's event announces the snapshot
            continue
        for event in diff_events(
            report_config.catalogue,
            row,
            PreviousDocument(previous_state, stored_document[0]),
            report,
            format_rfc3339(now()),
            initiated_by_caller=row.snapshot in initiated_by_caller,
        ):
            record(connection, event, row.snapshot)
    update_reviews(connection, report_config.catalogue, organization_id, decision)


def derive(
    rows: Sequence[SnapshotRow],
    open_jobs: Sequence[JobRow],
    sources: Sequence[SourceRow],
    figure_versions: dict[str, int],
) -> dict[int, DerivedStatus]:
    """Derive status, cache flag and prior snapshot of each snapshot of one organisation, by snapshot number. Pure.

    Args:
        rows: Its snapshots in list order: newest period first, then newest snapshot.
        open_jobs: Its jobs that wait or run.
        sources: Its sources.
        figure_versions: Version of its supplementary figures by `period_id`.
    """
    periods = {row.period_id: Period.parse(row.period_id) for row in rows}
    jobs_by_snapshot: dict[int, list[JobRow]] = {}
    for job in open_jobs:
        jobs_by_snapshot.setdefault(job.snapshot, []).append(job)
    input_versions: dict[str, str | None] = {}
    for period_id, period in periods.items():
        period_input = select_input(sources, figure_versions, period)
        is_stable = period_input is not None and not period_input.is_importing
        input_versions[period_id] = period_input.input_version if period_input and is_stable else None
    prior_ids = {period_id: str(period.prior) for period_id, period in periods.items()}
    return derive_statuses(rows, jobs_by_snapshot, input_versions, prior_ids)


def diff_events(
    catalogue: Catalogue,
    row: SnapshotRow,
    before: PreviousDocument,
    after: SnapshotRendering,
    at: str,
    *,
    initiated_by_caller: bool,
) -> list[Event]:
    """Return the events for the difference between two renderings of a snapshot's document (rule 6). Pure.

    Args:
        catalogue: The form, for the order of fields and sections.
        row: The snapshot.
        before: The document that is replaced.
        after: The document that replaces it.
        at: Time of the change, RFC 3339.
        initiated_by_caller: Whether the caller appends its own event for the change of status and cache flag.
    """
    new = after.state
    old = before.state or new
    key = snapshot_key(row)
    events: list[Event] = []
    changed_fields = _changed_document_fields(before, after)
    if changed_fields:
        events.append(data_updated_event(catalogue, changed_fields, key, at))
    if old.cache_valid and not new.cache_valid and not initiated_by_caller:
        events.append(CacheInvalidated(**key, reason=SOURCE_CHANGED, invalidated_at=at))
    has_prior_changed = (old.prior, old.prior_aggregated_at) != (new.prior, new.prior_aggregated_at)
    changes = {
        "organization_name": old.name != new.name,
        "snapshot_status": old.status != new.status and not initiated_by_caller,
        "cache_valid": new.cache_valid and not old.cache_valid and not initiated_by_caller,
        "prior_period": has_prior_changed and not changed_fields,
    }
    if changed_keys := [name for name, has_changed in changes.items() if has_changed]:
        events.append(SnapshotUpdated(**key, changed_keys=changed_keys, updated_at=at))
    return events


def data_updated_event(catalogue: Catalogue, keys: Collection[str], key: dict[str, str], at: str) -> DataUpdated:
    """Return the event for changed values: fields and their sections in form order (rule 6a).

    Args:
        catalogue: The form.
        keys: Keys of the changed fields.
        key: The snapshot, as `snapshot_key` gives it.
        at: Time of the change, RFC 3339.
    """
    fields = [field for field in catalogue.fields if field.field_key in keys]
    changed_sections = {field.section_id for field in fields}
    return DataUpdated(
        **key,
        changed_sections=[
            section.section_id for section in catalogue.sections if section.section_id in changed_sections
        ],
        changed_field_keys=[field.field_key for field in fields],
        updated_at=at,
    )


def changed_field_keys(catalogue: Catalogue, before: dict[str, Value], after: dict[str, Value]) -> list[str]:
    """Return the keys of the fields whose values differ, in form order."""
    return [field.field_key for field in catalogue.fields if before.get(field.field_key) != after.get(field.field_key)]


def rerender_if_config_changed(database: Database, report_config: ReportConfig) -> None:
    """Render every document again if the form or a setting that shapes documents has changed since the last start."""
    catalogue = report_config.catalogue
    judged = [(each.counts_persons, each.accumulates, each.subset_of, each.components) for each in catalogue.fields]
    rules_hash = hashlib.sha256(msgspec.json.encode((catalogue.rules, judged))).hexdigest()
    fingerprint = f"{catalogue.fingerprint}:{rules_hash}:{int(report_config.suppress)}"

    def rerender(connection: Connection) -> None:
        if meta.get(connection, CONFIG_FINGERPRINT_KEY) == fingerprint:
            return
        meta.put(connection, CONFIG_FINGERPRINT_KEY, fingerprint)
        snapshots.invalidate_rendering(connection)
        for organization_id in snapshots.organizations_with_snapshots(connection):
            reconcile(connection, report_config, organization_id)

    database.write(rerender)


def _render_stored(
    connection: Connection,
    report_config: ReportConfig,
    row: SnapshotRow,
    state: DocumentState,
    prior: SnapshotRow | None,
) -> SnapshotRendering:
    values = snapshots.values(connection, row.snapshot)
    prior_values = snapshots.values(connection, prior.snapshot) if prior else {}
    return render(report_config.catalogue, row, state, prior, values, prior_values, suppress=report_config.suppress)


def _store(connection: Connection, number: int, report: SnapshotRendering, etag: str | None) -> None:
    """Store a rendering, with a new ETag if none is given."""
    snapshots.set_status(connection, number, report.state.status, report.state.cache_valid)
    rendered_from = msgspec.json.encode(report.state).decode()
    etag = etag or compute_etag(report.body, last_event_id(connection))
    snapshots.set_document(connection, number, report.body, etag, rendered_from, report.populated)
    snapshots.set_field_counts(connection, number, report.missing, report.deviation_counts)
    stored_deviations = [StoredDeviation.of(deviation) for deviation in report.deviations]
    snapshots.set_deviations(connection, number, msgspec.json.encode(stored_deviations).decode())


def _changed_document_fields(before: PreviousDocument, after: SnapshotRendering) -> list[str]:
    """Return the keys of the fields that show another value or prior value.

    A change of the snapshot's own values has an event of its job. They are compared here only where the document was
    rendered by another configuration, which may show the same stored values differently.
    """
    old, new = before.state, after.state
    if old is not None and (old.prior, old.prior_completion) == (new.prior, new.prior_completion):
        return []
    old_fields = parse_rendered_values(before.body)
    new_fields = parse_rendered_values(after.body)
    if old is None:
        return [key for key, shown in new_fields.items() if old_fields.get(key) != shown]
    return [key for key, (_, prior_value) in new_fields.items() if old_fields.get(key, (None, None))[1] != prior_value]
