"""One field of some services over all periods, for the page of the field."""

from collections.abc import Sequence
from dataclasses import dataclass

from preview.core.periods import Period
from preview.form.value_state import ValueState
from preview.model.resources import Value
from preview.reports.reconcile import ReportConfig
from preview.reports.review_states import is_provisional
from preview.reports.status import latest_completed_by_period
from preview.reports.stored_values import stored_values
from preview.storage import organizations, snapshots
from preview.storage.database import Connection, Database


@dataclass(frozen=True)
class PeriodValue:
    """A field of one report. `provisional`: its data end before the period does (rule P3)."""

    value: Value
    state: ValueState
    provisional: bool


@dataclass(frozen=True)
class ServiceHistory:
    """A field of a service by period, oldest first, of the periods with a completed report."""

    organization_id: str
    organization_name: str
    by_period: dict[str, PeriodValue]


class FieldHistoryQuery:
    """Read access to the history of a field. Its method blocks: call it on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def read(self, field_key: str, organization_ids: Sequence[str], period: Period) -> list[ServiceHistory]:
        """Return the values of a field in all periods of one kind: years, or first or second half-years.

        Args:
            field_key: The field.
            organization_ids: The services, in the order of the result; unknown ones are left out.
            period: One of the periods.
        """

        def read_histories(connection: Connection) -> list[ServiceHistory]:
            found = (self._read(connection, field_key, each, period) for each in organization_ids)
            return [history for history in found if history is not None]

        return self._database.read(read_histories)

    def _read(
        self, connection: Connection, field_key: str, organization_id: str, period: Period
    ) -> ServiceHistory | None:
        organization = organizations.visible_organization(connection, organization_id)
        if organization is None:
            return None
        completed = latest_completed_by_period(snapshots.list_for_organization(connection, organization_id))
        by_period: dict[str, PeriodValue] = {}
        for period_id, row in reversed(completed.items()):
            if Period.parse(period_id).half == period.half:
                values = stored_values(connection, self._report_config, row)
                by_period[period_id] = PeriodValue(
                    values.visible_value(field_key), values.state(field_key), is_provisional(row)
                )
        return ServiceHistory(organization_id, organization.organization_name, by_period)
