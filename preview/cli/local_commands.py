"""Defines the commands that import local files into a temporary store. They use no server, and keep nothing."""

from pathlib import Path

import click
import msgspec

from preview.cli import file_report
from preview.cli.explain import Explanation, local_cases
from preview.cli.terminal import format_report, replace_unprintable
from preview.core import logging_config
from preview.core.periods import Period
from preview.form.catalogue import Catalogue

_PATHS = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
_PERIOD = click.option("--period", "period_id", required=True, help="A year or half a year, such as 2024 or 2024-H1.")
_ORGANIZATION = click.option("--organization", "organization_id", help="Only this organisation.")


@click.command()
@_PATHS
@_PERIOD
@_ORGANIZATION
@click.option("--json", "as_json", is_flag=True, help="Print the documents of the API, with null for ids and times.")
def report(paths: tuple[Path, ...], period_id: str, organization_id: str | None, as_json: bool) -> None:
    """Show the report that the given files, folders and ZIP archives add up to. Stores nothing."""
    logging_config.configure_logging("error")
    documents = file_report.report(list(paths), Period.parse(period_id), organization_id)
    if as_json:
        data = [file_report.without_ids(document) for document in documents]
        click.echo(msgspec.json.encode(data[0] if len(data) == 1 else data))
        return
    for document in documents:
        click.echo(format_report(Catalogue.load(), document))


@click.command()
@_PATHS
@_PERIOD
@click.option("--field", "field_key", required=True, help="Key of the field, such as antall_meldinger_over_frist.")
@_ORGANIZATION
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(
    paths: tuple[Path, ...], period_id: str, field_key: str, organization_id: str | None, as_json: bool
) -> None:
    """List the cases in the given files, folders and ZIP archives that a field counts. Stores nothing.

    For a percentage, the cases over the deadline are listed. Each line shows Sak/@Id, Journalnummer and how many times
    the case counts. These ids identify children: protect the output like the files.
    """
    logging_config.configure_logging("error")
    with local_cases(list(paths)) as cases:
        explanations = cases.explain(Period.parse(period_id), field_key, organization_id)
    if as_json:
        click.echo(msgspec.json.encode(explanations[0] if len(explanations) == 1 else explanations))
        return
    for explanation in explanations:
        _print_explanation(explanation)


def _print_explanation(explanation: Explanation) -> None:
    field = Catalogue.load().field(explanation.field_key)
    value = "-" if explanation.value is None else explanation.value
    click.echo(f"{explanation.organization_name} ({explanation.organization_id}), {explanation.period_id}")
    click.echo(f"{field.number} {field.labels.nb}: {value}")
    if not field.computed:
        click.echo("This is a supplementary figure; it is not computed from cases.")
    for case in explanation.cases:
        click.echo(
            f"  {replace_unprintable(case.sak_id):36}  {replace_unprintable(case.journalnummer):20}  {case.count}"
        )
