"""One file of the spool while it is written: a delivery as it comes in, from whatever door."""

import errno
import hashlib
import os
import threading
from pathlib import Path
from typing import Self

import msgspec

from preview.core.errors import NoRoom, TooLarge, Unavailable
from preview.parsing import multi_file_format

PART = ".part"
"""What the name of one that is not whole yet ends in."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Spooled(msgspec.Struct, frozen=True):
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

    def __init__(self, folder: Path, name: str, limit: int, *, packed: bool = False) -> None:
        self._folder = folder
        self._name = name
        self._part = folder / f"{name}{PART}"
        self._limit = limit
        self._packed = packed
        self._size = self._written = 0
        self._digest = hashlib.sha256()
        self._lengths = hashlib.sha256()
        self._begun: int | None = None
        self._turn = threading.Lock()
        self._over = False
        self._descriptor = os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        if packed:
            self._put(multi_file_format.MARK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    @property
    def is_over(self) -> bool:
        """Whether it was committed or aborted."""
        return self._over

    @property
    def fingerprint(self) -> bytes:
        """The same for the same files in the same order, and for nothing else. Of one that is sealed."""
        return hashlib.sha256(self._digest.digest() + self._lengths.digest()).digest()

    def begin_file(self) -> None:
        """What is written from here on is the next file of several."""
        with self._turn:
            self._check()
            self._end_file()
            self._begun = self._written
            self._put(multi_file_format.LENGTH.pack(0))

    def write(self, chunk: bytes) -> None:
        """Raises `TooLarge`."""
        with self._turn:
            self._check()
            if self._size + len(chunk) > self._limit:
                raise TooLarge(f"The delivery is larger than {self._limit} bytes.")
            self._put(chunk)
            self._size += len(chunk)
            self._digest.update(chunk)

    def seal(self) -> None:
        """All is written: on disk when this returns, under its name of a part."""
        with self._turn:
            self._check()
            self._end_file()
            if self._descriptor >= 0:
                os.fsync(self._descriptor)
                self._close()

    def commit(self) -> Spooled:
        """It is a delivery from here on; on disk when this returns."""
        self.seal()
        with self._turn:
            self._check()
            self._part.rename(self._folder / self._name)
            _sync(self._folder)
            self._over = True
        return Spooled(self._name, self._size, self._digest.hexdigest())

    def abort(self) -> None:
        """Nothing is left of it, unless it was committed."""
        with self._turn:
            if not self._over:
                self._over = True
                self._close()
                self._part.unlink(missing_ok=True)

    def _end_file(self) -> None:
        if self._begun is None:
            return
        length = multi_file_format.LENGTH.pack(self._written - self._begun - multi_file_format.LENGTH.size)
        os.pwrite(self._descriptor, length, self._begun)
        self._lengths.update(length)
        self._begun = None

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise NoRoom("There is no room for the delivery.") from None
            raise
        self._written += len(data)

    def _check(self) -> None:
        if self._over:
            raise Unavailable("The delivery was broken off.")

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
