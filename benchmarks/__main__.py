"""python -m benchmarks [NAME...]: measures, and prints each figure beside its target. Ends with 1 where a target is not met."""

import importlib
import sys
import time

import click

from benchmarks.results import Figure, machine, table

NAMES = ("import_zip", "aggregation", "changed_case", "get_snapshot", "cold_screen", "overview", "live", "reader_memory")


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
def main(names: tuple[str, ...]) -> None:
    """Measure all, or the NAMES given, and print a table in Markdown."""
    figures: list[Figure] = []
    began = machine()
    for name in names or NAMES:
        click.echo(f"{name} ...", err=True)
        started = time.monotonic()
        measured: list[Figure] = importlib.import_module(f"benchmarks.{name}").measure()
        for figure in measured:
            click.echo(figure.row(), err=True)
        click.echo(f"{name}: {time.monotonic() - started:.0f} s", err=True)
        figures += measured
    click.echo(f"{table(figures)}\n\nFrom {began}\nto {machine()}")
    sys.exit(0 if all(figure.met for figure in figures) else 1)


if __name__ == "__main__":
    main()
