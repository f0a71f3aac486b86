"""The parser process: reuse, back-pressure, crashes, memory limit and end."""

import gc
import itertools
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from preview.core.errors import NotFound, ParserCrashed, ParserTooSlow, Unavailable
from preview.model.limits import MIB, Limits
from preview.parsing import delivery, process_client
from preview.parsing.messages import Batch
from preview.parsing.process_client import ParserProcess
from tests.builders.case_xml import folder, melding, uid
from tests.preview.parsing.parser_helpers import KEY, NOW
from tests.support.descriptor_limit import no_descriptor_left
from tests.support.process_inspection import child_pids
from tests.support.server_process import REPOSITORY

CRASH_MESSAGE = r"^The parser process ended while it parsed a delivery\.$"


@pytest.fixture
def parser() -> Iterator[ParserProcess]:
    started = ParserProcess(KEY, Limits(batch_folders=5))
    yield started
    started.close()


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """100 case files, some with findings."""
    path = tmp_path / "folders"
    path.mkdir()
    for number in range(100):
        meldinger = [melding("2024-01-10", "2024-01-12"), melding(None if number % 10 == 0 else "2024-02-01")]
        (path / f"{number:03}.xml").write_bytes(folder(uid(number), meldinger=meldinger))
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """1,000 case files, more than fit into the buffers between two processes."""
    path = tmp_path / "large"
    path.mkdir()
    for number in range(1000):
        meldinger = [melding("2024-01-10") for _ in range(40)]
        (path / f"{number:04}.xml").write_bytes(folder(uid(number), meldinger=meldinger))
    return path


def parser_pid(parser: ParserProcess) -> int:
    assert parser.pid is not None
    return parser.pid


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, at most 20 s."""
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


def test_batches_equal_parsing_in_same_process(parser: ParserProcess, folders: Path) -> None:
    assert list(parser.parse(folders, NOW)) == list(delivery.parse_delivery(folders, KEY, NOW, Limits(batch_folders=5)))


def test_collector_ignores_records_and_rests_only_meanwhile(parser: ParserProcess, folders: Path) -> None:
    records = [
        record for batch in parser.parse(folders, NOW) for each in batch.folders for record in (each, each.content)
    ]
    assert records
    assert not any(map(gc.is_tracked, records))
    assert gc.isenabled()


def test_one_process_serves_one_delivery_after_another(parser: ParserProcess, folders: Path) -> None:
    list(parser.parse(folders, NOW))
    first = parser_pid(parser)
    for name in ("000.xml", "001.xml"):
        [batch] = parser.parse(folders / name, NOW)
        assert len(batch.folders) == 1
    assert parser_pid(parser) == first


def test_relative_path_resolves_in_calling_process(
    parser: ParserProcess, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folders)
    [batch] = parser.parse(Path("000.xml"), NOW)
    assert batch.files == 1


def test_missing_path_is_not_found_and_process_survives(parser: ParserProcess, folders: Path) -> None:
    with pytest.raises(NotFound):
        list(parser.parse(folders / "Ola Nordmann.xml", NOW))
    first = parser_pid(parser)
    assert len(list(parser.parse(folders / "000.xml", NOW))) == 1
    assert parser_pid(parser) == first


def test_field_keys_are_passed_to_process(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("organization_id,period_id,field_key,value\norg-1,2024,a,1\norg-1,2024,b,1\n")
    parser = ParserProcess(KEY, Limits(), frozenset({"a"}))
    try:
        [batch] = parser.parse(tmp_path / "a.csv", NOW)
    finally:
        parser.close()
    assert [figur.field_key for figur in batch.figures] == ["a"]


def test_process_can_be_started_in_advance(parser: ParserProcess, folders: Path) -> None:
    parser.start()
    first = parser_pid(parser)
    assert len(list(parser.parse(folders / "000.xml", NOW))) == 1
    assert parser_pid(parser) == first


@pytest.mark.parametrize("which", ["first", "second"])
def test_killed_process_raises_and_next_call_restarts(
    parser: ParserProcess, large: Path, folders: Path, which: str
) -> None:
    batches = parser.parse(large, NOW)
    next(batches)
    first = parser_pid(parser)
    [second] = child_pids(first)
    os.kill(first if which == "first" else second, signal.SIGKILL)
    with pytest.raises(ParserCrashed, match=CRASH_MESSAGE):
        list(batches)
    wait_until(lambda: not (is_running(first) or is_running(second)))
    assert len(list(parser.parse(folders / "000.xml", NOW))) == 1
    assert parser_pid(parser) != first


def test_process_that_cannot_be_started_is_a_passing_fault(parser: ParserProcess, folders: Path) -> None:
    with no_descriptor_left(os.getpid()), pytest.raises(Unavailable, match="Too many files"):
        list(parser.parse(folders, NOW))
    assert list(parser.parse(folders, NOW))


def test_helper_parses_only_large_deliveries(parser: ParserProcess, large: Path, folders: Path) -> None:
    list(parser.parse(folders / "000.xml", NOW))
    [second] = child_pids(parser_pid(parser))
    before = _bytes_read(second)
    list(parser.parse(folders / "001.xml", NOW))
    assert _bytes_read(second) == before
    size = sum(path.stat().st_size for path in large.iterdir())
    list(parser.parse(large, NOW))
    # How the files are shared depends on what else the machine does; each process parses some of them.
    assert size / 100 < _bytes_read(second) - before < size


def test_crash_while_idle_is_raised_once(parser: ParserProcess, folders: Path) -> None:
    list(parser.parse(folders / "000.xml", NOW))
    os.kill(parser_pid(parser), signal.SIGKILL)
    with pytest.raises(ParserCrashed, match=CRASH_MESSAGE):
        list(parser.parse(folders / "000.xml", NOW))
    assert len(list(parser.parse(folders / "000.xml", NOW))) == 1


def test_abandoned_iteration_ends_process(parser: ParserProcess, folders: Path) -> None:
    batches = parser.parse(folders, NOW)
    next(batches)
    first = parser_pid(parser)
    batches.close()  # pyright: ignore[reportAttributeAccessIssue] it is a generator
    wait_until(lambda: not is_running(first))
    assert len(list(parser.parse(folders / "000.xml", NOW))) == 1


def test_close_ends_process_during_parsing(parser: ParserProcess, large: Path) -> None:
    batches = parser.parse(large, NOW)
    next(batches)
    first = parser_pid(parser)
    parser.close()
    assert not is_running(first)
    with pytest.raises(ParserCrashed, match=CRASH_MESSAGE):
        list(batches)
    parser.close()


def test_memory_limit_ends_only_parser_process(tmp_path: Path) -> None:
    (tmp_path / "bomb.xml").write_bytes(folder(meldinger=["<M/>" * 3_000_000]))
    (tmp_path / "good.xml").write_bytes(folder())
    parser = ParserProcess(KEY, Limits(memory_bytes=300 * MIB))
    try:
        with pytest.raises(ParserCrashed, match=CRASH_MESSAGE):
            list(parser.parse(tmp_path / "bomb.xml", NOW))
        assert len(list(parser.parse(tmp_path / "good.xml", NOW))) == 1
    finally:
        parser.close()


def test_slow_consumer_blocks_parser(parser: ParserProcess, large: Path) -> None:
    size = sum(path.stat().st_size for path in large.iterdir())
    batches = parser.parse(large, NOW)
    next(batches)
    wait_until(lambda: _is_asleep(parser_pid(parser)))
    blocked_at = _bytes_read(parser_pid(parser))
    assert list(batches)[-1].files == 1000
    assert _bytes_read(parser_pid(parser)) > blocked_at + size / 2


def _is_asleep(process: int) -> bool:
    """Return whether a process has used no CPU for a while."""
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
from preview.parsing.process_client import ParserProcess

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for background jobs
parser = ParserProcess(b"k", Limits())
batches = parser.parse(Path(sys.argv[1]), datetime(2025, 6, 15, tzinfo=UTC))
next(batches)
print(parser.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def parent(folders: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that parses in a process of its own, in its own session, as in a terminal."""
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


