"""Runs the benchmarks and prints each result beside its target: `python -m benchmarks [NAME...]`.

The exit code is 1 if a target is not met.
"""

import importlib
import sys
import time

import click

from benchmarks.results import BenchmarkResult, describe_machine, table

NAMES = (
    "import_zip",
    "long_writes",
    "aggregation",
    "changed_case",
    "get_requests",
    "fanout",
    "first_load",
    "overview",
    "live",
    "activity",
    "reader_memory",
)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
def main(names: tuple[str, ...]) -> None:
    """Run all benchmarks, or those given by NAMES, and print a Markdown table."""
    results: list[BenchmarkResult] = []
    machine_before = describe_machine()
    for name in names or NAMES:
        click.echo(f"{name} ...", err=True)
        started = time.monotonic()
        new_results: list[BenchmarkResult] = importlib.import_module(f"benchmarks.{name}").measure()
        for result in new_results:
            click.echo(result.row(), err=True)
        click.echo(f"{name}: {time.monotonic() - started:.0f} s", err=True)
        results += new_results
    click.echo(f"{table(results)}\n\nFrom {machine_before}\nto {describe_machine()}")
    sys.exit(0 if all(result.is_met for result in results) else 1)


if __name__ == "__main__":
    main()
