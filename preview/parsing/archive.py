"""Lists the files of a delivery and reads them: one file, a ZIP archive, a folder, or several files in one.

The files of an archive come in its own order, those of a folder by name. File names are not passed on, as they can
name a person: a file is identified by its ordinal.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from preview.core.errors import NotFound
from preview.model.findings import FileRejected, Finding, FindingCode
from preview.model.limits import Limits
from preview.parsing import multi_file_format
from preview.parsing.containers.leftovers import is_leftover, is_leftover_path
from preview.parsing.containers.zip_directory import MAGIC, ZipEntry
from preview.parsing.containers.zip_file import SafeZipReader

_READ_ONLY = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_ENTRY_OVERHEAD = 30 + 46  # bytes of the two headers of a ZIP entry, without its name


class DeliveryFile(NamedTuple):
    """A file of a delivery: its bytes, or the finding that says why it is not read.

    Attributes:
        file: Its ordinal in the delivery, from 1.
        bytes_read: Bytes of the delivery up to and with this file, of the `total_size`.
        data: Its bytes.
        rejection: The finding of a file that is not read.
    """

    file: int
    bytes_read: int
    data: bytes = b""
    rejection: Finding | None = None


def total_size(path: Path) -> int:
    """Return the size of a delivery on disk, in bytes.

    Raises:
        NotFound: If there is nothing at `path`.
    """
    try:
        status = path.stat()
    except OSError:
        raise NotFound("The file or folder to be read is not there.") from None
    if not stat.S_ISDIR(status.st_mode):
        return status.st_size
    statuses = map(_lstat, iter_files(path))
    return sum(status.st_size for status in statuses if status is not None and stat.S_ISREG(status.st_mode))


def walk(path: Path, limits: Limits) -> Iterator[DeliveryFile]:
    """Yield the files of a delivery in order. Each is read when it is asked for.

    Args:
        path: A file, a ZIP archive, a folder, or a file of several (`multi_file_format`).
        limits: Limits of size and number; what exceeds them has a `rejection`.
    """
    return _DeliveryWalker(limits).walk(path)


class _DeliveryWalker:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.file = 0
        self.bytes_read = 0
        self.unpacked_bytes = 0

    def walk(self, path: Path) -> Iterator[DeliveryFile]:
        if not path.is_dir():
            yield from self._walk_file(path, follow=True)
            return
        for file_path in iter_files(path):
            yield from self._walk_file(file_path, follow=False)
        if self.file == 0:
            yield self._next_file(rejection=FileRejected(FindingCode.NO_FILE))

    def _walk_file(self, path: Path, *, follow: bool) -> Iterator[DeliveryFile]:
        try:
            mode = path.stat(follow_symlinks=follow).st_mode
            if not stat.S_ISREG(mode):
                code = FindingCode.UNREADABLE_FILE if stat.S_ISDIR(mode) else FindingCode.NOT_A_FILE
                yield self._next_file(rejection=FileRejected(code))
                return
            descriptor = os.open(path, _READ_ONLY | (0 if follow else os.O_NOFOLLOW))
        except OSError:
            yield self._next_file(rejection=FileRejected(FindingCode.UNREADABLE_FILE))
            return
        try:
            yield from self._walk_descriptor(descriptor)
        finally:
            os.close(descriptor)

    def _walk_descriptor(self, descriptor: int) -> Iterator[DeliveryFile]:
        size = os.fstat(descriptor).st_size
        if multi_file_format.is_multi_file(descriptor):
            yield from self._walk_multi_file(descriptor, size)
        else:
            yield from self._walk_content(descriptor, 0, size)

    def _walk_multi_file(self, descriptor: int, size: int) -> Iterator[DeliveryFile]:
        end = self.bytes_read + size
        try:
            for start, length in multi_file_format.iter_members(descriptor, size):
                yield from self._walk_content(descriptor, start, length)
                if self.file >= self.limits.max_files:
                    raise FileRejected(FindingCode.ARCHIVE_BOMB)
        except FileRejected as rejection:
            yield self._next_file(rejection=rejection)
        self.bytes_read = end

    def _walk_content(self, descriptor: int, start: int, length: int) -> Iterator[DeliveryFile]:
        """Yield the file in that range of bytes, or the files of the ZIP archive there."""
        end = self.bytes_read + length
        if os.pread(descriptor, min(4, length), start) in MAGIC:
            yield from self._walk_zip(descriptor, start, length, end)
            self.bytes_read = end
            return
        self.bytes_read = end
        try:
            yield self._next_file(data=_read_regular_file(descriptor, start, length, self.limits.max_file_bytes))
        except FileRejected as rejection:
            yield self._next_file(rejection=rejection)

    def _walk_zip(self, descriptor: int, start: int, length: int, end: int) -> Iterator[DeliveryFile]:
        try:
            reader = SafeZipReader(descriptor, start, length)
            before, files_before = self.unpacked_bytes, self.file
            for entry in reader.entries():
                entry_size = _ENTRY_OVERHEAD + 2 * len(entry.name) + entry.compressed_size
                self.bytes_read = min(end, self.bytes_read + entry_size)
                if _is_skipped(entry.name):
                    continue
                yield self._read_entry(reader, entry)
                self.unpacked_bytes = before + reader.unpacked_bytes
                if self.unpacked_bytes > self.limits.max_total_bytes or self.file >= self.limits.max_files:
                    raise FileRejected(FindingCode.ARCHIVE_BOMB)
            if self.file == files_before:
                raise FileRejected(FindingCode.NO_FILE)
        except FileRejected as rejection:
            yield self._next_file(rejection=rejection)

    def _read_entry(self, reader: SafeZipReader, entry: ZipEntry) -> DeliveryFile:
        try:
            return self._next_file(data=reader.read_entry(entry, self.limits))
        except FileRejected as rejection:
            return self._next_file(rejection=rejection)

    def _next_file(self, data: bytes = b"", rejection: FileRejected | None = None) -> DeliveryFile:
        self.file += 1
        return DeliveryFile(self.file, self.bytes_read, data, rejection.finding(self.file) if rejection else None)


def _read_regular_file(descriptor: int, start: int, length: int, limit: int) -> bytes:
    if length > limit:
        raise FileRejected(FindingCode.TOO_LARGE)
    pieces: list[bytes] = []
    remaining = length
    try:
        while remaining and (piece := os.pread(descriptor, remaining, start + length - remaining)):
            remaining -= len(piece)
            pieces.append(piece)
    except OSError:
        raise FileRejected(FindingCode.UNREADABLE_FILE) from None
    return b"".join(pieces)


def iter_files(folder: Path) -> Iterator[Path]:
    """Yield every path in a folder and its subfolders that is no folder, by name at each level.

    Links are yielded and not followed. A folder that cannot be listed is yielded itself, and so is a `folder` that is a
    file.
    """
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208, names only: a large folder has many
    except OSError:
        yield folder
        return
    for name in names:
        path = folder / name
        if is_leftover(name):
            continue
        if (status := _lstat(path)) is not None and stat.S_ISDIR(status.st_mode):
            yield from iter_files(path)
        else:
            yield path


def entry_names(path: Path) -> list[str]:
    """Return the names of the files in a ZIP archive in order of their ordinals, as far as its directory can be read.

    Returns an empty list for any other file. Only for output on the terminal of a user with local files: names can be
    those of persons.
    """
    names: list[str] = []
    with suppress(OSError, FileRejected), os.fdopen(os.open(path, _READ_ONLY), "rb") as file:
        if os.pread(file.fileno(), 4, 0) in MAGIC:
            entries = SafeZipReader(file.fileno(), 0, os.fstat(file.fileno()).st_size).entries()
            names.extend(_decode_name(entry.name) for entry in entries if not _is_skipped(entry.name))
    return names


def _decode_name(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("cp437")  # the encoding of names that are not marked as UTF-8


def _lstat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _is_skipped(name: bytes) -> bool:
    """Return whether an entry is a folder or a leftover of a file manager."""
    path = name.decode("latin-1").replace("\\", "/")
    return path.endswith("/") or not path or is_leftover_path(path)
