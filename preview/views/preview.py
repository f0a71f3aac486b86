"""The view-model of the preview: one organisation and period as a person sees it, current beside compared, with what deviates.

Free of language and layout: one `Preview` feeds the page's HTML, its live cells and later its exports, so they cannot disagree.
"""

from typing import NamedTuple

import msgspec

from preview.core.clock import today
from preview.core.errors import NotFound
from preview.core.periods import Period
from preview.form.numbers import exact, whole_per_cent
from preview.form.rules.base import Deviation
from preview.form.sources import extract_day
from preview.ingest.deliveries import DeliveryView, delivered_of
from preview.model.resources import JobDocument, SnapshotStatus, SourceDocument, Value, snapshot_id
from preview.reports.deviation_check import NOTHING, ReadFacts, Side, judge
from preview.reports.job_queue import job_document
from preview.reports.organizations import sources_of
from preview.reports.reconcile import Form, reading_now, source_of
from preview.reports.status import newest_completed
from preview.storage import events, jobs, organizations, snapshots
from preview.storage.database import Connection, Database
from preview.storage.snapshots import SnapshotRow

_NEWEST_DELIVERIES = 5


class SnapshotView(msgspec.Struct, frozen=True):
    """Where a snapshot stands. `populated` counts the fields with a value that is shown."""

    snapshot_id: str
    status: SnapshotStatus
    cache_valid: bool
    aggregated_at: str | None
    populated: int
    etag: str


class SourceView(msgspec.Struct, frozen=True):
    """What the values were read from. `extract_day` is an ISO day."""

    data_source: str
    case_system: str
    extract_day: str
    case_count: int
    findings: int
    ufullstendig: bool


class Row(msgspec.Struct, frozen=True):
    """A field of the form. `change` is in the field's unit; `percent` whole per cent, None for shares and where the compared value is 0 or null.

    `hidden` and `compared_hidden` say that the value is there and not shown (`domain.md` 8). Deviations are worst first.
    """

    number: int
    field_key: str
    section_id: str
    unit: str
    part_of: int | None
    value: Value
    hidden: bool
    compared_value: Value
    compared_hidden: bool
    data_source: str | None
    change: Value
    percent: int | None
    deviations: list[Deviation]


class Past(NamedTuple):
    """A field in the newest completed snapshot of a period."""

    period_id: str
    value: Value
    hidden: bool = False


class Preview(msgspec.Struct, frozen=True):
    """What a page shows. `place` is the place in the event log that it reflects.

    `snapshot` is the newest completed one of the period, or the newest where none has completed; `newer` a newer one that runs or failed.
    `job` is the one that runs or waits for either, or else its last where that failed. `periods` have a snapshot, newest first.
    `held` is all that is held of the organisation, whatever the values are of; `deliveries` are its newest.
    """

    place: int
    organization_id: str
    organization_name: str
    number: str
    period_id: str
    compare_period_id: str
    periods: list[str]
    snapshot: SnapshotView | None
    newer: SnapshotView | None
    compared: SnapshotView | None
    job: JobDocument | None
    rows: list[Row]
    source: SourceView | None
    has_source: bool
    held: list[SourceDocument]
    deliveries: list[DeliveryView]


