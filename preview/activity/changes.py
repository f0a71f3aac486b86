"""Read what has changed in a report since then: field by field, when, by which deliveries (rule A3, docs/api.md)."""

from collections.abc import Mapping
from dataclasses import dataclass

from preview.activity.since import Since, SinceApproval, SinceEvent, SinceSnapshot, SinceTime, invalid_since
from preview.core.errors import Gone, NotFound
from preview.core.ids import format_delivery_id, format_job_id, format_snapshot_id
from preview.form.suppression import suppressed_fields
from preview.model.activity import FieldChange, FieldChangeRow, ReportChanges
from preview.model.resources import Value
from preview.reports.reconcile import ReportConfig
from preview.reports.review_states import approved_values, own_values
from preview.storage import audit, events, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database
from preview.storage.history import activity, lineage
from preview.storage.removal.erasure import is_being_erased
from preview.storage.reviews import approvals, states


@dataclass(frozen=True)
class _Then:
    """The values of a report at an earlier point, and the event that it is after, if that is known."""

    values: Mapping[str, Value]
    event_id: int | None


@dataclass(frozen=True)
class Compared:
    """The values of a report then and now, by field key.

    Attributes:
        snapshot: Number of the snapshot that the report shows.
        event_id: The event that the values then are after, if that is known.
        withheld_then: The keys of the values then that must not be shown (domain 8).
        withheld_now: The same of the present ones.
    """

    snapshot: int
    event_id: int | None
    then: Mapping[str, Value]
    now: Mapping[str, Value]
    withheld_then: frozenset[str]
    withheld_now: frozenset[str]

    def before(self, key: str) -> Value:
        """Return the value then, None if it must not be shown."""
        return None if key in self.withheld_then else self.then.get(key)

    def after(self, key: str) -> Value:
        """Return the present value, None if it must not be shown."""
        return None if key in self.withheld_now else self.now.get(key)

    @property
    def changed_keys(self) -> list[str]:
        """The fields whose visible values differ, in form order."""
        return [key for key in self.now if self.before(key) != self.after(key)]

    def has_changed(self, key: str) -> bool:
        """Whether the value is another one. One may only be withheld, or no longer be, because others have changed."""
        return self.then.get(key) != self.now.get(key)


