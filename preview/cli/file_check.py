"""What is wrong with local files, told to whoever has them: each finding with the path of its file. Nothing is stored.

Only what can be told from a file by itself: whether a case system has left out a delivery, or an organisation is known, a store tells.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import msgspec

from preview.core.clock import now
from preview.core.errors import NotFound, ReaderDied
from preview.form.catalogue import Catalogue
from preview.model.findings import Code, Finding, Severity
from preview.model.limits import Limits
from preview.parsing import archive
from preview.parsing.process_client import ReaderProcess


class Located(msgspec.Struct, frozen=True):
    """A finding in a local file; `entry` is the name of a file within a ZIP."""

    path: str
    entry: str | None
    line: int
    element: str
    severity: Severity
    code: str
    detail: str


class Checked(msgspec.Struct, frozen=True):
    """One local file: how many files are in it (a ZIP has many), how many of them are refused, and what was found."""

    files: int
    refused_files: int
    findings: list[Located]


def check(paths: list[Path], limits: Limits) -> Iterator[Checked]:
    """File after file, in order of name. The files are read in a process of their own, as deliveries are."""
    # What is computed is refused in supplementary figures (`domain.md` 6.1). The key is nobody's: no hash is kept.
    fields = frozenset(field.field_key for field in Catalogue.load().fields if not field.computed)
    reader = ReaderProcess(secrets.token_bytes(32), limits, fields)
    try:
        for path in paths:
            for file in archive.files(path):
                yield _check(reader, file)
    finally:
        reader.close()


def _check(reader: ReaderProcess, file: Path) -> Checked:
    files = refused = 0
    findings: list[Finding] = []
    try:
        for batch in reader.read(file, now()):
            files, refused = batch.files, batch.refused_files
            findings += batch.findings
    except (NotFound, ReaderDied):  # a link to nowhere; whatever else ends a reader: no delivery of it would be taken
        files, refused, findings = 1, 1, [Code.UNREADABLE_FILE.at(1)]
    names = archive.entry_names(file) if findings else []
    return Checked(files, refused, [_located(file, names, finding) for finding in findings])


def _located(file: Path, names: list[str], finding: Finding) -> Located:
    entry = names[finding.file - 1] if 0 < finding.file <= len(names) else None
    return Located(str(file), entry, finding.line, finding.element, finding.severity, finding.code, finding.detail)
