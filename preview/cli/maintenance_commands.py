"""The commands that copy a store, bring a copy into use, and check a store."""

import sys
from pathlib import Path

import click

from preview.cli.settings_options import settings_options
from preview.core import logging_config
from preview.core.settings import Settings
from preview.form.catalogue import Catalogue
from preview.maintenance import store_check
from preview.maintenance.backup import create_backup, restore_backup
from preview.reports.reconcile import ReportConfig

_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.command()
@_FOLDER
@settings_options("data_dir")
def backup(settings: Settings, folder: Path) -> None:
    """Copy the store and its keys to FOLDER, which is made.

    Servers may go on running. FOLDER appears only when the copy has been verified. Deliveries that are not imported yet
    are not in it.
    """
    logging_config.configure_logging(settings.log_level)
    create_backup(settings.data_dir, folder)
    click.echo(f"Backup of {settings.data_dir} written to {folder} and verified.")


@click.command()
@_FOLDER
@settings_options("data_dir")
def restore(settings: Settings, folder: Path) -> None:
    """Bring the backup in FOLDER into use as --data-dir, which must be empty or not exist.

    Stop the servers first. Streams that resume from an old position get `resync`, and no id is used twice.
    """
    logging_config.configure_logging(settings.log_level)
    restore_backup(folder, settings.data_dir)
    click.echo(
        f"Backup restored to {settings.data_dir}. Start the server, and send again what was delivered after the backup."
    )


@click.command("check-store")
@settings_options("data_dir", "suppress_small_counts")
def check_store(settings: Settings) -> None:
    """Check that the store is sound and that every status, document and count follows from its data. Changes nothing.

    Servers may go on running. Exit code: 0 for a sound store, 1 with a line for each fault. Give
    --suppress-small-counts as the server has it: it shapes the documents.
    """
    logging_config.configure_logging(settings.log_level)
    report_config = ReportConfig(Catalogue.load(), settings.suppress_small_counts)
    faults = store_check.check_store(settings.data_dir, report_config)
    for fault in faults:
        click.echo(fault)
    if faults:
        click.echo(f"{len(faults)} faults. Restore a backup, or report this with the lines above.", err=True)
        sys.exit(1)
    click.echo("The store is sound.")
