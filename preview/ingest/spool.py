"""Stores uploaded deliveries on disk until they are read, in a folder that only its owner can access (Privacy,
docs/domain.md).
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from preview.core.errors import ValidationError
from preview.ingest.spool_file import PART_SUFFIX, SpooledDelivery, SpoolFile
from preview.parsing import archive

_CHUNK_BYTES = 1024 * 1024


class Spool:
    """The spool folder of a store. A delivery is on disk before its receipt is returned.

    Args:
        folder: The spool folder; it is created if it is missing.
        limit: Largest size of a delivery, in bytes.
        worker_id: Number of this process. File names begin with it, so that other processes keep the files of a living
            one.
    """

    def __init__(self, folder: Path, limit: int, worker_id: int) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self._limit = limit
        self._worker_id = worker_id

    def path(self, name: str) -> Path:
        """Return the path of the spool file with that name."""
        return self._folder / name

    def open(self, *, multi_file: bool = False) -> SpoolFile:
        """Return a new spool file, to be written chunk by chunk.

        Args:
            multi_file: Whether the delivery consists of several files.
        """
        name = f"{self._worker_id}-{secrets.token_hex(16)}"
        return SpoolFile(self._folder, name, self._limit, multi_file=multi_file)

    def write(self, chunks: Iterable[bytes]) -> SpooledDelivery:
        """Write a delivery and sync it to disk. A delivery that does not arrive complete leaves no file.

        Raises:
            PayloadTooLarge: The delivery exceeds the limit.
            InsufficientStorage: The disk is full.
        """
        with self.open() as file:
            for chunk in chunks:
                file.write(chunk)
            return file.commit()

    def write_paths(self, paths: list[Path]) -> SpooledDelivery:
        """Write local files and the files in local folders, in order of name, as one delivery.

        Leftovers of file managers in the folders are left out (rule 3.6).

        Raises:
            ValidationError: There is no file at all.
            PayloadTooLarge, InsufficientStorage: As for `write`.
        """
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
        """Delete the file of a delivery that has been read."""
        self.path(name).unlink(missing_ok=True)

    def close(self) -> None:
        """Delete the incomplete files of this process: no receipt was returned for them."""
        for part in self._folder.glob(f"{self._worker_id}-*{PART_SUFFIX}"):
            part.unlink(missing_ok=True)

    def delete_orphans(self, is_alive: Callable[[int], bool], pending_names: Callable[[], set[str]]) -> None:
        """Delete the files that a crash has left: those of dead processes that no stored delivery refers to.

        Args:
            is_alive: Whether the process with that number is running. It may be about to insert the delivery.
            pending_names: Returns the names that stored deliveries refer to. It is called after the list of files was
                made, so that a delivery that was inserted in between is among them.
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
        yield from (file for file in archive.iter_files(path) if file.is_file()) if path.is_dir() else [path]


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the content of a file in chunks of 1 MiB."""
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
