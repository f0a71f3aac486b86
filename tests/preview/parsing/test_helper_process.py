"""The second reader: what two read is what one reads, in order, and nothing of a reading that ended early is taken for the next one's."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from multiprocessing import Pipe
from pathlib import Path

import pytest

from preview.model.findings import Code
from preview.model.limits import Limits
from preview.parsing import delivery, file_parser, helper_process
from preview.parsing.archive import Item
from preview.parsing.file_parser import Contents
from preview.parsing.helper_process import Second, SecondDied, SecondFailed
from tests.builders.case_xml import folder, melding, uid
from tests.preview.parsing.parser_helpers import KEY, NOW

FIGURES = b"organization_id,period_id,field_key,value\norg-1,2024,antall_arsverk,1\n"


def there(data: bytes, file: int, now: datetime) -> Contents:
    """As the second reads it, so that it is known who has read it."""
    if data == b"fails":
        raise ValueError("Ola Nordmann")
    return Contents(None, findings=[Code.NOT_WELL_FORMED.at(file, detail=f"there {data.decode()} {now.year}")])


def here(item: Item) -> Contents | None:
    if item.data == b"fails here":
        raise KeyError(item.file)
    return None if item.refused else Contents(None, findings=[Code.NOT_WELL_FORMED.at(item.file, detail=f"here {item.data.decode()}")])


def items(*names: str) -> Iterator[Item]:
    return (Item(file, 0, name.encode()) for file, name in enumerate(names, start=1))


def told(pairs: Iterator[tuple[Item, Contents | None]]) -> list[str]:
    return [contents.findings[0].detail if contents else "refused" for _, contents in pairs]


Started = Callable[[Callable[[bytes, int, datetime], Contents]], Second]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """One that takes two files in a row, the first one taking one, on a thread of this process."""
    monkeypatch.setattr(helper_process, "_OWN_FILES", 1)
    monkeypatch.setattr(helper_process, "_OTHER_FILES", 2)
    open_: list[threading.Thread] = []
    ours, theirs = Pipe()

    def start(read: Callable[[bytes, int, datetime], Contents]) -> Second:
        open_.append(threading.Thread(target=helper_process.serve, args=(theirs, read, lambda error: type(error).__name__)))
        open_[0].start()
        return Second(ours)

    yield start
    ours.close()
    for thread in open_:
        thread.join()
    theirs.close()


def test_files_come_in_order_whoever_reads_them(started: Started) -> None:
    other = started(there)
    assert told(other.read(items(*"abcdefg"), NOW, here)) == [
        "here a",
        "there b 2025",
        "there c 2025",
        "here d",
        "there e 2025",
        "there f 2025",
        "here g",
    ]
    assert told(other.read(items("a"), NOW, here)) == ["here a"]
    assert told(other.read(items(), NOW, here)) == []


def test_what_is_refused_by_its_archive_nobody_reads(started: Started) -> None:
    refused = Code.ARCHIVE_ENTRY.at(2)
    walked = iter([Item(1, 0, b"a"), Item(2, 0, refused=refused), Item(3, 0, b"c"), Item(4, 0, refused=refused), Item(5, 0, b"e")])
    assert told(started(there).read(walked, NOW, here)) == ["here a", "refused", "there c 2025", "refused", "there e 2025"]


def test_large_files_come_in_small_blocks(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_process, "_BLOCK_BYTES", 1)
    assert told(started(there).read(items(*"abcd"), NOW, here)) == ["here a", "there b 2025", "here c", "there d 2025"]


def test_its_error_is_told_without_its_message_and_it_goes_on(started: Started) -> None:
    other = started(there)
    with pytest.raises(SecondFailed, match=r"^ValueError$"):
        told(other.read(items("a", "fails", "c"), NOW, here))
    assert told(other.read(items(*"abc"), NOW, here)) == ["here a", "there b 2025", "there c 2025"]


def test_nothing_of_a_reading_that_ends_early_is_taken_for_the_next_one_s(started: Started) -> None:
    other = started(there)
    with pytest.raises(KeyError):
        told(other.read(items("fails here", "b", "c"), NOW, here))
    given_up = other.read(items(*"abcdefghi"), NOW, here)
    next(given_up)
    given_up.close()  # pyright: ignore[reportAttributeAccessIssue] it is a generator
    assert told(other.read(items(*"xyz"), NOW, here)) == ["here x", "there y 2025", "there z 2025"]


def test_that_it_died_is_told() -> None:
    ours, theirs = Pipe()
    theirs.close()
    names = [str(number) for number in range(100)]
    with pytest.raises(SecondDied):
        told(Second(ours).read(items(*names), NOW, here))


def test_a_delivery_of_every_kind_is_read_alike(started: Started, tmp_path: Path) -> None:
    for number in range(40):
        meldinger = [melding(None if number % 7 == 0 else "2024-01-10")]
        data = {5: b"?", 11: b"", 17: FIGURES}.get(number, folder(uid(number), meldinger=meldinger))
        (tmp_path / f"{number:02}.xml").write_bytes(data)
    other = started(lambda data, file, now: file_parser.read(data, file, KEY, now, None))
    limits = Limits(batch_folders=7)
    assert list(delivery.read(tmp_path, KEY, NOW, limits, None, other)) == list(delivery.read(tmp_path, KEY, NOW, limits))
