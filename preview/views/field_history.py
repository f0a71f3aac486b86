"""One field of some services over all periods, for the page of the field."""

from collections.abc import Sequence
from dataclasses import dataclass

from preview.core.periods import Period
from preview.reports.reconcile import ReportConfig
from preview.reports.status import latest_completed_by_period
from preview.storage import organizations, snapshots
from preview.storage.database import Connection, Database
from preview.storage.snapshots import SnapshotRow
from preview.views.history import HistoricalValue, comparable_periods, read_series


@dataclass(frozen=True)
class ServiceHistory:
    """A field of a service, a value for each period of the histories."""

    organization_id: str
    organization_name: str
    values: Sequence[HistoricalValue]


@dataclass(frozen=True)
class FieldHistories:
    """A field of several services over the same periods, oldest first."""

    period_ids: Sequence[str]
    services: Sequence[ServiceHistory]


class FieldHistoryQuery:
    """Read access to the history of a field. Its method blocks: call it on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def read(self, field_key: str, organization_ids: Sequence[str], period: Period) -> FieldHistories:
        """Return the values of a field in all periods of one kind (`history.comparable_periods`).

        Args:
            field_key: The field.
            organization_ids: The services, in the order of the result; unknown ones are left out.
            period: One of the periods.
        """

        def read_histories(connection: Connection) -> FieldHistories:
            names: dict[str, str] = {}
            completed: dict[str, dict[str, SnapshotRow]] = {}
            for organization_id in organization_ids:
                organization = organizations.visible_organization(connection, organization_id)
                if organization is not None:
                    names[organization_id] = organization.organization_name
                    rows = snapshots.list_for_organization(connection, organization_id)
                    completed[organization_id] = latest_completed_by_period(rows)
            found = {period_id for of_service in completed.values() for period_id in of_service}
            period_ids = comparable_periods(found, str(period))
            services = [
                ServiceHistory(
                    organization_id,
                    name,
                    read_series(connection, self._report_config, completed[organization_id], period_ids)[field_key],
                )
                for organization_id, name in names.items()
            ]
            return FieldHistories(period_ids, services)

        return self._database.read(read_histories)
