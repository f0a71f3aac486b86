"""Derive the state of each review from what is stored (rules R4 and R5, docs/api.md).

`reconcile` calls `update_reviews` at the end of every transaction that changed an organisation's data or decisions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.periods import Period
from preview.events.log import ReviewUpdated, record
from preview.form.catalogue import Catalogue
from preview.form.rules.base import Deviation, Severity
from preview.model.resources import Value
from preview.model.reviews import WHOLE_REPORT
from preview.reports.deviation_check import AggregationMetadata
from preview.reports.status import latest_completed_by_period
from preview.storage import audit, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection
from preview.storage.reviews import acknowledgements, approvals, states
from preview.storage.reviews.acknowledgements import AcknowledgementRow
from preview.storage.reviews.approvals import ApprovalRow
from preview.storage.reviews.states import ReviewRow
from preview.storage.snapshots import SnapshotRow

AUTOMATIC = "auto"
"""Actor of an event about a change that nobody has asked for."""


class StoredDeviation(msgspec.Struct, frozen=True, array_like=True):
    """A deviation as it is stored with its snapshot. The order of the fields must not change.

    `field_key` is `-` for one about the whole report. `named_values` is all that the deviation says: an acknowledgement
    holds as long as it stays the same.
    """

    rule_id: str
    severity: Severity
    field_key: str
    named_values: str

    @classmethod
    def of(cls, deviation: Deviation) -> "StoredDeviation":
        """Return a deviation in the form in which it is stored."""
        named_values = msgspec.json.encode((deviation.message, deviation.params), order="sorted").decode()
        field_key = WHOLE_REPORT if deviation.about_report else deviation.field_key
        return cls(deviation.rule_id, deviation.severity, field_key, named_values)

    @property
    def key(self) -> tuple[str, str]:
        """Rule and field, which no other deviation of the report has."""
        return self.rule_id, self.field_key


@dataclass(frozen=True)
class Decision:
    """What a person has changed: its row of the audit trail, and `changed` of the event that reports it."""

    entry: AuditRow
    changed: str


@dataclass(frozen=True)
class Report:
    """What the review of a report follows from: its newest completed snapshot, and what people have decided."""

    snapshot: SnapshotRow
    values: Mapping[str, Value]
    deviations: Sequence[StoredDeviation]
    approval: ApprovalRow | None
    acknowledgements: Sequence[AcknowledgementRow]


def update_reviews(
    connection: Connection,
    catalogue: Catalogue,
    organization_id: str,
    decision: Decision | None = None,
) -> None:
    """Bring the reviews of an organisation up to date, and append an event for each that a person or a value changed.

    Args:
        connection: The write transaction of the change; documents must be rendered.
        catalogue: The form.
        organization_id: The organisation.
        decision: What a person has changed; it gets exactly one event.
    """
    derived = {review.period_id: review for review in derive_reviews(connection, catalogue, organization_id)}
    stored = states.list_for_organization(connection, organization_id)
    for period_id in stored.keys() - derived.keys():
        states.delete(connection, organization_id, period_id)
    for period_id, review in derived.items():
        before = stored.get(period_id)
        if review != before:
            states.upsert(connection, review)
        if decision is not None and decision.entry.period_id == period_id:
            event = _record(connection, review, decision.entry.actor, decision.changed)
            audit.append(connection, [msgspec.structs.replace(decision.entry, event=event)])
        elif before is not None and _decided_state(before) != _decided_state(review):
            event = _record(connection, review, AUTOMATIC, "values")
            audit.append(connection, [review_audit_row(review, AUTOMATIC, "review_changed", event=event)])


def derive_reviews(connection: Connection, catalogue: Catalogue, organization_id: str) -> Iterable[ReviewRow]:
    """Yield the state that each review of an organisation must have, newest period first."""
    latest = latest_completed_by_period(snapshots.list_for_organization(connection, organization_id))
    if not latest:
        return
    in_force = approvals.in_force(connection, organization_id)
    acknowledged = acknowledgements.list_for_organization(connection, organization_id)
    for period_id, row in latest.items():
        approval = in_force.get(period_id)
        report = Report(
            row,
            own_values(connection, catalogue, row.snapshot) if approval else {},
            deviations_of(connection, row.snapshot),
            approval,
            [each for each in acknowledged if each.period_id == period_id],
        )
        yield derive_review(report)


def derive_review(report: Report) -> ReviewRow:
    """Return the state of a review. Pure."""
    row = report.snapshot
    changed = changed_values(report.values, report.approval)
    open_keys = unanswered(report.deviations, report.acknowledgements)
    return ReviewRow(
        organization_id=row.organization_id,
        period_id=row.period_id,
        period_order=row.period_order,
        snapshot=row.snapshot,
        review_status="open" if report.approval is None else "changed" if changed else "approved",
        provisional=int(is_provisional(row)),
        errors=sum(deviation.severity == "error" for deviation in report.deviations),
        open_warnings=len(open_keys),
        changed_values=msgspec.json.encode(changed).decode(),
        lapsed=msgspec.json.encode(lapsed(report.deviations, report.acknowledgements)).decode(),
    )


def is_provisional(row: SnapshotRow) -> bool:
    """Return whether the data of a completed snapshot end before its period does (rule P3)."""
    metadata = msgspec.json.decode(row.facts or "null", type=AggregationMetadata | None)
    return metadata is not None and Period.parse(row.period_id).is_provisional(metadata.extract_day)


def changed_values(values: Mapping[str, Value], approval: ApprovalRow | None) -> dict[str, Value]:
    """Return the values that differ from the approved ones, by field key in form order; none without an approval."""
    if approval is None:
        return {}
    approved = approved_values(approval)
    return {key: value for key, value in values.items() if value != approved.get(key)}


def approved_values(approval: ApprovalRow) -> dict[str, Value]:
    """Return the values that were approved, by field key."""
    return msgspec.json.decode(approval.field_values, type=dict[str, Value])


def unanswered(
    deviations: Sequence[StoredDeviation], acknowledged: Sequence[AcknowledgementRow]
) -> list[tuple[str, str]]:
    """Return rule and field of the warnings that have no acknowledgement that holds."""
    held = {(each.rule_id, each.field_key, each.named_values) for each in acknowledged}
    return [
        deviation.key
        for deviation in deviations
        if deviation.severity == "warning" and (*deviation.key, deviation.named_values) not in held
    ]


def lapsed(deviations: Sequence[StoredDeviation], acknowledged: Sequence[AcknowledgementRow]) -> list[tuple[str, str]]:
    """Return rule and field of the acknowledgements whose deviation says something else now, or is gone (rule R5)."""
    present = {(*deviation.key, deviation.named_values) for deviation in deviations}
    return [
        (each.rule_id, each.field_key)
        for each in acknowledged
        if (each.rule_id, each.field_key, each.named_values) not in present
    ]


def own_values(connection: Connection, catalogue: Catalogue, snapshot: int) -> dict[str, Value]:
    """Return the stored value of every field of a snapshot, in form order."""
    values = snapshots.values(connection, snapshot)
    return {
        field.field_key: values[field.field_key][0] if field.field_key in values else None for field in catalogue.fields
    }


def deviations_of(connection: Connection, snapshot: int) -> list[StoredDeviation]:
    """Return the deviations that are stored with a snapshot."""
    return msgspec.json.decode(snapshots.deviations(connection, snapshot), type=list[StoredDeviation])


def _decided_state(review: ReviewRow) -> tuple[str, str, str]:
    """Return what a change of values does to what people have decided."""
    return review.review_status, review.changed_values, review.lapsed


def review_audit_row(
    review: ReviewRow,
    actor: str,
    action: str,
    *,
    at: str | None = None,
    event: int | None = None,
    reason: str | None = None,
    field_key: str | None = None,
    rule_id: str | None = None,
) -> AuditRow:
    """Return the audit row of a change of a review, as of now if no time is given."""
    return AuditRow(
        at=at or format_rfc3339(now()),
        actor=actor,
        action=action,
        organization_id=review.organization_id,
        period_id=review.period_id,
        snapshot=review.snapshot,
        reason=reason,
        field_key=field_key,
        rule_id=rule_id,
        event=event,
    )


def _record(connection: Connection, review: ReviewRow, actor: str, changed: str) -> int:
    event = ReviewUpdated(
        organization_id=review.organization_id,
        period_id=review.period_id,
        review_status=review.review_status,
        changed=changed,
        actor=actor,
        updated_at=format_rfc3339(now()),
    )
    return record(connection, event)
