"""Settling: after any change of an organisation's snapshots, jobs, sources, figures or name, in the same transaction, brings what follows
from it up to date (statuses, cache flags, documents), and writes an event for each document that changed by another's doing.

So a document is rendered in the transaction that changes what it shows (contract 2d), whoever changed it.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from preview.core.clock import now, timestamp
from preview.core.periods import Period
from preview.events.log import CacheInvalidated, DataUpdated, SnapshotUpdated, record
from preview.form.catalogue import Catalogue
from preview.form.sources import Choice, Source, choose
from preview.model.resources import Value, snapshot_id
from preview.reports.deviation_check import Side, judge, rows_by_severity
from preview.reports.rendering import render, shown, shown_in
from preview.reports.status import MOVES, Standing, derive
from preview.storage import figures, jobs, meta, organizations, snapshots
from preview.storage.database import Connection, Database
from preview.storage.jobs import JobRow
from preview.storage.organizations import KildeRow
from preview.storage.snapshots import SnapshotRow

SOURCE_CHANGED = "source_changed"
_SHAPE = "document_shape"


class _Shown(msgspec.Struct, frozen=True, array_like=True):
    """What a document shows besides its own values: when any of it differs, the document is rendered anew."""

    name: str
    status: str
    cache_valid: bool
    completion: int
    prior: int | None
    prior_completion: int
    prior_aggregated_at: str | None


def source_of(row: KildeRow) -> Source:
    """The row as the form's rules see it."""
    return Source(
        kilde=row.kilde,
        format=row.format,  # pyright: ignore[reportArgumentType]  (the column's CHECK)
        year=row.aar,
        versjon=row.versjon,
        forste_uttrekk=row.forste_uttrekk,
        siste_uttrekk=row.siste_uttrekk,
        siste_fulle=row.siste_fulle,
        fagsystem=row.fagsystem,
    )


@dataclass(frozen=True)
class Reading:
    """What an aggregation of a period would read now; `stamp` changes whenever that changes (`domain.md` 1.12)."""

    choice: Choice
    stamp: str
    being_read: bool


def reading(rows: list[KildeRow], figure_versions: dict[str, int], period: Period) -> Reading | None:
    """None where the organisation has no data for the period (`domain.md` 5.3).

    It is being read where the source of the period is (contract S5): half a delivery can make another the one to choose only by changing
    that one.
    """
    choice = choose([source_of(row) for row in rows], period)
    if choice is None:
        return None
    stamp = f"{choice.source.kilde}:{choice.source.versjon}:{figure_versions.get(str(period), 0)}"
    return Reading(choice, stamp, any(row.being_read for row in rows if row.kilde == choice.source.kilde))


def reading_now(connection: Connection, organization_id: str, period: Period) -> Reading | None:
    """`reading`, of what the store holds."""
    return reading(organizations.kilder(connection, organization_id), figures.versions(connection, organization_id), period)


@dataclass(frozen=True)
class Form:
    """What shapes every document: the catalogue, and whether small counts are hidden (`domain.md` 8)."""

    catalogue: Catalogue
    suppress: bool


def settle(connection: Connection, form: Form, organization_id: str, *, own: Collection[int] = ()) -> None:
    """`own` are snapshots whose change the caller's own event tells: no event is added for what that says of them."""
    rows = snapshots.of_organization(connection, organization_id)
    if not rows:
        return
    organization = organizations.organization(connection, organization_id)
    assert organization is not None
    kilder = organizations.kilder(connection, organization_id)
    versions = figures.versions(connection, organization_id)
    periods = {row.period_id: Period.parse(row.period_id) for row in rows}
    readings = {period_id: reading(kilder, versions, period) for period_id, period in periods.items()}
    open_jobs: dict[int, list[JobRow]] = {}
    for job in jobs.open_of_organization(connection, organization_id):
        open_jobs.setdefault(job.snapshot, []).append(job)
    stamps = {period_id: None if each is None or each.being_read else each.stamp for period_id, each in readings.items()}
    standings = derive(rows, open_jobs, stamps, {period_id: str(period.prior) for period_id, period in periods.items()})
    # Who stops being current gives way before another becomes it (index one_current).
    for row in sorted(rows, key=lambda each: standings[each.snapshot].status == "current"):
        _settle_one(connection, form, row, organization.organization_name, standings[row.snapshot], own=row.snapshot in own)


