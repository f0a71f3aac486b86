"""Runs the benchmarks and prints each result beside its target: `python -m benchmarks [NAME...]`.

The exit code is 1 if a target is not met or a benchmark has failed.
"""

import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import record
from benchmarks.machine import describe_machine, load_average
from benchmarks.record import Measurement
from benchmarks.registry import BENCHMARKS, Benchmark
from benchmarks.results import table

_SHORT_SECONDS = 140
"""In the short mode no benchmark begins later than this, so that it ends within three minutes on a busy machine too."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([benchmark.name for benchmark in BENCHMARKS]))
@click.option("--short", is_flag=True, help="Measure less, with fewer rounds: at most three minutes.")
@click.option("--write-docs", is_flag=True, help=f"Write the results into {record.PAGE} afterwards.")
@click.option("--no-run", is_flag=True, help="Measure nothing: use the results that the file has.")
@click.option("--results", default=record.RESULTS_FILE, type=click.Path(path_type=Path), show_default=True)
def main(names: tuple[str, ...], short: bool, write_docs: bool, no_run: bool, results: Path) -> None:
    """Run all benchmarks, or those given by NAMES, print them as Markdown tables, and keep the results in a file."""
    chosen = [benchmark for benchmark in BENCHMARKS if not names or benchmark.name in names]
    began = time.monotonic()
    is_met = True
    for benchmark in chosen if not no_run else ():
        if short and (benchmark.short_arguments is None or time.monotonic() - began > _SHORT_SECONDS):
            click.echo(f"{benchmark.name}: left out, as it takes too long", err=True)
            continue
        try:
            measurement = _measure(benchmark, short=short)
        except Exception:  # noqa: BLE001  (the other benchmarks, which may take an hour, are to run)
            traceback.print_exc()
            is_met = False
            continue
        record.keep(measurement, results)
        click.echo(f"{benchmark.name} ({measurement.seconds:.0f} s)\n\n{table(measurement.results)}\n")
        is_met = is_met and all(result.is_met for result in measurement.results)
    click.echo(f"{describe_machine()}; load {load_average()}", err=True)
    if write_docs:
        record.write_page(record.read_measurements(results), record.PAGE)
    sys.exit(0 if is_met else 1)


def _measure(benchmark: Benchmark, *, short: bool) -> Measurement:
    click.echo(f"{benchmark.name} ...", err=True)
    measured_at, load_before, started = datetime.now(UTC), load_average(), time.monotonic()
    results = benchmark.run(short=short)
    return Measurement(
        benchmark=benchmark.name,
        measured_at=measured_at.isoformat(timespec="seconds"),
        machine=describe_machine(),
        load_before=load_before,
        load_after=load_average(),
        seconds=time.monotonic() - started,
        short=short,
        results=results,
    )


if __name__ == "__main__":
    main()
