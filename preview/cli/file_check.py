"""What is wrong with local files, told to whoever has them: each finding with the path of its file. Nothing is stored.

Only what can be told from a file by itself: whether a case system has left out a delivery, or an organisation is known, a store tells.
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
    """A finding in a local file; `entry` is the name of a file within a ZIP."""

    path: str
    entry: str | None
    line: int
    element: str
    severity: Severity
    code: str
    detail: str


class FileCheckResult(msgspec.Struct, frozen=True):
    """One local file: how many files are in it (a ZIP has many), how many of them are refused, and what was found."""

    files: int
    refused_files: int
    findings: list[FileFinding]


def check(paths: list[Path], limits: Limits) -> Iterator[FileCheckResult]:
    """File after file, in order of name. The files are read in a process of their own, as deliveries are."""
    # What is computed is refused in supplementary figures (`domain.md` 6.1). The key is nobody's: no hash is kept.
    supplementary_keys = frozenset(field.field_key for field in Catalogue.load().fields if not field.computed)
    reader = ParserProcess(secrets.token_bytes(32), limits, supplementary_keys)
    try:
        for path in paths:
            for file in archive.iter_files(path):
                yield _check(reader, file)
    finally:
        reader.close()


def _check(reader: ParserProcess, file: Path) -> FileCheckResult:
    files = refused = 0
    findings: list[Finding] = []
    try:
        for batch in reader.parse(file, now()):
            files, refused = batch.files, batch.refused_files
            findings += batch.findings
    except (NotFound, ParserCrashed):  # a link to nowhere; whatever else ends a reader: no delivery of it would be taken
        files, refused, findings = 1, 1, [FindingCode.UNREADABLE_FILE.finding(1)]
    names = archive.entry_names(file) if findings else []
    return FileCheckResult(files, refused, [_to_file_finding(file, names, finding) for finding in findings])


def _to_file_finding(file: Path, names: list[str], finding: Finding) -> FileFinding:
    entry = names[finding.file - 1] if 0 < finding.file <= len(names) else None
    return FileFinding(str(file), entry, finding.line, finding.element, finding.severity, finding.code, finding.detail)