class ChangesQuery:
    """Read access to changes of reports. All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def get(self, organization_id: str, period_id: str, since: Since) -> tuple[ReportChanges, int]:
        """Return the fields of a report whose values then and now differ.

        The values of a report are those of the newest completed snapshot of an organisation and period.

        Args:
            organization_id: The organisation.
            period_id: The period.
            since: From where on changes count.

        Returns:
            The changes, and the log position that they reflect.

        Raises:
            NotFound: If the report has no completed snapshot, or no approval in force.
            ValidationError: If `since` names an event that has not happened, or no completed snapshot of the report.
            Gone: If the audit trail no longer reaches back.
        """

        def load(connection: Connection) -> tuple[ReportChanges, int]:
            compared = self.compare(connection, organization_id, period_id, since)
            changes = ReportChanges(
                organization_id=organization_id,
                period_id=period_id,
                snapshot_id=format_snapshot_id(compared.snapshot),
                since_event_id=compared.event_id,
                fields=_changed_fields(connection, (organization_id, period_id), compared),
            )
            return changes, events.last_event_id(connection)

        return self._database.read(load)

    def compare(self, connection: Connection, organization_id: str, period_id: str, since: Since) -> "Compared":
        """Return the values of a report then and now, in a transaction of the caller, as `get`."""
        report = states.find(connection, organization_id, period_id)
        if report is None or is_being_erased(connection, organization_id):
            raise NotFound("The report has no completed snapshot.")
        present = own_values(connection, self._report_config.catalogue, report.snapshot)
        then = self._then(connection, (organization_id, period_id), since, present)
        return Compared(
            report.snapshot, then.event_id, then.values, present, self._withheld(then.values), self._withheld(present)
        )

    def _then(
        self, connection: Connection, report: tuple[str, str], since: Since, present: Mapping[str, Value]
    ) -> _Then:
        match since:
            case SinceApproval():
                return _approved(connection, *report)
            case SinceSnapshot(number):
                return self._snapshot(connection, report, number, present)
            case SinceTime() | SinceEvent():
                event_id = event_of(connection, since)
        return _Then(activity.values_at(connection, *report, event_id, present), event_id)

    def _snapshot(
        self, connection: Connection, report: tuple[str, str], number: int, present: Mapping[str, Value]
    ) -> _Then:
        """Return what a snapshot of the report shows, or, where it was deleted, what it showed last."""
        row = snapshots.snapshot(connection, number)
        event_id = activity.completion_event(connection, *report, number)
        if row is not None and (row.organization_id, row.period_id) == report and row.completion:
            return _Then(own_values(connection, self._report_config.catalogue, number), event_id)
        if row is not None or event_id is None:
            raise invalid_since("must be a completed snapshot of the report")
        _check_coverage(connection, event_id)
        return _Then(activity.values_at(connection, *report, event_id, present), event_id)

    def _withheld(self, values: Mapping[str, Value]) -> frozenset[str]:
        is_suppressed = self._report_config.suppress
        return suppressed_fields(self._report_config.catalogue, dict(values)) if is_suppressed else frozenset()


def csv_rows(changes: ReportChanges) -> list[FieldChangeRow]:
    """Return the changes as rows of CSV, a row a field."""
    return [
        FieldChangeRow(
            organization_id=changes.organization_id,
            period_id=changes.period_id,
            field_key=field.field_key,
            before=field.before,
            after=field.after,
            changed_at=field.changed_at,
            job_id=field.job_id,
            delivery_ids=" ".join(field.delivery_ids) if field.delivery_ids is not None else None,
        )
        for field in changes.fields
    ]


def _changed_fields(connection: Connection, report: tuple[str, str], compared: Compared) -> list[FieldChange]:
    changed = compared.changed_keys
    newest = activity.newest_changes(connection, *report, [key for key in changed if compared.has_changed(key)])
    deliveries = lineage.deliveries_of(connection, {row.job for row in newest.values() if row.job is not None})
    return [
        _field_change(key, compared.before(key), compared.after(key), newest.get(key), deliveries) for key in changed
    ]


def _approved(connection: Connection, organization_id: str, period_id: str) -> _Then:
    approval = approvals.in_force(connection, organization_id).get(period_id)
    if approval is None:
        raise NotFound("The report has no approval in force.")
    event_id = activity.approval_event(connection, approval.snapshot, approval.approved_at)
    return _Then(approved_values(approval), event_id)


def event_of(connection: Connection, since: SinceTime | SinceEvent) -> int:
    """Return the id of the event after which changes count.

    Raises:
        ValidationError: If it has not happened.
        Gone: If the audit trail no longer reaches back.
    """
    event_id = _event_at(connection, since.at) if isinstance(since, SinceTime) else since.event_id
    if event_id > events.last_event_id(connection):
        raise invalid_since("is an event that has not happened")
    _check_coverage(connection, event_id)
    return event_id


def _check_coverage(connection: Connection, event_id: int) -> None:
    if event_id < audit.coverage(connection).event:
        raise Gone("The audit trail no longer reaches back that far. Choose a later point.")


def _event_at(connection: Connection, at: str) -> int:
    """Return the id of the newest event at or before a time."""
    coverage = audit.coverage(connection)
    newest = activity.newest_event_at(connection, at)
    return max(newest, coverage.event) if at >= coverage.at else newest


def _field_change(
    key: str, before: Value, after: Value, newest: AuditRow | None, deliveries: dict[int, list[int]]
) -> FieldChange:
    numbers = None if newest is None else [] if newest.job is None else deliveries.get(newest.job)
    return FieldChange(
        field_key=key,
        before=before,
        after=after,
        changed_at=newest.at if newest else None,
        job_id=format_job_id(newest.job) if newest and newest.job is not None else None,
        delivery_ids=None if numbers is None else [format_delivery_id(number) for number in numbers],
    )
