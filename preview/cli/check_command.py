"""Defines the command that checks local files. It uses no store and no server, and keeps nothing."""

import sys
from pathlib import Path

import click
import msgspec

from preview.cli import file_check
from preview.cli.file_check import FileCheckResult, FileFinding
from preview.cli.settings_options import settings_options
from preview.cli.terminal import replace_unprintable
from preview.core import logging_config
from preview.core.languages import LANGUAGES, Language
from preview.core.settings import Settings
from preview.i18n.catalog import MessageCatalog
from preview.i18n.finding_texts import finding_message_in
from preview.model.findings import Severity
from preview.model.limits import Limits
from preview.parsing import archive

EXIT_CODES = {Severity.NOTICE: 0, Severity.WARNING: 3, Severity.ERROR: 4, Severity.REFUSED: 5}
"""Exit code of `check` by the highest severity found. 1 and 2 are in use: failure of the program, and wrong usage."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
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


def _format_finding(finding: FileFinding, message: str) -> str:
    location = finding.path if finding.entry is None else f"{finding.path}: {finding.entry}"
    line_text = f", line {finding.line}" if finding.line else ""
    element_text = f" {finding.element}" if finding.element else ""
    return f"{replace_unprintable(location)}{line_text}: {finding.severity}:{element_text} {message}"
