"""Count the fields that have changed since a moment, in the reports of all organisations (rule A3, docs/api.md)."""

import json
from collections.abc import Mapping

from preview.activity.changes import event_of
from preview.activity.since import Since, SinceApproval, SinceSnapshot, invalid_since
from preview.form.suppression import suppressed_fields
from preview.model.resources import Value
from preview.reports.reconcile import ReportConfig
from preview.storage import snapshots
from preview.storage.database import Connection
from preview.storage.history import activity
from preview.storage.reviews import states


def count_changes(
    connection: Connection,
    report_config: ReportConfig,
    period_id: str,
    since: Since,
    organization_id: str | None = None,
) -> Mapping[str, int]:
    """Return how many fields of each report of a period have changed since a moment: as many as `ChangesQuery` lists.

    Args:
        connection: A transaction.
        report_config: The form, and whether small counts are withheld.
        period_id: The period.
        since: From where on changes count.
        organization_id: Only the report of this organisation; None for all.

    Returns:
        The number by organisation. A report that has none to count from, because it has no values or no approval in
        force, has no entry.

    Raises:
        ValidationError: If `since` names an event that has not happened, or a snapshot: it is of one report.
        Gone: If the audit trail no longer reaches back.
    """
    reports = states.list_for_period(connection, period_id, organization_id)
    if isinstance(since, SinceApproval):
        return {
            report.organization_id: len(json.loads(report.changed_values))
            for report in reports
            if report.review_status != "open"
        }
    if isinstance(since, SinceSnapshot):
        raise invalid_since("must not be a snapshot, which is of one report")
    keys = [field.field_key for field in report_config.catalogue.fields]
    event = event_of(connection, since)
    before = activity.changed_values(connection, period_id, event, keys, organization_id)
    if not report_config.suppress:
        return {report.organization_id: len(before.get(report.organization_id, ())) for report in reports}
    changed = [report for report in reports if report.organization_id in before]
    present = snapshots.values_of(connection, [report.snapshot for report in changed])
    counts = {report.organization_id: 0 for report in reports}
    for report in changed:
        now = {key: value for key, (value, _) in present.get(report.snapshot, {}).items()}
        counts[report.organization_id] = _visible_changes(report_config, before[report.organization_id], now)
    return counts


def _visible_changes(report_config: ReportConfig, changed: Mapping[str, Value], now: Mapping[str, Value]) -> int:
    """Return how many values a reader sees change, given the values before that differ from the present ones."""

    def visible(values: Mapping[str, Value]) -> dict[str, Value]:
        withheld = suppressed_fields(report_config.catalogue, dict(values))
        return {
            field.field_key: None if field.field_key in withheld else values.get(field.field_key)
            for field in report_config.catalogue.fields
        }

    before, after = visible({**now, **changed}), visible(now)
    return sum(before[key] != after[key] for key in before)
