"""Reads files the way a delivery does, for tests of the readers."""

from datetime import UTC, datetime
from typing import Any

from preview.model.case_records import AnnualFile, CaseContent, CaseFolder
from preview.model.findings import CHECK_PREFIX
from preview.parsing import file_parser
from preview.parsing.file_parser import FileContents
from tests.builders.case_xml import folder

KEY = b"a key of thirty-two bytes, tests"
NOW = datetime(2025, 6, 15, 12, 0, tzinfo=UTC)


def parse(data: bytes, now: datetime = NOW, key: bytes = KEY) -> FileContents:
    """Everything that is read of one file."""
    return file_parser.parse_file(data, 1, key, now)


def parse_single_folder(data: bytes, now: datetime = NOW, key: bytes = KEY) -> CaseFolder:
    """The folder of a file that has one and is not refused."""
    contents = parse(data, now, key)
    assert not contents.refused, contents.findings
    assert len(contents.folders) == 1
    return contents.folders[0]


def parse_single_annual_file(data: bytes, key: bytes = KEY) -> AnnualFile:
    """The 15F file of a file that is one and is not refused."""
    contents = parse(data, key=key)
    assert not contents.refused, contents.findings
    assert len(contents.annual_files) == 1
    return contents.annual_files[0]


def case_content(**case: Any) -> CaseContent:
    """What is kept of a case; `case` is what `tests.builders.case_xml.folder` takes."""
    content = parse_single_folder(folder(**case)).content
    assert content is not None
    return content


def all_findings_in(data: bytes) -> list[tuple[str, str, str]]:
    """Severity, code and element of each finding of a file."""
    return [(each.severity.value, each.code, each.element) for each in parse(data).findings]


def findings_in(data: bytes) -> list[tuple[str, str, str]]:
    """Those of `domain.md` 10."""
    return [each for each in all_findings_in(data) if not each[1].startswith(CHECK_PREFIX)]


def check_findings_in(data: bytes) -> list[tuple[str, str, str]]:
    """Those of controls, by their ids."""
    return [
        (severity, code.removeprefix(CHECK_PREFIX), element)
        for severity, code, element in all_findings_in(data)
        if code.startswith(CHECK_PREFIX)
    ]


def findings(**case: Any) -> list[tuple[str, str, str]]:
    """Those of `domain.md` 10, of a `folder` of that case."""
    return findings_in(folder(**case))


def check_findings(**case: Any) -> list[tuple[str, str, str]]:
    """Those of controls, of a `folder` of that case."""
    return check_findings_in(folder(**case))


def rejection(data: bytes, now: datetime = NOW) -> tuple[str, int, str]:
    """Code, line and element of why a file is refused."""
    contents = parse(data, now)
    assert contents.refused
    assert (contents.folders, contents.annual_files, contents.figures, contents.listings) == ([], [], [], [])
    assert len(contents.findings) == 1
    finding = contents.findings[0]
    assert finding.severity == "refused"
    assert finding.file == 1
    return finding.code, finding.line, finding.element
