"""Files of the watched folder that are under way: moved aside under a number each, so that a crash at any point leaves each of them somewhere
from where it goes on, under the name that it came with.

    .taking/new-…/00000001/sub/name.xml    claimed, and not received yet
    .taking/dlv-007/00000001/sub/name.xml  received as that delivery: the number is the file's ordinal in it
"""

import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

CLAIMS_DIR = ".taking"
_UNRECEIVED_PREFIX = "new-"
_MAX_NAME_BYTES = 255  # bytes, as file systems have it


class InboxFile(NamedTuple):
    """A file that lies in the watched folder, as it was when it was looked at; `name` is its path in there."""

    relative_path: Path
    status: os.stat_result

    @property
    def identity(self) -> tuple[int, int]:
        """The same whatever it is renamed to."""
        return self.status.st_dev, self.status.st_ino

    @property
    def fingerprint(self) -> tuple[int, int]:
        """Another one once it has been written to."""
        return self.status.st_size, self.status.st_mtime_ns


class Claim:
    """Files that are taken together: each ZIP alone, or several others."""

    def __init__(self, inbox: Path, folder: Path) -> None:
        self._inbox = inbox
        self._folder = folder

    @cached_property
    def files(self) -> dict[int, Path]:
        """Their paths in the watched folder by number, from 1."""
        return dict(sorted(_numbered_files(self._folder)))

    @classmethod
    def create(cls, inbox: Path, inbox_files: Iterable[InboxFile]) -> "Claim":
        """Moves these aside; one that has changed since it was looked at, or is gone, is left where it is."""
        folder = inbox / CLAIMS_DIR / f"{_UNRECEIVED_PREFIX}{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700, parents=True)
        number = 0
        for inbox_file in inbox_files:
            with suppress(FileNotFoundError):
                source = inbox / inbox_file.relative_path
                current = InboxFile(inbox_file.relative_path, source.lstat())
                if (current.identity, current.fingerprint) == (inbox_file.identity, inbox_file.fingerprint):
                    number += 1
                    _rename(source, folder / f"{number:08}" / inbox_file.relative_path)
        return cls(inbox, folder)

    @property
    def delivery_id(self) -> str | None:
        """As which it was received; None where it was not, or nobody has got to know of it."""
        return None if self._folder.name.startswith(_UNRECEIVED_PREFIX) else self._folder.name

    @property
    def paths(self) -> list[Path]:
        """Where its files lie, by number."""
        return [self.path(number) for number in self.files]

    def path(self, number: int) -> Path:
        """Where one of them lies."""
        return self._folder / f"{number:08}" / self.files[number]

    def mark_received(self, delivery_id: str) -> None:
        """It is that delivery from now on."""
        self._folder = self._folder.rename(self._folder.with_name(delivery_id))

    def move(self, number: int, destination: Path) -> Path:
        """Puts a file into the folder `to`, at its path or the next that is free; returns where. It is its owner's alone from then on."""
        self._create_sibling_folder(destination)
        target = unique_path(destination / self.files[number])
        source = self.path(number)
        if stat.S_ISREG(source.lstat().st_mode):
            with suppress(PermissionError):  # another's, who may let others read it
                source.chmod(0o600)
        _rename(source, target)
        del self.files[number]
        return target

    def delete(self, number: int) -> None:
        """The file is not needed any more."""
        self.path(number).unlink(missing_ok=True)
        del self.files[number]

    def release(self) -> None:
        """Every file lies again where it lay; or, where there is another by now, beside it."""
        for number, name in list(self.files.items()):
            _rename(self.path(number), unique_path(self._inbox / name))
            del self.files[number]
        self.remove()

    def remove(self) -> None:
        """Takes away the folders, which are empty by now."""
        for folder, _, _ in os.walk(self._folder, topdown=False):
            Path(folder).rmdir()

    def _create_sibling_folder(self, folder: Path) -> None:
        """Whoever may look into the watched folder may look into those beside its files."""
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(stat.S_IMODE(self._inbox.stat().st_mode))


def list_claims(inbox: Path) -> list[Claim]:
    """All that are under way, by whatever process they were made."""
    folder = inbox / CLAIMS_DIR
    return [Claim(inbox, claim_folder) for claim_folder in sorted(folder.iterdir())] if folder.is_dir() else []


def unique_path(path: Path, suffix: str = "") -> Path:
    """The path, or one like it that nothing has yet; `suffix` is put behind. Shortened where a file system would not take it."""
    number = 1
    while True:
        ending = (path.suffix if number == 1 else f"-{number}{path.suffix}") + suffix
        stem = os.fsencode(path.stem)[: max(1, _MAX_NAME_BYTES - len(os.fsencode(ending)))]
        candidate = path.with_name(os.fsdecode(stem) + ending)
        if not os.path.lexists(candidate):
            return candidate
        number += 1


def _numbered_files(folder: Path) -> Iterator[tuple[int, Path]]:
    for numbered in folder.iterdir():
        for parent, folders, names in os.walk(numbered):
            links = [name for name in folders if (Path(parent) / name).is_symlink()]
            yield from ((int(numbered.name), Path(parent, name).relative_to(numbered)) for name in (*names, *links))


def _rename(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
