"""Read the values that are stored with a snapshot, for comparisons and deviations."""

from collections.abc import Sequence

from preview.reports.deviation_check import EMPTY, SnapshotValues
from preview.reports.reconcile import ReportConfig
from preview.storage import snapshots
from preview.storage.database import Connection
from preview.storage.snapshots import SnapshotRow


def stored_values(connection: Connection, report_config: ReportConfig, row: SnapshotRow | None) -> SnapshotValues:
    """Return the values of a snapshot; none if it does not exist or has never completed."""
    if row is None or not row.completion:
        return EMPTY
    values = snapshots.values(connection, row.snapshot)
    return SnapshotValues.from_rows(report_config.catalogue, report_config.suppress, values, row.facts)


def stored_values_of(
    connection: Connection, report_config: ReportConfig, rows: Sequence[SnapshotRow]
) -> list[SnapshotValues]:
    """Return the values of several completed snapshots, in their order, with one query."""
    found = snapshots.values_of(connection, [row.snapshot for row in rows])
    return [
        SnapshotValues.from_rows(
            report_config.catalogue, report_config.suppress, found.get(row.snapshot, {}), row.facts
        )
        for row in rows
    ]
