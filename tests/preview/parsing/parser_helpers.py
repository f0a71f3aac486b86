"""Parses files as in a delivery, for tests of the parser."""

from datetime import UTC, datetime
from typing import Any

from preview.model.case_records import AnnualFile, CaseContent, CaseFolder
from preview.model.file_format import FileFormat
from preview.model.findings import CHECK_PREFIX
from preview.parsing import file_parser, kostra_15f, xml_input
from preview.parsing.file_parser import FileContents
from tests.builders.case_xml import folder

KEY = b"a key of thirty-two bytes, tests"
NOW = datetime(2025, 6, 15, 12, 0, tzinfo=UTC)


def parse(data: bytes, now: datetime = NOW, key: bytes = KEY) -> FileContents:
    """Return the content of one file. If it can be parsed without its tree, that must give the same."""
    contents = file_parser.parse_file(data, 1, key, now)
    streamed = kostra_15f.parse_streamed(data, 1, key) if xml_input.looks_like_xml(data) else None
    if streamed is not None:
        annual_file, findings = streamed
        assert FileContents(FileFormat.KOSTRA_15F, annual_files=[annual_file], findings=findings) == contents
    return contents


def parse_single_folder(data: bytes, now: datetime = NOW, key: bytes = KEY) -> CaseFolder:
    """Return the record of a file with one case, which must not be refused."""
    contents = parse(data, now, key)
    assert not contents.refused, contents.findings
    assert len(contents.folders) == 1
    return contents.folders[0]


def parse_single_annual_file(data: bytes, key: bytes = KEY) -> AnnualFile:
    """Return the record of a 15F file, which must not be refused."""
    contents = parse(data, key=key)
    assert not contents.refused, contents.findings
    assert len(contents.annual_files) == 1
    return contents.annual_files[0]


def case_content(**case: Any) -> CaseContent:
    """Return the stored content of a case; `case` has the arguments of `case_xml.folder`."""
    content = parse_single_folder(folder(**case)).content
    assert content is not None
    return content


def all_findings_in(data: bytes) -> list[tuple[str, str, str]]:
    """Return severity, code and element of each finding of a file."""
    return [(finding.severity.value, finding.code, finding.element) for finding in parse(data).findings]


def findings_in(data: bytes) -> list[tuple[str, str, str]]:
    """Return the findings of a file without those of checks."""
    return [finding for finding in all_findings_in(data) if not finding[1].startswith(CHECK_PREFIX)]


def check_findings_in(data: bytes) -> list[tuple[str, str, str]]:
    """Return the findings of checks of a file, by the checks' ids."""
    return [
        (severity, code.removeprefix(CHECK_PREFIX), element)
        for severity, code, element in all_findings_in(data)
        if code.startswith(CHECK_PREFIX)
    ]


def findings(**case: Any) -> list[tuple[str, str, str]]:
    """Return the findings of a case without those of checks."""
    return findings_in(folder(**case))


def check_findings(**case: Any) -> list[tuple[str, str, str]]:
    """Return the findings of checks of a case."""
    return check_findings_in(folder(**case))


def rejection(data: bytes, now: datetime = NOW) -> tuple[str, int, str]:
    """Return code, line and element of the reason why a file is refused."""
    contents = parse(data, now)
    assert contents.refused
    assert (contents.folders, contents.annual_files, contents.figures, contents.listings) == ([], [], [], [])
    assert len(contents.findings) == 1
    finding = contents.findings[0]
    assert finding.severity == "refused"
    assert finding.file == 1
    return finding.code, finding.line, finding.element
