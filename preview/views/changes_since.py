"""What has changed in a report since a chosen moment, as its page shows it (rule A3, docs/api.md)."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from preview.activity.changes import ChangesQuery
from preview.activity.last_changes import LastChange, read_last_changes
from preview.activity.moments import YESTERDAY, parse_moment
from preview.activity.since import Since, SinceApproval, SinceEvent, SinceSnapshot, SinceTime
from preview.core.clock import now
from preview.core.errors import Gone, NotFound, ValidationError
from preview.core.ids import format_snapshot_id
from preview.model.resources import Value
from preview.reports.reconcile import ReportConfig
from preview.storage.database import Connection
from preview.storage.snapshots import SnapshotRow
from preview.views.report_review import ReportReview

MomentKind = Literal["approval", "yesterday", "time", "snapshot", "event"]
Obstacle = Literal["", "gone", "not_approved", "invalid"]
"""Why nothing can be compared: the trail does not reach back, there is no approval in force, or it is no moment."""

_SNAPSHOT_LIMIT = 5


class Moment(msgspec.Struct, frozen=True):
    """The moment from which changes count.

    Attributes:
        kind: How it was chosen.
        at: Its time, RFC 3339; empty for an event.
        number: Number of the snapshot or event, 0 for none.
    """

    kind: MomentKind
    at: str = ""
    number: int = 0


class ValueThen(msgspec.Struct, frozen=True):
    """The value of a field at the moment; None without one, and if it is withheld."""

    value: Value
    is_withheld: bool = False


class OlderSnapshot(msgspec.Struct, frozen=True):
    """A snapshot of the report from which changes can be counted."""

    snapshot_id: str
    aggregated_at: str


class ChangesSince(msgspec.Struct, frozen=True):
    """What has changed in a report since a moment, and the newest change of each field.

    Attributes:
        requested: The moment as the address names it; empty for the usual one, which is the approval in force.
        moment: The moment; None without one, and where it is none.
        obstacle: Why nothing can be compared; empty if it can.
        before: The values then of the fields that have another one now, by key.
        last: The newest change of each field, by key.
        older: The snapshots from which changes can be counted, newest first.
    """

    requested: str = ""
    moment: Moment | None = None
    obstacle: Obstacle = ""
    before: Mapping[str, ValueThen] = {}
    last: Mapping[str, LastChange] = {}
    older: Sequence[OlderSnapshot] = ()


class ReportChangesQuery:
    """Reads what has changed in a report, in the transaction that reads the report itself."""

    def __init__(self, changes: ChangesQuery, report_config: ReportConfig) -> None:
        self._changes = changes
        self._report_config = report_config

    def read(
        self,
        connection: Connection,
        report: tuple[str, str],
        requested: str,
        review: ReportReview | None,
        snapshots: Sequence[SnapshotRow],
    ) -> ChangesSince:
        """Return what has changed since a moment.

        Args:
            connection: A transaction.
            report: Organisation and period.
            requested: The moment as the address names it; empty for the approval in force.
            review: The review of the report; None if it has never completed.
            snapshots: The snapshots of the report, newest first.
        """
        if review is None:
            return ChangesSince(requested)
        keys = [field.field_key for field in self._report_config.catalogue.fields]
        completed = [row for row in snapshots if row.completion]
        found = self._since(connection, report, requested, review, completed)
        return msgspec.structs.replace(
            found,
            last=read_last_changes(connection, *report, keys, suppress=self._report_config.suppress),
            older=[
                OlderSnapshot(format_snapshot_id(row.snapshot), row.aggregated_at)
                for row in completed[1 : _SNAPSHOT_LIMIT + 1]
                if row.aggregated_at
            ],
        )

    def _since(
        self,
        connection: Connection,
        report: tuple[str, str],
        requested: str,
        review: ReportReview,
        completed: Sequence[SnapshotRow],
    ) -> ChangesSince:
        approval = review.document.approval
        if not requested and approval is None:
            return ChangesSince()
        try:
            since = parse_moment(requested, now()) if requested else SinceApproval()
            compared = self._changes.compare(connection, *report, since)
        except Gone:
            return ChangesSince(requested, obstacle="gone")
        except NotFound:
            return ChangesSince(requested, obstacle="not_approved")
        except ValidationError:
            return ChangesSince(requested, obstacle="invalid")
        # Of an approval, the fields that the review names are the ones that have changed, withheld ones too.
        of_review = [each.field_key for each in review.document.changed_since_approval]
        changed = of_review if isinstance(since, SinceApproval) else compared.changed_keys
        before = {key: ValueThen(compared.before(key), key in compared.withheld_then) for key in changed}
        at = _time_of(since, approval.approved_at if approval else "", completed)
        return ChangesSince(requested, moment_of(since, requested, at), before=before)


def _time_of(since: Since, approved_at: str, completed: Sequence[SnapshotRow]) -> str:
    """Return the time of an approval or snapshot of the report; empty where it is not known."""
    if isinstance(since, SinceSnapshot):
        return next((row.aggregated_at or "" for row in completed if row.snapshot == since.number), "")
    return approved_at if isinstance(since, SinceApproval) else ""


def moment_of(since: Since, requested: str, at: str = "") -> Moment:
    """Return the moment that the address names, with the time of what is no time itself."""
    match since:
        case SinceTime(time):
            return Moment("yesterday" if requested == YESTERDAY else "time", time)
        case SinceSnapshot(number):
            return Moment("snapshot", at, number)
        case SinceEvent(event_id):
            return Moment("event", "", event_id)
        case SinceApproval():
            return Moment("approval", at)
