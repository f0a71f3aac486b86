"""Aggregates the report of local files in a temporary store that only its owner can read."""

from collections.abc import Generator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from preview.core.errors import NotFound, ValidationError
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.core.temporary_data_dir import temporary_data_dir
from preview.model.resources import SnapshotDocument
from preview.parsing import archive
from preview.runtime.application import Application

ACTOR = "cli"
NO_DATA = "The files contain no data for that period and organisation."


def report(paths: list[Path], period: Period, organization_id: str | None) -> list[SnapshotDocument]:
    """Return the report of each organisation that the files have data for.

    Args:
        paths: Files and folders.
        period: The period.
        organization_id: Return only this organisation; None for all.

    Returns:
        The documents of the API, by id of the organisation.

    Raises:
        ValidationError: A file is refused, or there is none.
        NotFound: The files have no data for the period and organisation.
    """
    with temporary_application(paths) as application:
        ids = [
            organization.organization_id
            for organization in application.organizations.list_options()
            if organization_id in (None, organization.organization_id)
        ]
        documents = [
            aggregated for organization in ids if (aggregated := _aggregate_document(application, organization, period))
        ]
    if not documents:
        raise NotFound(NO_DATA)
    return sorted(documents, key=lambda document: document.organization_id)


@contextmanager
def temporary_application(paths: list[Path]) -> Generator[Application]:
    """Import the files into a temporary store, which is deleted when the context ends.

    Raises:
        ValidationError: A file is refused, or there is none.
    """
    with temporary_data_dir() as folder:
        application = Application.open(Settings(data_dir=folder, auto_aggregate=False))
        try:
            application.start()
            for group in group_into_deliveries(paths):
                _import_group(application, group)
            yield application
        finally:
            application.close()


def _import_group(application: Application, group: list[Path]) -> None:
    receipt = application.deliveries.receive_paths(group, full=False, actor=ACTOR)
    application.worker.wait_until(lambda: application.deliveries.summary(receipt.delivery_id).completed_at is not None)
    delivery = application.deliveries.get(receipt.delivery_id)
    if delivery.refused_files or delivery.delivery_status == "refused":
        reasons = [
            f"File {finding.file}, line {finding.line}: {finding.detail}"
            for finding in delivery.findings
            if finding.severity == "refused"
        ]
        raise ValidationError(next(iter(reasons), "A file is refused."))


def _aggregate_document(application: Application, organization_id: str, period: Period) -> SnapshotDocument | None:
    """Aggregate the prior period and then the period; return the latter's document, or None without data for it."""
    snapshot_id: str | None = None
    for requested_period in (period.prior, period):
        try:
            requested, _ = application.snapshots.request(organization_id, str(requested_period), False, ACTOR)
        except ValidationError:  # There is no data for this period.
            snapshot_id = None
            continue
        application.worker.wait_until(lambda job=requested.job_id: application.jobs.get(job).ended_at is not None)
        snapshot_id = requested.snapshot_id
    return (
        msgspec.json.decode(application.snapshots.get(snapshot_id).body, type=SnapshotDocument) if snapshot_id else None
    )


def group_into_deliveries(paths: list[Path]) -> list[list[Path]]:
    """Group files into deliveries, in order of name: each ZIP is one, and so are the other files between two ZIPs.

    Args:
        paths: Files and folders.

    Raises:
        ValidationError: There is no file.
    """
    files = [file for path in paths for file in archive.iter_files(path) if file.is_file()]
    if not files:
        raise ValidationError("There is no file to deliver.")
    groups: list[list[Path]] = []
    for is_zip, adjacent_files in groupby(files, key=lambda file: file.suffix.lower() == ".zip"):
        group = list(adjacent_files)
        groups += [[file] for file in group] if is_zip else [group]
    return groups


def without_ids(document: SnapshotDocument) -> dict[str, Any]:
    """Return the document of the API as a dict, with null for the ids and times of the temporary store."""
    data: dict[str, Any] = msgspec.to_builtins(document)
    data |= {"snapshot_id": None, "aggregated_at": None}
    if data["prior_period"]:
        data["prior_period"] |= {"snapshot_id": None, "aggregated_at": None}
    return data
