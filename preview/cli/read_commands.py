"""Defines the commands that only read a store. They use the store itself, not the application over it.

The application has services, threads and a parser that reading needs none of, and takes longer to import than these
commands take.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import click
import msgspec

from preview.cli.settings_options import settings_options
from preview.cli.terminal import format_report
from preview.core import logging_config
from preview.core.settings import Settings
from preview.model.resources import SnapshotDocument
from preview.reports.snapshots import Snapshots
from preview.runtime.open_store import OpenStore
from preview.storage.sqlite import require_store


@contextmanager
def _open_store(settings: Settings) -> Iterator[OpenStore]:
    logging_config.configure_logging(settings.log_level)
    require_store(settings.data_dir)
    with closing(OpenStore.open(settings)) as store:
        yield store


@click.command("list")
@click.option("--organization", "organization_id", help="List only the snapshots of this organisation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("data_dir")
def list_(settings: Settings, organization_id: str | None, as_json: bool) -> None:
    """List the snapshots, newest period first."""
    with _open_store(settings) as store:
        rows, total, _ = Snapshots(store.database, store.report_config).page(organization_id, None, None, 1, 1_000_000)
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    for row in rows:
        valid = "valid" if row.cache_valid else "stale"
        fields = f"{row.populated_field_count}/{row.field_count}"
        click.echo(
            f"{row.snapshot_id:10} {row.period_id:8} {row.snapshot_status:10} {valid:5} {fields:6} "
            f"{row.organization_id:24} {row.organization_name}"
        )
    click.echo(f"{total} snapshots", err=True)


@click.command()
@click.argument("snapshot_id")
@click.option("--json", "as_json", is_flag=True, help="Print the document of the API.")
@settings_options("data_dir")
def show(settings: Settings, snapshot_id: str, as_json: bool) -> None:
    """Show every field of one snapshot, with the values of the period and of the prior period."""
    with _open_store(settings) as store:
        body = Snapshots(store.database, store.report_config).get(snapshot_id).body
    catalogue = store.report_config.catalogue
    click.echo(body if as_json else format_report(catalogue, msgspec.json.decode(body, type=SnapshotDocument)))
