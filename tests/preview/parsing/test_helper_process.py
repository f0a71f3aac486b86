"""The helper process: two processes return what one does, in order, and an abandoned parse leaves nothing behind."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from multiprocessing import Pipe
from pathlib import Path

import pytest

from preview.model.findings import FindingCode
from preview.model.limits import Limits
from preview.parsing import delivery, file_parser, helper_process
from preview.parsing.archive import DeliveryFile
from preview.parsing.file_parser import FileContents
from preview.parsing.helper_process import HelperCrashed, HelperError, HelperProcess, ParseFunction
from tests.builders.case_xml import folder, melding, uid
from tests.preview.parsing.parser_helpers import KEY, NOW

FIGURES = b"organization_id,period_id,field_key,value\norg-1,2024,antall_arsverk,1\n"


def parse_in_helper(data: bytes, file: int, now: datetime) -> FileContents:
    """Parse a file and mark the result as that of the helper."""
    if data == b"fails":
        raise ValueError("Ola Nordmann")
    return FileContents(
        None, findings=[FindingCode.NOT_WELL_FORMED.finding(file, detail=f"there {data.decode()} {now.year}")]
    )


def parse_locally(item: DeliveryFile) -> FileContents | None:
    if item.data == b"fails here":
        raise KeyError(item.file)
    return (
        None
        if item.rejection
        else FileContents(
            None, findings=[FindingCode.NOT_WELL_FORMED.finding(item.file, detail=f"here {item.data.decode()}")]
        )
    )


def items(*names: str) -> Iterator[DeliveryFile]:
    return (DeliveryFile(file, 0, name.encode()) for file, name in enumerate(names, start=1))


def details(pairs: Iterator[tuple[DeliveryFile, FileContents | None]]) -> list[str]:
    return [contents.findings[0].detail if contents else "refused" for _, contents in pairs]


StartHelper = Callable[[ParseFunction], HelperProcess]


@pytest.fixture
def start_helper(monkeypatch: pytest.MonkeyPatch) -> Iterator[StartHelper]:
    """Return a helper on a thread of this process, which gets blocks of two files."""
    monkeypatch.setattr(helper_process, "_BLOCK_FILES", 2)
    open_: list[threading.Thread] = []
    ours, theirs = Pipe()

    def start(read: ParseFunction) -> HelperProcess:
        open_.append(
            threading.Thread(target=helper_process.serve, args=(theirs, read, lambda error: type(error).__name__))
        )
        open_[0].start()
        return HelperProcess(ours)

    yield start
    ours.close()
    for thread in open_:
        thread.join()
    theirs.close()


class Rendezvous:
    """Lets the helper answer a block only once a number of files have been parsed here since the block before it."""

    def __init__(self, files_here: int, block: int = 2) -> None:
        self._files_here, self._block = files_here, block
        self._parsed_here, self._parsed_there = threading.Semaphore(0), 0

    def parse_in_helper(self, data: bytes, file: int, now: datetime) -> FileContents:
        self._parsed_there += 1
        if self._parsed_there % self._block == 0:
            for _ in range(self._files_here):
                assert self._parsed_here.acquire(timeout=30)
        return parse_in_helper(data, file, now)

    def parse_locally(self, item: DeliveryFile) -> FileContents | None:
        self._parsed_here.release()
        return parse_locally(item)


def test_results_keep_file_order_across_processes(start_helper: StartHelper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_process, "_MAX_LOCAL_FILES", 2)
    both = Rendezvous(files_here=2)
    other = start_helper(both.parse_in_helper)
    assert details(other.parse(items(*"abcdefgh"), NOW, both.parse_locally)) == [
        "there a 2025",
        "there b 2025",
        "here c",
        "here d",
        "there e 2025",
        "there f 2025",
        "here g",
        "here h",
    ]


def test_delivery_of_one_block_is_parsed_here(start_helper: StartHelper) -> None:
    other = start_helper(parse_in_helper)
    assert details(other.parse(items("a", "b"), NOW, parse_locally)) == ["here a", "here b"]
    assert details(other.parse(items(), NOW, parse_locally)) == []


def test_helper_gets_half_of_last_files(start_helper: StartHelper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_process, "_BLOCK_FILES", 3)
    monkeypatch.setattr(helper_process, "_MAX_LOCAL_FILES", 1)
    both = Rendezvous(files_here=1, block=3)
    parsed = details(start_helper(both.parse_in_helper).parse(items(*"abcdefg"), NOW, both.parse_locally))
    # Half of the three files after `d` is one. Who parses `f` depends on when the helper has answered that one.
    assert parsed[:5] == ["there a 2025", "there b 2025", "there c 2025", "here d", "there e 2025"]
    assert parsed[5] in ("here f", "there f 2025")
    assert parsed[6:] == ["here g"]


def test_files_are_parsed_here_while_helper_is_busy(start_helper: StartHelper, monkeypatch: pytest.MonkeyPatch) -> None:
    """The helper answers its first block only when all other files have been parsed here."""
    both = Rendezvous(files_here=7)
    other = start_helper(both.parse_in_helper)
    monkeypatch.setattr(helper_process, "_MAX_LOCAL_FILES", 7)
    assert details(other.parse(items(*"abcdefghi"), NOW, both.parse_locally)) == [
        "there a 2025",
        "there b 2025",
        *(f"here {name}" for name in "cdefghi"),
    ]


def test_large_files_parsed_here_wait_for_helper(start_helper: StartHelper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their content must not fill the memory while the helper is busy, which it is until two have been parsed here."""
    monkeypatch.setattr(helper_process, "_MAX_LOCAL_BYTES", 2)
    both = Rendezvous(files_here=2)
    parsed = details(start_helper(both.parse_in_helper).parse(items(*"abcdefgh"), NOW, both.parse_locally))
    assert parsed[:6] == ["there a 2025", "there b 2025", "here c", "here d", "there e 2025", "there f 2025"]


