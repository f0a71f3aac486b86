"""The reader's own process: warm, held back by a slow taker, and gone when its parent is; what it says when it dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from preview.core.errors import NotFound, ReaderDied
from preview.model.limits import MIB, Limits
from preview.parsing import delivery
from preview.parsing.delivery import Batch
from preview.parsing.process_client import ReaderProcess
from tests.builders.case_xml import folder, melding, uid
from tests.preview.parsing.parser_helpers import KEY, NOW
from tests.support.process_inspection import children
from tests.support.server_process import REPOSITORY

ENDED = r"^The reader ended while it read a delivery\.$"


@pytest.fixture
def reader() -> Iterator[ReaderProcess]:
    started = ReaderProcess(KEY, Limits(batch_folders=5))
    yield started
    started.close()


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """100 folders, some with findings."""
    path = tmp_path / "folders"
    path.mkdir()
    for number in range(100):
        meldinger = [melding("2024-01-10", "2024-01-12"), melding(None if number % 10 == 0 else "2024-02-01")]
        (path / f"{number:03}.xml").write_bytes(folder(uid(number), meldinger=meldinger))
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """1,000 folders with more in them than lies ready between two processes."""
    path = tmp_path / "large"
    path.mkdir()
    for number in range(1000):
        meldinger = [melding("2024-01-10") for _ in range(40)]
        (path / f"{number:04}.xml").write_bytes(folder(uid(number), meldinger=meldinger))
    return path


def pid(reader: ReaderProcess) -> int:
    assert reader.pid is not None
    return reader.pid


def wait(condition: Callable[[], bool]) -> None:
    """Until it holds, 20 s at most."""
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("It did not come about.")


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_gives_what_reading_in_this_process_gives(reader: ReaderProcess, folders: Path) -> None:
    assert list(reader.read(folders, NOW)) == list(delivery.read(folders, KEY, NOW, Limits(batch_folders=5)))


def test_one_process_serves_one_delivery_after_another(reader: ReaderProcess, folders: Path) -> None:
    list(reader.read(folders, NOW))
    first = pid(reader)
    for name in ("000.xml", "001.xml"):
        [batch] = reader.read(folders / name, NOW)
        assert len(batch.mapper) == 1
    assert pid(reader) == first


def test_a_relative_path_is_meant_from_here(reader: ReaderProcess, folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folders)
    [batch] = reader.read(Path("000.xml"), NOW)
    assert batch.files == 1


def test_nothing_there_is_told_and_the_process_lives_on(reader: ReaderProcess, folders: Path) -> None:
    with pytest.raises(NotFound):
        list(reader.read(folders / "Ola Nordmann.xml", NOW))
    first = pid(reader)
    assert len(list(reader.read(folders / "000.xml", NOW))) == 1
    assert pid(reader) == first


def test_the_fields_that_figures_may_come_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("organization_id,period_id,field_key,value\norg-1,2024,a,1\norg-1,2024,b,1\n")
    reader = ReaderProcess(KEY, Limits(), frozenset({"a"}))
    try:
        [batch] = reader.read(tmp_path / "a.csv", NOW)
    finally:
        reader.close()
    assert [figur.field_key for figur in batch.figurer] == ["a"]


def test_it_can_be_started_ahead(reader: ReaderProcess, folders: Path) -> None:
    reader.warm()
    first = pid(reader)
    assert len(list(reader.read(folders / "000.xml", NOW))) == 1
    assert pid(reader) == first


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_reader_that_is_killed_is_told_and_a_new_one_reads_the_next(
    reader: ReaderProcess, large: Path, folders: Path, which: str
) -> None:
    batches = reader.read(large, NOW)
    next(batches)
    first = pid(reader)
    [second] = children(first)
    os.kill(first if which == "first" else second, signal.SIGKILL)
    with pytest.raises(ReaderDied, match=ENDED):
        list(batches)
    wait(lambda: not (is_running(first) or is_running(second)))
    assert len(list(reader.read(folders / "000.xml", NOW))) == 1
    assert pid(reader) != first


def test_two_read_a_large_delivery_and_one_a_small(reader: ReaderProcess, large: Path, folders: Path) -> None:
    list(reader.read(folders / "000.xml", NOW))
    [second] = children(pid(reader))
    before = _bytes_read(second)
    list(reader.read(folders / "001.xml", NOW))
    assert _bytes_read(second) == before
    size = sum(path.stat().st_size for path in large.iterdir())
    list(reader.read(large, NOW))
    assert size / 2 < _bytes_read(second) - before < size * 0.7


def test_a_reader_that_died_while_idle_is_told_once(reader: ReaderProcess, folders: Path) -> None:
    list(reader.read(folders / "000.xml", NOW))
    os.kill(pid(reader), signal.SIGKILL)
    with pytest.raises(ReaderDied, match=ENDED):
        list(reader.read(folders / "000.xml", NOW))
    assert len(list(reader.read(folders / "000.xml", NOW))) == 1


def test_a_reading_that_is_given_up_ends_the_process(reader: ReaderProcess, folders: Path) -> None:
    batches = reader.read(folders, NOW)
    next(batches)
    first = pid(reader)
    batches.close()  # pyright: ignore[reportAttributeAccessIssue] it is a generator
    wait(lambda: not is_running(first))
    assert len(list(reader.read(folders / "000.xml", NOW))) == 1


def test_closing_ends_the_process_also_while_it_reads(reader: ReaderProcess, large: Path) -> None:
    batches = reader.read(large, NOW)
    next(batches)
    first = pid(reader)
    reader.close()
    assert not is_running(first)
    with pytest.raises(ReaderDied, match=ENDED):
        list(batches)
    reader.close()


def test_a_file_that_asks_for_too_much_memory_ends_the_reader_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "bomb.xml").write_bytes(folder(meldinger=["<M/>" * 3_000_000]))
    (tmp_path / "good.xml").write_bytes(folder())
    reader = ReaderProcess(KEY, Limits(memory_bytes=300 * MIB))
    try:
        with pytest.raises(ReaderDied, match=ENDED):
            list(reader.read(tmp_path / "bomb.xml", NOW))
        assert len(list(reader.read(tmp_path / "good.xml", NOW))) == 1
    finally:
        reader.close()


def test_a_slow_taker_holds_the_reader_up(reader: ReaderProcess, large: Path) -> None:
    size = sum(path.stat().st_size for path in large.iterdir())
    batches = reader.read(large, NOW)
    next(batches)
    wait(lambda: _is_asleep(pid(reader)))
    held_up_at = _bytes_read(pid(reader))
    assert list(batches)[-1].files == 1000
    assert _bytes_read(pid(reader)) > held_up_at + size / 2


def _is_asleep(process: int) -> bool:
    """Whether it has done nothing for a while."""
    before = Path(f"/proc/{process}/stat").read_text().split()[13:15]
    time.sleep(0.3)
    return Path(f"/proc/{process}/stat").read_text().split()[13:15] == before


def _bytes_read(process: int) -> int:
    return int(Path(f"/proc/{process}/io").read_text().split()[1])


PARENT = """
import signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
from preview.model.limits import Limits
from preview.parsing.process_client import ReaderProcess

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background ignores it, and so would this
reader = ReaderProcess(b"k", Limits())
batches = reader.read(Path(sys.argv[1]), datetime(2025, 6, 15, tzinfo=UTC))
next(batches)
print(reader.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def parent(folders: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that reads with a child of its own, in a session of its own, as in a terminal."""
    started = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folders)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield started
    started.kill()
    started.communicate()


def child_of(parent: subprocess.Popen[str]) -> int:
    assert parent.stdout is not None
    return int(parent.stdout.readline())


def test_the_child_goes_with_its_parent(parent: subprocess.Popen[str]) -> None:
    child = child_of(parent)
    assert is_running(child)
    parent.kill()
    wait(lambda: not is_running(child))


def test_ctrl_c_reaches_the_parent_alone(parent: subprocess.Popen[str]) -> None:
    child = child_of(parent)
    os.killpg(parent.pid, signal.SIGINT)
    _, said = parent.communicate(timeout=20)
    assert said.count("Traceback") == 1  # the parent's own
    assert "preview/parsing/worker_process.py" not in said
    wait(lambda: not is_running(child))


def test_the_child_is_light(reader: ReaderProcess, folders: Path) -> None:
    """It holds neither Panel nor Tornado nor a store: it starts fast, and there is little to attack."""
    list(reader.read(folders / "000.xml", NOW))
    maps = Path(f"/proc/{pid(reader)}/maps").read_text()
    assert "lxml" in maps
    assert not [name for name in ("sqlite", "tornado", "numpy", "bokeh") if name in maps]


def test_batches_are_typed(reader: ReaderProcess, folders: Path) -> None:
    assert all(isinstance(batch, Batch) for batch in reader.read(folders, NOW))
