"""Judge a snapshot against a period, and say which deviations people have acknowledged (rule A4, docs/api.md)."""

from dataclasses import dataclass

from preview.core.errors import FieldError, NotFound, ValidationError
from preview.core.ids import parse_snapshot_id
from preview.core.periods import Period
from preview.form.deviations import redact_hidden
from preview.form.rules.base import Deviation
from preview.reports.deviation_check import judge
from preview.reports.reconcile import ReportConfig
from preview.reports.review_states import StoredDeviation
from preview.reports.status import latest_completed_by_period
from preview.reports.stored_values import stored_values
from preview.storage import events, organizations, snapshots
from preview.storage.database import Connection, Database
from preview.storage.reviews import acknowledgements
from preview.storage.snapshots import SnapshotRow


@dataclass(frozen=True)
class JudgedDeviation:
    """A deviation whose message shows no withheld value.

    Attributes:
        deviation: The deviation.
        field_key: Its field; `-` for one about the whole report.
        is_acknowledged: Whether an acknowledgement of the report says that exactly this is right as it is.
    """

    deviation: Deviation
    field_key: str
    is_acknowledged: bool


@dataclass(frozen=True)
class JudgedSnapshot:
    """The deviations of a snapshot against a period, in form order, and the log position that they reflect."""

    compared_period: Period
    deviations: list[JudgedDeviation]
    position: int


class DeviationQuery:
    """Read access to deviations. Its method blocks: call it on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def judge(self, snapshot_id: str, compare: str | None = None) -> JudgedSnapshot:
        """Return the deviations of a snapshot.

        Args:
            snapshot_id: The snapshot.
            compare: The period to judge it against; None for the prior one, which the stored deviations are judged
                against.

        Returns:
            The deviations; none for a snapshot that has never completed.

        Raises:
            NotFound: If there is no such snapshot.
            ValidationError: If `compare` is no other period of the same length (rule 7.2, docs/domain.md).
        """
        number = parse_snapshot_id(snapshot_id)
        requested = Period.parse(compare, "/compare") if compare is not None else None

        def judge_snapshot(connection: Connection) -> JudgedSnapshot:
            row = snapshots.snapshot(connection, number) if number is not None else None
            if row is None or organizations.visible_organization(connection, row.organization_id) is None:
                raise NotFound("There is no such snapshot.")
            compared_period = _compared_period(Period.parse(row.period_id), requested)
            judged = deviations_of_report(connection, self._report_config, row, compared_period)
            return JudgedSnapshot(compared_period, judged, events.last_event_id(connection))

        return self._database.read(judge_snapshot)


def deviations_of_report(
    connection: Connection, report_config: ReportConfig, row: SnapshotRow, compared_period: Period | None = None
) -> list[JudgedDeviation]:
    """Return the deviations of a snapshot, in form order.

    Args:
        connection: A transaction.
        report_config: The form, and whether small counts are withheld.
        row: The snapshot.
        compared_period: The period to judge it against; None for the prior one.
    """
    period = Period.parse(row.period_id)
    compared_period = compared_period or period.prior
    completed = latest_completed_by_period(snapshots.list_for_organization(connection, row.organization_id))
    current = stored_values(connection, report_config, row)
    compared = stored_values(connection, report_config, completed.get(str(compared_period)))
    held = {
        (each.rule_id, each.field_key, each.named_values)
        for each in acknowledgements.list_for_organization(connection, row.organization_id)
        if each.period_id == row.period_id
    }
    found = judge(report_config.catalogue, period, current, compared, compared_period)
    visible = redact_hidden(found, current.hidden, compared.hidden)
    judged: list[JudgedDeviation] = []
    for deviation, shown in zip(found, visible, strict=True):
        stored = StoredDeviation.of(deviation)
        judged.append(JudgedDeviation(shown, stored.field_key, (*stored.key, stored.named_values) in held))
    return judged


def _compared_period(period: Period, requested: Period | None) -> Period:
    if requested is None:
        return period.prior
    if requested == period or not requested.is_as_long_as(period):
        detail = f"must be another period of the same length as {period}"
        raise ValidationError("The periods cannot be compared.", [FieldError("/compare", detail)])
    return requested
