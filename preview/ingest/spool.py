"""The spool: deliveries as they came, on disk before anyone is told, owner-only, deleted when read (`domain.md` 4, house rule 9)."""

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from preview.core.errors import TooManyRequests, ValidationError
from preview.ingest.spool_file import PART_SUFFIX, SpooledDelivery, SpoolFile

_CHUNK_BYTES = 1024 * 1024


class Spool:
    """The spool folder of a store. `worker` is the number of this process: its files bear it, so that no other sweeps them away.

    A delivery has at most `limit` bytes, and at most `at_once` are written at the same time.
    """

    def __init__(self, folder: Path, limit: int, max_concurrent: int, worker_id: int) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self._limit = limit
        self._max_concurrent = max_concurrent
        self._worker_id = worker_id
        self._lock = threading.Lock()
        self._open_files: list[SpoolFile] = []

    def path(self, name: str) -> Path:
        """Where it lies."""
        return self._folder / name

    def open(self, *, multi_file: bool = False) -> SpoolFile:
        """To be written chunk by chunk; `packed` for several files. Raises `TooMany`."""
        with self._lock:
            self._open_files = [file for file in self._open_files if not file.closed]
            if len(self._open_files) >= self._max_concurrent:
                raise TooManyRequests(f"{self._max_concurrent} deliveries are being received already.")
            file = SpoolFile(self._folder, f"{self._worker_id}-{secrets.token_hex(16)}", self._limit, multi_file=multi_file)
            self._open_files.append(file)
        return file

    def write(self, chunks: Iterable[bytes]) -> SpooledDelivery:
        """Writes it down, synced to disk. Raises `TooLarge`, `TooMany`, `Unavailable`; nothing is left of a delivery that did not come whole."""
        with self.open() as file:
            for chunk in chunks:
                file.write(chunk)
            return file.commit()

    def write_paths(self, paths: list[Path]) -> SpooledDelivery:
        """Files and folders, in order of name. Raises `Invalid` where there is no file at all, and as `put`."""
        files = list(_list_files(paths))
        if not files:
            raise ValidationError("There is no file to deliver.")
        multi_file = len(files) > 1
        with self.open(multi_file=multi_file) as spooled:
            for path in files:
                if multi_file:
                    spooled.start_file()
                with path.open("rb") as file:
                    for chunk in read_chunks(file):
                        spooled.write(chunk)
            return spooled.commit()

    def delete(self, name: str) -> None:
        """When it is read."""
        self.path(name).unlink(missing_ok=True)

    def close(self) -> None:
        """Takes away what this process has begun to receive: nobody was told of it."""
        for part in self._folder.glob(f"{self._worker_id}-*{PART_SUFFIX}"):
            part.unlink(missing_ok=True)

    def delete_orphans(self, is_alive: Callable[[int], bool], pending_names: Callable[[], set[str]]) -> None:
        """Takes away what no delivery waits for: leftovers of a crash before the delivery was written down or after it was read.

        A living process may be about to write down what it has received. `waiting` gives the names that deliveries wait for; it is
        asked last, when the dead have nothing more to write.
        """
        candidates = [file for file in self._folder.iterdir() if not is_alive(_worker_id_of(file))]
        pending = pending_names()
        for file in candidates:
            if file.name not in pending:
                file.unlink(missing_ok=True)


def _worker_id_of(file: Path) -> int:
    number = file.name.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _list_files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(entry for entry in path.rglob("*") if entry.is_file()) if path.is_dir() else [path]


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """A megabyte at a time."""
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
