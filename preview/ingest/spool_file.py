"""Writes one spool file: a delivery as it is received, from any channel."""

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
"""Suffix of the name of an incomplete file."""

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class SpooledDelivery(msgspec.Struct, frozen=True):
    """A complete delivery in the spool.

    Attributes:
        name: Name of the spool file: the number of the process and a random part, nothing of the delivery.
        size_bytes: Size of the delivered bytes; of several files, their sum.
        sha256: SHA-256 of the delivered bytes; of several files, of their concatenation.
    """

    name: str
    size_bytes: int
    sha256: str


class SpoolFile:
    """A spool file that appears under its name only when it is complete. Only its owner can access it.

    Call `write` and then `commit`, or `abort` in any state and from any thread. Leaving the context without a `commit`
    aborts. Each method that writes raises `InsufficientStorage` if the disk is full.

    Args:
        folder: The spool folder.
        name: Name of the file.
        limit: Largest size of the delivery, in bytes.
        multi_file: Whether the delivery consists of several files. Each of them begins with `start_file`.
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
        """Whether the file was committed or aborted."""
        return self._closed

    @property
    def fingerprint(self) -> bytes:
        """Return a digest that is equal only for equal files in the same order. Call `seal` first."""
        return hashlib.sha256(self._digest.digest() + self._length_digest.digest()).digest()

    def start_file(self) -> None:
        """Begin the next file of a delivery of several files."""
        with self._lock:
            self._check_open()
            self._finish_file()
            self._length_position = self._written
            self._append(multi_file_format.LENGTH_PREFIX.pack(0))

    def write(self, chunk: bytes) -> None:
        """Append bytes of the delivery.

        Raises:
            PayloadTooLarge: The delivery exceeds the limit.
            Unavailable: The file was aborted.
        """
        with self._lock:
            self._check_open()
            if self._size + len(chunk) > self._limit:
                raise PayloadTooLarge(f"The delivery is larger than {self._limit} bytes.")
            self._append(chunk)
            self._size += len(chunk)
            self._digest.update(chunk)

    def seal(self) -> None:
        """Sync the content to disk; the file keeps its `.part` name until `commit`."""
        with self._lock:
            self._check_open()
            self._finish_file()
            if self._descriptor >= 0:
                os.fsync(self._descriptor)
                self._close()

    def commit(self) -> SpooledDelivery:
        """Rename the file to its final name and sync the folder. Seals the file first.

        Raises:
            Unavailable: The file was aborted.
        """
        self.seal()
        with self._lock:
            self._check_open()
            self._part.rename(self._folder / self._name)
            _fsync_folder(self._folder)
            self._closed = True
        return SpooledDelivery(self._name, self._size, self._digest.hexdigest())

    def abort(self) -> None:
        """Delete the file, unless it was committed."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._close()
                self._part.unlink(missing_ok=True)

    def _finish_file(self) -> None:
        if self._length_position is None:
            return
        length = multi_file_format.LENGTH_PREFIX.pack(
            self._written - self._length_position - multi_file_format.LENGTH_PREFIX.size
        )
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
            raise Unavailable("The delivery was aborted.")

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
