"""Defines the commands that change a store, with the same services as the API."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from preview.cli import file_report
from preview.cli.settings_options import settings_options
from preview.core import logging_config
from preview.core.settings import Settings
from preview.model.resources import DeliveryDocument
from preview.runtime.application import Application
from preview.storage.sqlite import require_store

ACTOR = "cli"
_MAX_PRINTED_FINDINGS = 20


@contextmanager
def _running_application(settings: Settings) -> Iterator[Application]:
    """Open a store with a running worker. The watched folder and the live demo are left to the server."""
    application = Application.open(msgspec.structs.replace(settings, inbox_dir=None, demo_live=False))
    try:
        application.start()
        yield application
    finally:
        application.close()


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--full",
    is_flag=True,
    help="The delivery contains every case of its organisations: stored cases that it lacks are deleted.",
)
@settings_options("data_dir")
def import_(settings: Settings, paths: tuple[Path, ...], full: bool) -> None:
    """Import files: case files and KOSTRA 15F files (XML), ZIP archives, CSV files, and folders of these.

    Files are imported in order of name. Each ZIP archive is one delivery, and so are the other files between two
    archives.
    """
    logging_config.configure_logging(settings.log_level)
    groups = file_report.group_into_deliveries(list(paths))
    if full and len(groups) > 1:
        raise click.UsageError("A full delivery must be one ZIP archive, or files and folders without any ZIP archive.")
    with _running_application(settings) as application:
        outcomes = [_import_and_wait(application, group, full) for group in groups]
        empty = [outcome.delivery_id for outcome in outcomes if application.deliveries.is_empty(outcome.delivery_id)]
    for delivery_id in empty:
        click.echo(f"{delivery_id}: nothing was imported, as every line was left out or there is none.", err=True)
    if empty or any(outcome.refused_files or outcome.delivery_status == "refused" for outcome in outcomes):
        sys.exit(1)


def _import_and_wait(application: Application, paths: list[Path], full: bool) -> DeliveryDocument:
    receipt = application.deliveries.receive_paths(paths, full=full, actor=ACTOR)
    with click.progressbar(length=1000, label=receipt.delivery_id, file=sys.stderr) as progress:

        def is_done() -> bool:
            summary = application.deliveries.summary(receipt.delivery_id)
            progress.update(int(summary.completed * 1000) - progress.pos)
            return summary.completed_at is not None

        application.worker.wait_until(is_done)
    delivery = application.deliveries.get(receipt.delivery_id)
    cases = (
        f"{delivery.new_cases} new, {delivery.changed_cases} changed, "
        f"{delivery.unchanged_cases} unchanged, {delivery.removed_cases} removed"
    )
    files = f"{delivery.files} files ({delivery.refused_files} refused)"
    click.echo(f"{delivery.delivery_id} {delivery.delivery_status}: {files}; cases: {cases}")
    for finding in delivery.findings[:_MAX_PRINTED_FINDINGS]:
        click.echo(f"  {finding.severity} file {finding.file} line {finding.line} {finding.element}: {finding.detail}")
    if delivery.finding_count > _MAX_PRINTED_FINDINGS:
        click.echo(f"  and {delivery.finding_count - _MAX_PRINTED_FINDINGS} more findings")
    return delivery


@click.command()
@click.option("--organization", "organization_id", required=True, help="Id of the organisation, such as org-1042.")
@click.option("--period", "period_id", required=True, help="A year or half a year, such as 2024 or 2024-H1.")
@click.option("--force", is_flag=True, help="Aggregate even if the newest snapshot is still valid.")
@settings_options("data_dir")
def aggregate(settings: Settings, organization_id: str, period_id: str, force: bool) -> None:
    """Aggregate the report of an organisation and period, and wait for the result."""
    logging_config.configure_logging(settings.log_level)
    require_store(settings.data_dir)
    with _running_application(settings) as application:
        requested, has_job_to_run = application.snapshots.request(organization_id, period_id, force, ACTOR)
        with click.progressbar(length=1000, label=requested.snapshot_id, file=sys.stderr) as progress:

            def is_done() -> bool:
                job = application.jobs.get(requested.job_id)
                progress.update(int(job.completed * 1000) - progress.pos)
                return job.ended_at is not None

            if has_job_to_run:
                application.worker.wait_until(is_done)
        job = application.jobs.get(requested.job_id)
    click.echo(f"{requested.snapshot_id} {job.job_status}" + (f": {job.detail}" if job.detail else ""))
    if job.job_status != "completed":
        sys.exit(1)


@click.command()
@click.option("--organization", "organization_id", required=True, help="Id of the organisation, such as org-1042.")
@settings_options("data_dir")
def forget(settings: Settings, organization_id: str) -> None:
    """Erase an organisation: its cases, snapshots, figures, jobs, events and audit trail, from every file of the store.

    Waits for deliveries that are being read, and for a moment without writes in which the file of the store is
    rewritten. Other writes go on meanwhile. Files in a watched folder and backups are not touched: delete them
    yourself.
    """
    logging_config.configure_logging(settings.log_level)
    require_store(settings.data_dir)
    with _running_application(settings) as application:
        application.eraser.erase(organization_id, ACTOR, lambda text: click.echo(text, err=True))
    click.echo(f"{organization_id} was erased")
