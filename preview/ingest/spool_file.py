"""One file of the spool while it is written: a delivery as it comes in, from whatever door."""

import errno
import hashlib
import os
import threading
from pathlib import Path
from typing import Self

import msgspec

from preview.core.errors import InsufficientStorage, PayloadTooLarge, Unavailable
from preview.parsing import multi_file_format

PART_SUFFIX = ".part"
"""What the name of one that is not whole yet ends in."""

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class SpooledDelivery(msgspec.Struct, frozen=True):
    """`name` is the file's name in the spool: who wrote it and a random part, it tells nothing of the delivery.

    Size and SHA-256 are of what was delivered: of several files, of their bytes one after another.
    """

    name: str
    size_bytes: int
    sha256: str


class SpoolFile:
    """Owner-only, and whole or not there at all: `write`, then `commit`; or `abort`, in any state and from any thread.

    `packed` for several files, each begun by `begin_file`. Raises `NoRoom` where the disk is full. Left as a context without
    a `commit`, it is aborted.
    """

    def __init__(self, folder: Path, name: str, limit: int, *, multi_file: bool = False) -> None:
        self._folder = folder
        self._name = name
        self._part = folder / f"{name}{PART_SUFFIX}"
        self._limit = limit
        self._multi_file = multi_file
        self._size = self._written = 0
        self._digest = hashlib.sha256()
        self._length_digest = hashlib.sha256()
        self._length_position: int | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._descriptor = os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        if multi_file:
            self._append(multi_file_format.MAGIC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    @property
    def closed(self) -> bool:
        """Whether it was committed or aborted."""
        return self._closed

    @property
    def fingerprint(self) -> bytes:
        """The same for the same files in the same order, and for nothing else. Of one that is sealed."""
        return hashlib.sha256(self._digest.digest() + self._length_digest.digest()).digest()

    def start_file(self) -> None:
        """What is written from here on is the next file of several."""
        with self._lock:
            self._check_open()
            self._finish_file()
            self._length_position = self._written
            self._append(multi_file_format.LENGTH_PREFIX.pack(0))

    def write(self, chunk: bytes) -> None:
        """Raises `TooLarge`."""
        with self._lock:
            self._check_open()
            if self._size + len(chunk) > self._limit:
                raise PayloadTooLarge(f"The delivery is larger than {self._limit} bytes.")
            self._append(chunk)
            self._size += len(chunk)
            self._digest.update(chunk)

    def seal(self) -> None:
        """All is written: on disk when this returns, under its name of a part."""
        with self._lock:
            self._check_open()
            self._finish_file()
            if self._descriptor >= 0:
                os.fsync(self._descriptor)
                self._close()

    def commit(self) -> SpooledDelivery:
        """It is a delivery from here on; on disk when this returns."""
        self.seal()
        with self._lock:
            self._check_open()
            self._part.rename(self._folder / self._name)
            _fsync_folder(self._folder)
            self._closed = True
        return SpooledDelivery(self._name, self._size, self._digest.hexdigest())

    def abort(self) -> None:
        """Nothing is left of it, unless it was committed."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._close()
                self._part.unlink(missing_ok=True)

    def _finish_file(self) -> None:
        if self._length_position is None:
            return
        length = multi_file_format.LENGTH_PREFIX.pack(self._written - self._length_position - multi_file_format.LENGTH_PREFIX.size)
        os.pwrite(self._descriptor, length, self._length_position)
        self._length_digest.update(length)
        self._length_position = None

    def _append(self, data: bytes) -> None:
        remaining = memoryview(data)
        try:
            while remaining:
                remaining = remaining[os.write(self._descriptor, remaining) :]
        except OSError as error:
            if error.errno in _DISK_FULL:
                raise InsufficientStorage("There is no room for the delivery.") from None
            raise
        self._written += len(data)

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("The delivery was broken off.")

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