class Previews:
    """All methods block: call them on a thread."""

    def __init__(self, database: Database, form: Form) -> None:
        self._database = database
        self._form = form

    def read(self, organization_id: str, period_id: str | None = None, compare: str | None = None) -> Preview:
        """Without a period, the organisation's newest; compared with the prior period where no other is named.

        Raises `NotFound` for an unknown organisation, `Invalid` for what is no period.
        """
        asked = Period.parse(period_id) if period_id is not None else None
        against = Period.parse(compare, "/compare") if compare is not None else None
        return self._database.read(lambda connection: self._read(connection, organization_id, asked, against))

    def history(self, organization_id: str) -> dict[str, list[Past]]:
        """By field key, of every period with a completed snapshot, oldest first; hidden values are null."""

        def work(connection: Connection) -> dict[str, list[Past]]:
            completed = newest_completed(snapshots.of_organization(connection, organization_id))
            sides = {period_id: self._side(connection, row) for period_id, row in reversed(completed.items())}
            return {
                key: [Past(period_id, side.shown(key), key in side.hidden) for period_id, side in sides.items()]
                for key in (field.field_key for field in self._form.catalogue.fields)
            }

        return self._database.read(work)

    def _read(self, connection: Connection, organization_id: str, asked: Period | None, against: Period | None) -> Preview:
        organization = organizations.organization(connection, organization_id)
        if organization is None:
            raise NotFound("There is no such organisation.")
        rows = snapshots.of_organization(connection, organization_id)
        completed = newest_completed(rows)
        period = asked or _default_period(connection, organization_id, rows, completed)
        compare = against or period.prior
        of_period = [row for row in rows if row.period_id == str(period)]
        shown = completed.get(str(period)) or next(iter(of_period), None)
        newer = of_period[0] if shown is not None and of_period[0].snapshot > shown.snapshot else None
        side = self._side(connection, shown)
        beside = completed.get(str(compare))
        compared = self._side(connection, beside)
        prior = compared if compare == period.prior else self._side(connection, completed.get(str(period.prior)))
        return Preview(
            place=events.newest(connection),
            organization_id=organization_id,
            organization_name=organization.organization_name,
            number=organization.organisasjonsnummer + (f"-{organization.bydelsnummer}" if organization.bydelsnummer else ""),
            period_id=str(period),
            compare_period_id=str(compare),
            periods=list(dict.fromkeys(row.period_id for row in rows)),
            snapshot=_view(shown),
            newer=_view(newer),
            compared=_view(beside),
            job=_job(connection, newer, shown),
            rows=self._rows(period, side, compared, prior),
            source=_source(side.facts),
            has_source=reading_now(connection, organization_id, period) is not None,
            held=sources_of(connection, organization_id),
            deliveries=delivered_of(connection, organization_id, _NEWEST_DELIVERIES),
        )

    def _side(self, connection: Connection, row: SnapshotRow | None) -> Side:
        if row is None or not row.completion:
            return NOTHING
        return Side.of(self._form.catalogue, self._form.suppress, snapshots.values(connection, row.snapshot), row.facts)

    def _rows(self, period: Period, side: Side, compared: Side, prior: Side) -> list[Row]:
        deviations: dict[str, list[Deviation]] = {}
        for deviation in judge(self._form.catalogue, period, side, prior):
            deviations.setdefault(deviation.field_key, []).append(deviation)
        rows: list[Row] = []
        for field in self._form.catalogue.fields:
            key = field.field_key
            value, before = side.shown(key), compared.shown(key)
            change, percent = difference(value, before, field.unit)
            rows.append(
                Row(
                    number=field.number,
                    field_key=key,
                    section_id=field.section_id,
                    unit=field.unit,
                    part_of=field.part_of,
                    value=value,
                    hidden=key in side.hidden,
                    compared_value=before,
                    compared_hidden=key in compared.hidden,
                    data_source=side.sources.get(key),
                    change=change,
                    percent=percent,
                    deviations=deviations.get(key, []),
                )
            )
        return rows


def difference(value: Value, before: Value, unit: str) -> tuple[Value, int | None]:
    """(change in the unit, whole per cent of what was before); shares have no per cent of a per cent."""
    if value is None or before is None:
        return None, None
    change = exact(value) - exact(before)
    percent = None if unit == "prosent" or not before else whole_per_cent(change, exact(before))
    return (int(change) if unit == "antall" else float(change)), percent


def _default_period(connection: Connection, organization_id: str, rows: list[SnapshotRow], completed: dict[str, SnapshotRow]) -> Period:
    """The newest with a completed snapshot, else the newest asked for, else that of the newest data, else this year."""
    newest = next(iter(completed), None) or next((row.period_id for row in rows), None)
    if newest is not None:
        return Period.parse(newest)
    extracts = [day for row in organizations.kilder(connection, organization_id) if (day := extract_day(source_of(row)))]
    return Period(max(extracts, default=today()).year)


def _source(facts: ReadFacts | None) -> SourceView | None:
    if facts is None:
        return None
    return SourceView(facts.data_source, facts.fagsystem, facts.extract_day, facts.case_count, facts.funn, facts.ufullstendig)


def _view(row: SnapshotRow | None) -> SnapshotView | None:
    if row is None:
        return None
    status: SnapshotStatus = row.snapshot_status  # pyright: ignore[reportAssignmentType]  (a key of MOVES)
    return SnapshotView(snapshot_id(row.snapshot), status, bool(row.cache_valid), row.aggregated_at, row.populated, row.etag or "")


def _job(connection: Connection, newer: SnapshotRow | None, shown: SnapshotRow | None) -> JobDocument | None:
    """What runs or waits, of the newer snapshot first; or else the last where it failed."""
    candidates = [row for row in (newer, shown) if row is not None]
    for row in candidates:
        if open_jobs := jobs.open_of_snapshot(connection, row.snapshot):
            return job_document(open_jobs[0])
    for row in candidates:
        last = jobs.last_of_snapshot(connection, row.snapshot)
        if last is not None and last.job_status == "failed":
            return job_document(last)
    return None
