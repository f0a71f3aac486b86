"""Defines the commands that read local files. They use no store and no server, and keep nothing."""

import sys
from pathlib import Path

import click
import msgspec

from preview.cli import file_check, file_report
from preview.cli.explain import Explanation, local_cases
from preview.cli.file_check import FileCheckResult, FileFinding
from preview.cli.settings_options import settings_options
from preview.core import logging_config
from preview.core.languages import LANGUAGES, Language
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.i18n.finding_texts import finding_message_in
from preview.model.findings import Severity
from preview.model.limits import Limits
from preview.parsing import archive

EXIT_CODES = {Severity.NOTICE: 0, Severity.WARNING: 3, Severity.ERROR: 4, Severity.REFUSED: 5}
"""Exit code of `check` by the highest severity found. 1 and 2 are in use: failure of the program, and wrong usage."""

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
        click.echo(file_report.format_table(Catalogue.load(), document))


@click.command()
@_PATHS
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the findings. JSON contains the codes and the English sentences.",
)
@settings_options("max_file_bytes", "reader_memory_bytes")
def check(settings: Settings, paths: tuple[Path, ...], as_json: bool, language: Language) -> None:
    """List the findings in the given files, folders and ZIP archives. Stores nothing.

    Exit code: 0 if the worst finding is a notice or there is none, 3 for warnings, 4 for errors, 5 for a refused file.
    """
    logging_config.configure_logging("error")
    total = sum(1 for path in paths for _ in archive.iter_files(path))
    results: list[FileCheckResult] = []
    with click.progressbar(length=total, label="check", file=sys.stderr) as progress:
        for result in file_check.check(list(paths), Limits.from_settings(settings)):
            results.append(result)
            progress.update(1)
    files, refused = sum(result.files for result in results), sum(result.refused_files for result in results)
    findings = [finding for result in results for finding in result.findings]
    if as_json:
        click.echo(msgspec.json.encode({"files": files, "refused_files": refused, "findings": findings}))
    else:
        texts = MessageCatalog.load()
        for finding in findings:
            click.echo(
                _format_finding(
                    finding, finding.detail if language == "en" else finding_message_in(texts, language, finding.code)
                )
            )
        click.echo(f"{files} files ({refused} refused), {len(findings)} findings")
    sys.exit(max((EXIT_CODES[finding.severity] for finding in findings), default=0))


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
            f"  {_replace_unprintable(case.sak_id):36}  {_replace_unprintable(case.journalnummer):20}  {case.count}"
        )


def _format_finding(finding: FileFinding, message: str) -> str:
    location = finding.path if finding.entry is None else f"{finding.path}: {finding.entry}"
    line_text = f", line {finding.line}" if finding.line else ""
    element_text = f" {finding.element}" if finding.element else ""
    return f"{_replace_unprintable(location)}{line_text}: {finding.severity}:{element_text} {message}"


def _replace_unprintable(text: str) -> str:
    """Replace unprintable characters: text from a file must not control the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
