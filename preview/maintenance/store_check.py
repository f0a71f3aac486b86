"""The check of a store: that the file is sound, that its rows agree, and that derived state is what follows from the
data.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from preview.core.ids import format_snapshot_id
from preview.reports.etag import is_etag_of
from preview.reports.reconcile import ReportConfig, derive
from preview.reports.rendering import DocumentState, render
from preview.reports.review_states import derive_reviews
from preview.reports.status import DerivedStatus
from preview.storage import figures, jobs, organizations, snapshots
from preview.storage.invariants import find_damage, find_violations, missing_migrations
from preview.storage.reviews import states
from preview.storage.snapshots import SnapshotRow
from preview.storage.sqlite import STORE_FILE, Connection, read_existing

_MAX_PER_INVARIANT = 20


def check_store(data_dir: Path, report_config: ReportConfig) -> list[str]:
    """Check every invariant of a store within one read transaction; servers may be running on it.

    Args:
        data_dir: The data folder.
        report_config: The form and the settings with which the documents were rendered.

    Returns:
        A sentence for each violation, without data of a case; empty for a sound store.

    Raises:
        StoreError: If there is no store, or it cannot be read.
    """
    with read_existing(data_dir / STORE_FILE) as connection:
        if damage := find_damage(connection, _MAX_PER_INVARIANT):
            return damage
        if missing := missing_migrations(connection):
            return [
                (
                    f"the schema is older than this program ({', '.join(missing)}): "
                    "start the server once to bring it up to date"
                )
            ]
        found = find_violations(connection, _MAX_PER_INVARIANT)
        for organization_id in snapshots.organizations_with_snapshots(connection):
            found += _check_reports(connection, report_config, organization_id)
    return found


def _check_reports(connection: Connection, report_config: ReportConfig, organization_id: str) -> Iterator[str]:
    """Yield a sentence for each snapshot whose status, cache flag or document is not what follows from the data."""
    rows = snapshots.list_for_organization(connection, organization_id)
    organization = organizations.organization(connection, organization_id)
    if organization is None:
        yield f"{organization_id} has snapshots and is no organisation"
        return
    derived = derive(
        rows,
        jobs.list_open_for_organization(connection, organization_id),
        organizations.sources(connection, organization_id),
        figures.versions(connection, organization_id),
    )
    for row in rows:
        for fault in _differences(
            connection, report_config, row, organization.organization_name, derived[row.snapshot]
        ):
            yield f"{format_snapshot_id(row.snapshot)} of {organization_id}, {row.period_id}: {fault}"
    expected = {
        review.period_id: review for review in derive_reviews(connection, report_config.catalogue, organization_id)
    }
    stored = states.list_for_organization(connection, organization_id)
    for period_id in sorted(expected.keys() | stored.keys()):
        if expected.get(period_id) != stored.get(period_id):
            yield f"the review of {organization_id}, {period_id}, is not what follows from the report and its decisions"


def _differences(
    connection: Connection, report_config: ReportConfig, row: SnapshotRow, name: str, derived: DerivedStatus
) -> Iterator[str]:
    if row.snapshot_status != derived.status:
        yield f"the status is {row.snapshot_status} and should be {derived.status}"
    if bool(row.cache_valid) != derived.cache_valid:
        yield f"cache_valid is {bool(row.cache_valid)} and should be {derived.cache_valid}"
    state = DocumentState.of_snapshot(row, name, derived)
    if row.rendered_from is None or msgspec.json.decode(row.rendered_from, type=DocumentState) != state:
        yield "the document was not rendered after its last change"
    values = snapshots.values(connection, row.snapshot)
    prior_values = snapshots.values(connection, derived.prior.snapshot) if derived.prior else {}
    expected = render(
        report_config.catalogue, row, state, derived.prior, values, prior_values, suppress=report_config.suppress
    )
    body, etag = snapshots.document(connection, row.snapshot) or (b"", "")
    if body != expected.body or not is_etag_of(etag, body):
        yield "the document does not show the stored values"
    if row.populated != expected.populated:
        yield f"{row.populated} fields are counted as populated and {expected.populated} are"
