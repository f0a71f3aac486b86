"""The spool: deliveries as they came, on disk before anyone is told, owner-only, deleted when read (`domain.md` 4, house rule 9)."""

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from preview.core.errors import Invalid, TooMany
from preview.ingest.spool_file import PART, Spooled, SpoolFile

_CHUNK = 1024 * 1024


class Spool:
    """The spool folder of a store. `worker` is the number of this process: its files bear it, so that no other sweeps them away.

    A delivery has at most `limit` bytes, and at most `at_once` are written at the same time.
    """

    def __init__(self, folder: Path, limit: int, at_once: int, worker: int) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self._limit = limit
        self._at_once = at_once
        self._worker = worker
        self._turn = threading.Lock()
        self._begun: list[SpoolFile] = []

    def path(self, name: str) -> Path:
        """Where it lies."""
        return self._folder / name

    def open(self, *, packed: bool = False) -> SpoolFile:
        """To be written chunk by chunk; `packed` for several files. Raises `TooMany`."""
        with self._turn:
            self._begun = [file for file in self._begun if not file.is_over]
            if len(self._begun) >= self._at_once:
                raise TooMany(f"{self._at_once} deliveries are being received already.")
            file = SpoolFile(self._folder, f"{self._worker}-{secrets.token_hex(16)}", self._limit, packed=packed)
            self._begun.append(file)
        return file

    def put(self, chunks: Iterable[bytes]) -> Spooled:
        """Writes it down, synced to disk. Raises `TooLarge`, `TooMany`, `Unavailable`; nothing is left of a delivery that did not come whole."""
        with self.open() as file:
            for chunk in chunks:
                file.write(chunk)
            return file.commit()

    def put_paths(self, paths: list[Path]) -> Spooled:
        """Files and folders, in order of name. Raises `Invalid` where there is no file at all, and as `put`."""
        files = list(_files(paths))
        if not files:
            raise Invalid("There is no file to deliver.")
        several = len(files) > 1
        with self.open(packed=several) as spooled:
            for path in files:
                if several:
                    spooled.begin_file()
                with path.open("rb") as file:
                    for chunk in chunks_of(file):
                        spooled.write(chunk)
            return spooled.commit()

    def delete(self, name: str) -> None:
        """When it is read."""
        self.path(name).unlink(missing_ok=True)

    def close(self) -> None:
        """Takes away what this process has begun to receive: nobody was told of it."""
        for part in self._folder.glob(f"{self._worker}-*{PART}"):
            part.unlink(missing_ok=True)

    def sweep(self, is_alive: Callable[[int], bool], waiting: Callable[[], set[str]]) -> None:
        """Takes away what no delivery waits for: leftovers of a crash before the delivery was written down or after it was read.

        A living process may be about to write down what it has received. `waiting` gives the names that deliveries wait for; it is
        asked last, when the dead have nothing more to write.
        """
        left = [file for file in self._folder.iterdir() if not is_alive(_writer(file))]
        keep = waiting()
        for file in left:
            if file.name not in keep:
                file.unlink(missing_ok=True)


def _writer(file: Path) -> int:
    number = file.name.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """A megabyte at a time."""
    while chunk := file.read(_CHUNK):
        yield chunk