def test_entries_refused_by_archive_are_not_parsed(start_helper: StartHelper) -> None:
    refused = FindingCode.ARCHIVE_ENTRY.finding(2)
    walked = [
        DeliveryFile(file, 0, rejection=refused) if file in (2, 4, 7) else DeliveryFile(file, 0, b"x")
        for file in range(1, 9)
    ]
    parsed = list(start_helper(parse_in_helper).parse(iter(walked), NOW, parse_locally))
    assert [item.file for item, _ in parsed] == list(range(1, 9))
    assert [item.file for item, contents in parsed if contents is None] == [2, 4, 7]


def test_large_files_come_in_small_blocks(start_helper: StartHelper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_process, "_BLOCK_FILES", 100)
    monkeypatch.setattr(helper_process, "_BLOCK_BYTES", 1)
    monkeypatch.setattr(helper_process, "_MAX_LOCAL_FILES", 1)
    both = Rendezvous(files_here=1, block=1)
    assert details(start_helper(both.parse_in_helper).parse(items(*"abcd"), NOW, both.parse_locally)) == [
        "there a 2025",
        "here b",
        "there c 2025",
        "here d",
    ]


def test_helper_error_hides_message_and_helper_continues(start_helper: StartHelper) -> None:
    other = start_helper(parse_in_helper)
    with pytest.raises(HelperError, match=r"^ValueError$"):
        details(other.parse(items("a", "fails", "c"), NOW, parse_locally))
    assert details(other.parse(items(*"abc"), NOW, parse_locally))[:1] == ["there a 2025"]


def test_results_of_abandoned_parse_are_discarded(start_helper: StartHelper) -> None:
    other = start_helper(parse_in_helper)
    with pytest.raises(KeyError):
        details(other.parse(items("a", "b", *["fails here"] * 9), NOW, parse_locally))
    given_up = other.parse(items(*"abcdefghi"), NOW, parse_locally)
    next(given_up)
    given_up.close()  # pyright: ignore[reportAttributeAccessIssue] it is a generator
    assert [detail[-6:] for detail in details(other.parse(items(*"xyz"), NOW, parse_locally))][:1] == ["x 2025"]


def test_crashed_helper_raises_helper_crashed() -> None:
    ours, theirs = Pipe()
    theirs.close()
    names = [str(number) for number in range(100)]
    with pytest.raises(HelperCrashed):
        details(HelperProcess(ours).parse(items(*names), NOW, parse_locally))


def test_delivery_parses_equal_with_and_without_helper(start_helper: StartHelper, tmp_path: Path) -> None:
    for number in range(40):
        meldinger = [melding(None if number % 7 == 0 else "2024-01-10")]
        data = {5: b"?", 11: b"", 17: FIGURES}.get(number, folder(uid(number), meldinger=meldinger))
        (tmp_path / f"{number:02}.xml").write_bytes(data)
    other = start_helper(lambda data, file, now: file_parser.parse_file(data, file, KEY, now, None))
    limits = Limits(batch_folders=7)
    assert list(delivery.parse_delivery(tmp_path, KEY, NOW, limits, None, other)) == list(
        delivery.parse_delivery(tmp_path, KEY, NOW, limits)
    )
