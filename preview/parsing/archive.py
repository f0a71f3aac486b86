"""Walks a delivery: a file, a ZIP (in its own order), or a directory (in order of name) or pack with files and ZIPs in it.

No name leaves here: a file is known by its ordinal.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from preview.core.errors import NotFound
from preview.model.findings import Code, Finding, Refused
from preview.model.limits import Limits
from preview.parsing import multi_file_format
from preview.parsing.zip_file import MAGIC, Entry, ZipFile

_NOISE = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")  # what file managers leave behind
_READ_ONLY = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_ENTRY_OVERHEAD = 30 + 46  # bytes of a ZIP entry's two heads, without its name


class Item(NamedTuple):
    """A file of the delivery: its bytes or why they are not read. `file` is its ordinal from 1, `done` the bytes walked so far."""

    file: int
    done: int
    data: bytes = b""
    refused: Finding | None = None


def size(path: Path) -> int:
    """Bytes on disk of all that is to be walked, so that `done` has a whole. Raises `NotFound`."""
    try:
        status = path.stat()
    except OSError:
        raise NotFound("The file or folder to be read is not there.") from None
    if not stat.S_ISDIR(status.st_mode):
        return status.st_size
    return sum(status.st_size for each in files(path) if (status := _status(each)) is not None and stat.S_ISREG(status.st_mode))


def walk(path: Path, limits: Limits) -> Iterator[Item]:
    """The files in order, each read when its turn comes."""
    return _Walk(limits).walk(path)


class _Walk:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.file = 0
        self.done = 0
        self.unpacked = 0

    def walk(self, path: Path) -> Iterator[Item]:
        if not path.is_dir():
            yield from self._file(path, follow=True)
            return
        for each in files(path):
            yield from self._file(each, follow=False)

    def _file(self, path: Path, *, follow: bool) -> Iterator[Item]:
        try:
            mode = path.stat(follow_symlinks=follow).st_mode
            if not stat.S_ISREG(mode):
                yield self._item(refused=Refused(Code.UNREADABLE_FILE if stat.S_ISDIR(mode) else Code.NOT_A_FILE))
                return
            descriptor = os.open(path, _READ_ONLY | (0 if follow else os.O_NOFOLLOW))
        except OSError:
            yield self._item(refused=Refused(Code.UNREADABLE_FILE))
            return
        try:
            yield from self._opened(descriptor)
        finally:
            os.close(descriptor)

    def _opened(self, descriptor: int) -> Iterator[Item]:
        size = os.fstat(descriptor).st_size
        if multi_file_format.is_pack(descriptor):
            yield from self._pack(descriptor, size)
        else:
            yield from self._content(descriptor, 0, size)

    def _pack(self, descriptor: int, size: int) -> Iterator[Item]:
        end = self.done + size
        try:
            for start, length in multi_file_format.places(descriptor, size):
                yield from self._content(descriptor, start, length)
                if self.file >= self.limits.max_files:
                    raise Refused(Code.ARCHIVE_BOMB)
        except Refused as refused:
            yield self._item(refused=refused)
        self.done = end

    def _content(self, descriptor: int, start: int, length: int) -> Iterator[Item]:
        """What lies there: a file, or the files of a ZIP."""
        end = self.done + length
        if os.pread(descriptor, min(4, length), start) in MAGIC:
            yield from self._zip(descriptor, start, length, end)
            self.done = end
            return
        self.done = end
        try:
            yield self._item(data=_whole(descriptor, start, length, self.limits.max_file_bytes))
        except Refused as refused:
            yield self._item(refused=refused)

    def _zip(self, descriptor: int, start: int, length: int, end: int) -> Iterator[Item]:
        try:
            archive = ZipFile(descriptor, start, length)
            before = self.unpacked
            for entry in archive.entries():
                self.done = min(end, self.done + _ENTRY_OVERHEAD + 2 * len(entry.name) + entry.packed)
                if _is_noise(entry.name):
                    continue
                yield self._entry(archive, entry)
                self.unpacked = before + archive.unpacked
                if self.unpacked > self.limits.max_total_bytes or self.file >= self.limits.max_files:
                    raise Refused(Code.ARCHIVE_BOMB)
        except Refused as refused:
            yield self._item(refused=refused)

    def _entry(self, archive: ZipFile, entry: Entry) -> Item:
        try:
            return self._item(data=archive.content(entry, self.limits))
        except Refused as refused:
            return self._item(refused=refused)

    def _item(self, data: bytes = b"", refused: Refused | None = None) -> Item:
        self.file += 1
        return Item(self.file, self.done, data, refused.finding(self.file) if refused else None)


def _whole(descriptor: int, start: int, length: int, limit: int) -> bytes:
    if length > limit:
        raise Refused(Code.TOO_LARGE)
    pieces: list[bytes] = []
    left = length
    try:
        while left and (piece := os.pread(descriptor, left, start + length - left)):
            left -= len(piece)
            pieces.append(piece)
    except OSError:
        raise Refused(Code.UNREADABLE_FILE) from None
    return b"".join(pieces)


def files(folder: Path) -> Iterator[Path]:
    """All that is no directory, by name at each level; links to directories are not followed.

    Of a file it is the file itself, of a folder that cannot be listed the folder.
    """
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208, names alone: a big folder has many
    except OSError:
        yield folder
        return
    for name in names:
        path = folder / name
        if is_noise(name):
            continue
        if (status := _status(path)) is not None and stat.S_ISDIR(status.st_mode):
            yield from files(path)
        else:
            yield path


def entry_names(path: Path) -> list[str]:
    """The names of a ZIP's files, by ordinal, as far as its directory can be read; none of another file.

    For the terminal of the person whose file it is, and for nothing else.
    """
    names: list[str] = []
    with suppress(OSError, Refused), os.fdopen(os.open(path, _READ_ONLY), "rb") as file:
        if os.pread(file.fileno(), 4, 0) in MAGIC:
            entries = ZipFile(file.fileno(), 0, os.fstat(file.fileno()).st_size).entries()
            names.extend(_decoded(entry.name) for entry in entries if not _is_noise(entry.name))
    return names


def is_noise(name: str) -> bool:
    """Whether it is the name of what file managers leave behind."""
    return _is_noise(name.encode(errors="surrogateescape"))


def _decoded(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("cp437")  # what the format says of names that are not marked as UTF-8


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _is_noise(name: bytes) -> bool:
    """A directory's own entry, and what file managers leave behind."""
    parts = name.decode("latin-1").replace("\\", "/").split("/")
    return parts[-1] == "" or any(part in _NOISE or part.startswith("._") for part in parts)
