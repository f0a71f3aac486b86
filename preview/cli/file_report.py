"""The aggregated form of local files, without a store that stays: a throwaway one in a folder that only its owner can read."""

from collections.abc import Generator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from preview.core.errors import Invalid, NotFound
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.core.temporary_data_dir import throwaway_folder
from preview.form.catalogue import Catalogue
from preview.model.resources import Document
from preview.parsing import archive
from preview.runtime.application import Application

ACTOR = "cli"
NO_DATA = "The files hold no data for that period, or not of that organisation."


def report(paths: list[Path], period: Period, organization_id: str | None) -> list[Document]:
    """One document an organisation that has data for the period, by id. Raises `Invalid` where a file is refused, `NotFound` without any."""
    with taken(paths) as application:
        ids = [each.organization_id for each in application.organizations.all() if organization_id in (None, each.organization_id)]
        documents = [found for each in ids if (found := _aggregated(application, each, period))]
    if not documents:
        raise NotFound(NO_DATA)
    return sorted(documents, key=lambda document: document.organization_id)


@contextmanager
def taken(paths: list[Path]) -> Generator[Application]:
    """The files, taken into a store that is thrown away. Raises `Invalid` where one is refused."""
    with throwaway_folder() as folder:
        application = Application.open(Settings(data_dir=folder, auto_aggregate=False))
        try:
            application.start()
            for group in deliveries_of(paths):
                _take(application, group)
            yield application
        finally:
            application.close()


def _take(application: Application, group: list[Path]) -> None:
    receipt = application.deliveries.receive_paths(group, full=False, actor=ACTOR)
    application.worker.run_until(lambda: application.deliveries.document(receipt.delivery_id).completed_at is not None)
    delivery = application.deliveries.document(receipt.delivery_id)
    if delivery.refused_files or delivery.delivery_status == "refused":
        why = [f"File {each.file}, line {each.line}: {each.detail}" for each in delivery.findings if each.severity == "refused"]
        raise Invalid(next(iter(why), "A file is refused."))


def _aggregated(application: Application, organization_id: str, period: Period) -> Document | None:
    """The prior period first, so that its values stand beside."""
    snapshot: str | None = None
    for each in (period.prior, period):
        try:
            requested, _ = application.snapshots.request(organization_id, str(each), False, ACTOR)
        except Invalid:  # no data for it
            snapshot = None
            continue
        application.worker.run_until(lambda job=requested.job_id: application.jobs.document(job).ended_at is not None)
        snapshot = requested.snapshot_id
    return msgspec.json.decode(application.snapshots.document(snapshot).body, type=Document) if snapshot else None


def deliveries_of(paths: list[Path]) -> list[list[Path]]:
    """The files of these files and folders, in order of name: each ZIP is a delivery of its own, the others between two are one.

    Raises `Invalid` where there is none.
    """
    files = [file for path in paths for file in archive.files(path) if file.is_file()]
    if not files:
        raise Invalid("There is no file to deliver.")
    groups: list[list[Path]] = []
    for is_zip, run in groupby(files, key=lambda file: file.suffix.lower() == ".zip"):
        group = list(run)
        groups += [[file] for file in group] if is_zip else [group]
    return groups


def without_ids(document: Document) -> dict[str, Any]:
    """The contract's document of what is in no store: ids and times null."""
    told: dict[str, Any] = msgspec.to_builtins(document)
    told |= {"snapshot_id": None, "aggregated_at": None}
    if told["prior_period"]:
        told["prior_period"] |= {"snapshot_id": None, "aggregated_at": None}
    return told


def as_text(catalogue: Catalogue, document: Document) -> str:
    """A table for the terminal: number, label, current and prior value."""
    prior = document.prior_period.period_id if document.prior_period else "-"
    lines = [f"{document.organization_name} ({document.organization_id})", f"{'':47}{document.period_id:>10}{prior:>10}"]
    for section in document.sections:
        lines.append(section.section_title)
        for each in section.fields:
            field = catalogue.field(each.field_key)
            values = [("-" if value is None else str(value)) for value in (each.value, each.prior_period_value)]
            lines.append(f"  {field.number:>2} {field.labels.nb:42}{values[0]:>10}{values[1]:>10}")
    return "\n".join(lines)
