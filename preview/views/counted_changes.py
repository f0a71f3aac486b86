"""How many fields of each report have changed since a moment, as the overview shows it (rule A3, docs/api.md)."""

from collections.abc import Mapping

import msgspec

from preview.activity.change_counts import count_changes
from preview.activity.moments import parse_moment
from preview.core.clock import now
from preview.core.errors import Gone, ValidationError
from preview.reports.reconcile import ReportConfig
from preview.storage.database import Connection
from preview.views.changes_since import Moment, Obstacle, moment_of


class CountedChanges(msgspec.Struct, frozen=True):
    """How many fields of the reports of a period have changed since a moment.

    Attributes:
        moment: The moment; None if it is none.
        obstacle: Why nothing can be compared; empty if it can.
        counts: The number by organisation; none for a report without values, or without an approval to count from.
    """

    moment: Moment | None = None
    obstacle: Obstacle = ""
    counts: Mapping[str, int] = {}


def read_counts(
    connection: Connection, report_config: ReportConfig, period_id: str, requested: str, organization_id: str | None
) -> CountedChanges | None:
    """Return how many fields have changed; None if no moment was chosen.

    Args:
        connection: A transaction.
        report_config: The form, and whether small counts are withheld.
        period_id: The period.
        requested: The moment as the address names it; empty for none.
        organization_id: Only the report of this organisation; None for all.
    """
    if not requested:
        return None
    try:
        since = parse_moment(requested, now())
        counts = count_changes(connection, report_config, period_id, since, organization_id)
    except Gone:
        return CountedChanges(obstacle="gone")
    except ValidationError:
        return CountedChanges(obstacle="invalid")
    return CountedChanges(moment_of(since, requested), counts=counts)
