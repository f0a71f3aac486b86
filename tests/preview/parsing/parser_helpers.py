"""Reads files the way a delivery does, for tests of the readers."""

from datetime import UTC, datetime
from typing import Any

from preview.model.case_records import Arsfil, Innhold, Mappe
from preview.parsing import file_parser
from preview.parsing.file_parser import Contents
from preview.parsing.ssb_checks.rules import CODE
from tests.builders.case_xml import folder

KEY = b"a key of thirty-two bytes, tests"
NOW = datetime(2025, 6, 15, 12, 0, tzinfo=UTC)


def contents(data: bytes, now: datetime = NOW, key: bytes = KEY) -> Contents:
    """Everything that is read of one file."""
    return file_parser.read(data, 1, key, now)


def one_mappe(data: bytes, now: datetime = NOW, key: bytes = KEY) -> Mappe:
    """The folder of a file that has one and is not refused."""
    read = contents(data, now, key)
    assert not read.refused, read.findings
    assert len(read.mapper) == 1
    return read.mapper[0]


def one_arsfil(data: bytes, key: bytes = KEY) -> Arsfil:
    """The 15F file of a file that is one and is not refused."""
    read = contents(data, key=key)
    assert not read.refused, read.findings
    assert len(read.arsfiler) == 1
    return read.arsfiler[0]


def innhold(**case: Any) -> Innhold:
    """What is kept of a case; `case` is what `tests.builders.case_xml.folder` takes."""
    kept = one_mappe(folder(**case)).innhold
    assert kept is not None
    return kept


def told(data: bytes) -> list[tuple[str, str, str]]:
    """Severity, code and element of each finding of a file."""
    return [(each.severity.value, each.code, each.element) for each in contents(data).findings]


def findings_in(data: bytes) -> list[tuple[str, str, str]]:
    """Those of `domain.md` 10."""
    return [each for each in told(data) if not each[1].startswith(CODE)]


def controls_in(data: bytes) -> list[tuple[str, str, str]]:
    """Those of controls, by their ids."""
    return [(severity, code.removeprefix(CODE), element) for severity, code, element in told(data) if code.startswith(CODE)]


def findings(**case: Any) -> list[tuple[str, str, str]]:
    """Those of `domain.md` 10, of a `folder` of that case."""
    return findings_in(folder(**case))


def controls(**case: Any) -> list[tuple[str, str, str]]:
    """Those of controls, of a `folder` of that case."""
    return controls_in(folder(**case))


def refusal(data: bytes, now: datetime = NOW) -> tuple[str, int, str]:
    """Code, line and element of why a file is refused."""
    read = contents(data, now)
    assert read.refused
    assert (read.mapper, read.arsfiler, read.figurer, read.oppforinger) == ([], [], [], [])
    assert len(read.findings) == 1
    found = read.findings[0]
    assert found.severity == "refused"
    assert found.file == 1
    return found.code, found.line, found.element
