"""The spool: deliveries as they came, on disk before anyone is told, owner-only, deleted when read (`domain.md` 4, house rule 9)."""

import hashlib
import os
import secrets
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from preview.errors import Invalid, TooLarge

_CHUNK = 1024 * 1024


class Spooled(msgspec.Struct, frozen=True):
    """`name` is the file's name in the spool: who wrote it and a random part, it tells nothing of the delivery."""

    name: str
    size_bytes: int
    sha256: str


class Spool:
    """The spool folder of a store. `worker` is the number of this process: its files bear it, so that no other sweeps them away."""

    def __init__(self, folder: Path, limit: int, worker: int) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self._limit = limit
        self._worker = worker

    def path(self, name: str) -> Path:
        """Where it lies."""
        return self._folder / name

    def put(self, chunks: Iterable[bytes]) -> Spooled:
        """Writes it down, synced to disk. Raises `TooLarge`; nothing is left of a delivery that did not come whole."""
        name = self._name()
        part = self._folder / f"{name}.part"
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > self._limit:
                        raise TooLarge(f"The delivery is larger than {self._limit} bytes.")
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            part.rename(self.path(name))
            self._sync_folder()
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Spooled(name, size, digest.hexdigest())

    def put_paths(self, paths: list[Path]) -> Spooled:
        """One file as it is; several, or a folder, as one ZIP, in order of name. Raises `Invalid` where there is no file at all."""
        if len(paths) == 1 and paths[0].is_file():
            with paths[0].open("rb") as file:
                return self.put(chunks_of(file))
        packed = self._folder / f"{self._name()}.part"
        try:
            os.close(os.open(packed, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            pack(paths, packed)
            with packed.open("rb") as file:
                return self.put(chunks_of(file))
        finally:
            packed.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        """When it is read."""
        self.path(name).unlink(missing_ok=True)

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

    def _name(self) -> str:
        return f"{self._worker}-{secrets.token_hex(16)}"

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _writer(file: Path) -> int:
    number = file.name.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """A megabyte at a time."""
    while chunk := file.read(_CHUNK):
        yield chunk


def pack(paths: list[Path], target: Path) -> None:
    """Files and folders, in order of name, as one ZIP whose entries are numbered: their names tell nothing."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        files = [
            file for path in paths for file in (sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path])
        ]
        for number, file in enumerate(files, start=1):
            archive.write(file, f"{number:08}")
    if not files:
        raise Invalid("There is no file to deliver.")
