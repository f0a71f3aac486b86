"""Checks local files and returns each finding with the path of its file. Nothing is stored.

Findings that depend on a store, such as a missing previous delivery or an unknown organisation, are not among them.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import msgspec

from preview.core.clock import now
from preview.core.errors import NotFound, ParserCrashed
from preview.form.catalogue import Catalogue
from preview.model.findings import Finding, FindingCode, Severity
from preview.model.limits import Limits
from preview.parsing import archive
from preview.parsing.process_client import ParserProcess


class FileFinding(msgspec.Struct, frozen=True):
    """A finding in a local file.

    Attributes:
        path: Path of the file.
        entry: Name of the file within a ZIP archive; None if the file is no archive.
        line: Line from 1; 0 if the finding has no line.
        element: Name of the element or column.
        severity: The severity.
        code: The finding code.
        detail: The English sentence.
    """

    path: str
    entry: str | None
    line: int
    element: str
    severity: Severity
    code: str
    detail: str


class FileCheckResult(msgspec.Struct, frozen=True):
    """Result of one local file.

    Attributes:
        files: Number of files in it: 1, or the number of entries of a ZIP archive.
        refused_files: Number of them that an import would refuse.
        findings: The findings, in order of file and line.
    """

    files: int
    refused_files: int
    findings: list[FileFinding]


def check(paths: list[Path], limits: Limits) -> Iterator[FileCheckResult]:
    """Check local files, in order of name. Like deliveries, they are parsed in a separate process.

    Args:
        paths: Files and folders.
        limits: Limits of the parser.

    Yields:
        The result of each file.
    """
    # Supplementary figures for computed fields are findings (rule 6.1, docs/domain.md). The hashes are not kept, so a
    # random key is enough.
    supplementary_keys = frozenset(field.field_key for field in Catalogue.load().fields if not field.computed)
    reader = ParserProcess(secrets.token_bytes(32), limits, supplementary_keys)
    try:
        for path in paths:
            is_empty = True
            for file in archive.iter_files(path):
                yield _check(reader, file)
                is_empty = False
            if is_empty:
                yield FileCheckResult(1, 1, [_to_file_finding(path, [], FindingCode.NO_FILE.finding(1))])
    finally:
        reader.close()


def _check(reader: ParserProcess, file: Path) -> FileCheckResult:
    files = refused = 0
    findings: list[Finding] = []
    try:
        for batch in reader.parse(file, now()):
            files, refused = batch.files, batch.refused_files
            findings += batch.findings
    except (NotFound, ParserCrashed):  # A dangling link, or a file that crashes the parser: an import would refuse it.
        files, refused, findings = 1, 1, [FindingCode.UNREADABLE_FILE.finding(1)]
    names = archive.entry_names(file) if findings else []
    return FileCheckResult(files, refused, [_to_file_finding(file, names, finding) for finding in findings])


def _to_file_finding(file: Path, names: list[str], finding: Finding) -> FileFinding:
    entry = names[finding.file - 1] if 0 < finding.file <= len(names) else None
    return FileFinding(str(file), entry, finding.line, finding.element, finding.severity, finding.code, finding.detail)