def child_pid_of(parent: subprocess.Popen[str]) -> int:
    assert parent.stdout is not None
    return int(parent.stdout.readline())


def test_process_ends_with_its_parent(parent: subprocess.Popen[str]) -> None:
    child = child_pid_of(parent)
    assert is_running(child)
    parent.kill()
    wait_until(lambda: not is_running(child))


def test_ctrl_c_reaches_only_parent(parent: subprocess.Popen[str]) -> None:
    child = child_pid_of(parent)
    os.killpg(parent.pid, signal.SIGINT)
    _, stderr = parent.communicate(timeout=20)
    assert stderr.count("Traceback") == 1  # the parent's own
    assert "preview/parsing/worker_process.py" not in stderr
    wait_until(lambda: not is_running(child))


def test_parser_process_loads_no_server_libraries(parser: ParserProcess, folders: Path) -> None:
    """Without Panel, Tornado and the store the process starts fast and has little to attack."""
    list(parser.parse(folders / "000.xml", NOW))
    maps = Path(f"/proc/{parser_pid(parser)}/maps").read_text()
    assert "lxml" in maps
    assert not [name for name in ("sqlite", "tornado", "numpy", "bokeh") if name in maps]


def test_batches_are_typed(parser: ParserProcess, folders: Path) -> None:
    assert all(isinstance(batch, Batch) for batch in parser.parse(folders, NOW))


def test_hanging_parser_is_killed_and_the_next_delivery_is_parsed(tmp_path: Path) -> None:
    parser = ParserProcess(KEY, Limits(), progress_seconds=1.0)
    path = tmp_path / "a.xml"
    path.write_bytes(folder())
    assert list(parser.parse(path, NOW))
    pid = parser.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ParserCrashed, match="no progress for 1 s"):
        list(parser.parse(path, NOW))
    assert list(parser.parse(path, NOW))
    assert parser.pid != pid
    parser.close()


def test_archive_that_is_slow_for_its_bytes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand empty entries take as long as a batch of cases, and have next to no bytes. The clock is simulated:
    each batch takes a second.
    """
    path = tmp_path / "slow.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(12_000):
            archive.writestr(str(number), b"")
    clock = itertools.count()
    monkeypatch.setattr(process_client, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    slow = ParserProcess(KEY, Limits(), progress_seconds=4.0, seconds_per_mb=0.001)
    seen: list[Batch] = []
    with pytest.raises(ParserTooSlow):
        seen.extend(slow.parse(path, NOW))
    slow.close()
    allowing = ParserProcess(KEY, Limits(), progress_seconds=4.0, seconds_per_mb=10.0)
    assert list(allowing.parse(path, NOW))[-1].files == 12_000
    allowing.close()
