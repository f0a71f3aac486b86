"""Defines the command that writes demo data."""

import sys
from pathlib import Path

import click

from preview.core.clock import today
from preview.demo.deliveries import write_demo_deliveries


@click.command("demo-data")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def demo_data(directory: Path) -> None:
    """Write synthetic deliveries in the real formats to DIRECTORY."""
    with click.progressbar(length=1000, label="demo data", file=sys.stderr) as progress:
        written = write_demo_deliveries(
            directory, today(), progress=lambda share_done: progress.update(int(share_done * 1000) - progress.pos)
        )
    click.echo(f"{len(written)} deliveries in {directory}")
