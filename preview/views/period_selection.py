"""Which period a preview shows, and which one it is compared with, where the request does not say."""

from preview.core.clock import today
from preview.core.periods import Period
from preview.form.sources import extract_day
from preview.reports.aggregation_input import source_from_row
from preview.storage import organizations
from preview.storage.database import Connection
from preview.storage.snapshots import SnapshotRow


def default_period(
    connection: Connection, organization_id: str, rows: list[SnapshotRow], completed: dict[str, SnapshotRow]
) -> Period:
    """Return the newest period with a completed snapshot, else with any snapshot, else the year of the newest data.

    Without data it is the present year.

    Args:
        connection: A connection within a transaction.
        organization_id: The organisation.
        rows: Its snapshots, newest period first.
        completed: Its newest completed snapshots by `period_id`, newest period first.
    """
    newest = next(iter(completed), None) or next((row.period_id for row in rows), None)
    if newest is not None:
        return Period.parse(newest)
    sources = organizations.sources(connection, organization_id)
    extract_days = [day for row in sources if (day := extract_day(source_from_row(row)))]
    return Period(max(extract_days, default=today()).year)


def compared_period(period: Period, requested: Period | None) -> tuple[Period, bool]:
    """Return the period to compare with, and whether it is the default.

    It is the requested one, if it is another period of the same length (rule 7.2, docs/domain.md); else the prior
    period (rule 2b, docs/api.md).
    """
    if requested is None or requested == period or not requested.is_as_long_as(period):
        return period.prior, True
    return requested, False
