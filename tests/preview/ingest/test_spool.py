"""Tests of spool files: their permissions, that only complete files appear, and their fingerprints."""

import errno
import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from preview.core.errors import PayloadTooLarge, Unavailable
from preview.ingest.spool import Spool
from preview.ingest.spool_file import SpoolFile


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", 10, 7)


def names(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "spool").iterdir())


def test_spool_file_is_private_and_partial_until_commit(tmp_path: Path, spool: Spool) -> None:
    with spool.open() as file:
        file.write(b"one")
        (name,) = names(tmp_path)
        assert name.startswith("7-")
        assert name.endswith(".part")
        assert stat.S_IMODE((tmp_path / "spool" / name).stat().st_mode) == 0o600
        file.seal()
        assert names(tmp_path) == [name]
        spooled = file.commit()
    assert names(tmp_path) == [spooled.name] == [name.removesuffix(".part")]
    assert spool.path(spooled.name).read_bytes() == b"one"
    assert (spooled.size_bytes, spooled.sha256) == (3, hashlib.sha256(b"one").hexdigest())


def test_content_is_synced_before_the_final_name(tmp_path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    with spool.open() as file:
        file.write(b"one")
        name = file.commit().name
    assert synced == [f"{name}.part", "spool"]


def test_uncommitted_file_is_deleted(tmp_path: Path, spool: Spool) -> None:
    with spool.open(multi_file=True) as file:
        file.start_file()
        file.write(b"one")
    assert names(tmp_path) == []
    with pytest.raises(Unavailable):
        file.write(b"two")
    with pytest.raises(Unavailable):
        file.commit()


def test_committed_file_survives_abort(tmp_path: Path, spool: Spool) -> None:
    with spool.open() as file:
        file.commit()
    file.abort()
    assert len(names(tmp_path)) == 1


def test_size_limit_counts_delivered_bytes(tmp_path: Path, spool: Spool) -> None:
    with spool.open(multi_file=True) as file:
        for _ in range(5):
            file.start_file()
            file.write(b"12")
        with pytest.raises(PayloadTooLarge, match="10 bytes"):
            file.write(b"1")
        spooled = file.commit()
    assert (spooled.size_bytes, spooled.sha256) == (10, hashlib.sha256(b"12" * 5).hexdigest())


def fingerprint(spool: Spool, *files: bytes) -> bytes:
    with spool.open(multi_file=True) as file:
        for content in files:
            file.start_file()
            file.write(content)
        file.seal()
        return file.fingerprint


def test_fingerprint_identifies_the_files(spool: Spool) -> None:
    assert fingerprint(spool, b"ab", b"c") == fingerprint(spool, b"ab", b"c")
    assert (
        len(
            {
                fingerprint(spool, *files)
                for files in ([b"ab", b"c"], [b"a", b"bc"], [b"abc"], [b"abc", b""], [b"c", b"ab"])
            }
        )
        == 5
    )


def test_full_disk_raises_a_retryable_error(tmp_path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with spool.open() as file:
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(Unavailable, match="no room"):
            file.write(b"one")
    assert names(tmp_path) == []


def test_file_can_be_aborted_while_written(tmp_path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client disconnects while its last bytes are being written."""
    writing, go_on = threading.Event(), threading.Event()
    write = os.write

    def slow(descriptor: int, data: bytes) -> int:
        writing.set()
        assert go_on.wait(10)
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", slow)
    file = spool.open()
    threads = [threading.Thread(target=file.write, args=(b"one",)), threading.Thread(target=file.abort)]
    threads[0].start()
    assert writing.wait(10)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert names(tmp_path) == []


def test_close_deletes_unfinished_files(tmp_path: Path, spool: Spool) -> None:
    begun: list[SpoolFile] = [spool.open(), Spool(tmp_path / "spool", 10, 77).open()]
    whole = spool.write([b"one"])
    spool.close()
    assert names(tmp_path) == sorted([whole.name, next(name for name in names(tmp_path) if name.startswith("77-"))])
    for file in begun:
        file.abort()