def _settle_one(connection: Connection, form: Form, row: SnapshotRow, name: str, standing: Standing, *, own: bool) -> None:
    prior = standing.prior
    new = _Shown(
        name,
        standing.status,
        standing.cache_valid,
        row.completion,
        prior.snapshot if prior else None,
        prior.completion if prior else 0,
        prior.aggregated_at if prior else None,
    )
    old = msgspec.json.decode(row.rendered_from, type=_Shown) if row.rendered_from else None
    if new == old:
        return
    if row.snapshot_status != standing.status:
        assert standing.status in MOVES[row.snapshot_status], f"{row.snapshot_status} -> {standing.status}"
    snapshots.set_status(connection, row.snapshot, standing.status, standing.cache_valid)
    values = snapshots.values(connection, row.snapshot)
    prior_values = snapshots.values(connection, prior.snapshot) if prior else {}
    before = snapshots.document(connection, row.snapshot)
    body, etag = render(form.catalogue, row, name, standing, values, prior_values, suppress=form.suppress)
    populated = sum(value is not None for value in shown(form.catalogue, values, form.suppress).values())
    snapshots.put_document(connection, row.snapshot, body, etag, msgspec.json.encode(new).decode(), populated)
    sides = [
        Side.of(form.catalogue, form.suppress, each, facts)
        for each, facts in ((values, row.facts), (prior_values, prior.facts if prior else None))
    ]
    snapshots.put_deviations(connection, row.snapshot, rows_by_severity(judge(form.catalogue, Period.parse(row.period_id), *sides)))
    if before is None:
        return
    was, now_shown = shown_in(before[0]), shown_in(body)
    changed: list[str] = []
    if old is None:  # forgotten, as the form or a setting has changed (render_anew): own values may look otherwise too
        changed = [key for key, pair in now_shown.items() if was.get(key) != pair]
    elif (old.prior, old.prior_completion) != (new.prior, new.prior_completion):
        changed = [key for key, (_, value) in now_shown.items() if was.get(key, (None, None))[1] != value]
    _tell(connection, form.catalogue, row, old or new, new, changed, own=own)


def _tell(
    connection: Connection, catalogue: Catalogue, row: SnapshotRow, old: _Shown, new: _Shown, changed_fields: list[str], *, own: bool
) -> None:
    at = timestamp(now())
    place = {"snapshot_id": snapshot_id(row.snapshot), "organization_id": row.organization_id, "period_id": row.period_id}
    if changed_fields:
        record(connection, data_updated(catalogue, changed_fields, place, at), row.snapshot)
    if old.cache_valid and not new.cache_valid and not own:
        record(connection, CacheInvalidated(**place, reason=SOURCE_CHANGED, invalidated_at=at), row.snapshot)
    changed = {
        "organization_name": old.name != new.name,
        "snapshot_status": old.status != new.status and not own,
        "cache_valid": new.cache_valid and not old.cache_valid and not own,
        "prior_period": (old.prior, old.prior_aggregated_at) != (new.prior, new.prior_aggregated_at) and not changed_fields,
    }
    if keys := [key for key, differs in changed.items() if differs]:
        record(connection, SnapshotUpdated(**place, changed_keys=keys, updated_at=at), row.snapshot)


def data_updated(catalogue: Catalogue, keys: Collection[str], place: dict[str, str], at: str) -> DataUpdated:
    """Of these fields and their sections, in form order (contract 6a)."""
    fields = [field for field in catalogue.fields if field.field_key in keys]
    sections = [section.section_id for section in catalogue.sections if any(field.section_id == section.section_id for field in fields)]
    return DataUpdated(**place, changed_sections=sections, changed_field_keys=[field.field_key for field in fields], updated_at=at)


def changed_keys(catalogue: Catalogue, before: dict[str, Value], after: dict[str, Value]) -> list[str]:
    """Fields whose values differ, in form order."""
    return [field.field_key for field in catalogue.fields if before.get(field.field_key) != after.get(field.field_key)]


def render_anew(database: Database, form: Form) -> None:
    """At start: where the form, or a setting that shapes documents, has changed since the last one, renders every document."""

    def work(connection: Connection) -> None:
        rules = hashlib.sha256(msgspec.json.encode(form.catalogue.rules)).hexdigest()
        shape = f"{form.catalogue.fingerprint}:{rules}:{int(form.suppress)}"
        if meta.get(connection, _SHAPE) == shape:
            return
        meta.put(connection, _SHAPE, shape)
        snapshots.forget_rendering(connection)
        for organization_id in snapshots.organizations_with_snapshots(connection):
            settle(connection, form, organization_id)

    database.write(work)
