"""Moves files of the watched folder aside while they are delivered.

Each file lies in a folder of its own number, under its original name. A crash at any point therefore leaves each file
at a place from which the import can be resumed:

    .taking/new-…/00000001/sub/name.xml    claimed, and not received yet
    .taking/dlv-007/00000001/sub/name.xml  received as that delivery: the number is the file's ordinal in it
"""

import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from preview.ingest.inbox.moving import COPY_PREFIX, make_private_folders, move_file

CLAIMS_DIR = ".taking"
_UNRECEIVED_PREFIX = "new-"
_CLAIM_NAME = re.compile(rf"{_UNRECEIVED_PREFIX}[0-9a-f]+|dlv-[0-9]+")
"""What the program makes there. Any other folder is not its own, and is never named in a log."""

_MAX_NAME_BYTES = 255  # The limit of common file systems is in bytes, not in characters.


class InboxFile(NamedTuple):
    """A file of the watched folder as it was at one poll.

    Attributes:
        relative_path: Its path within the folder.
        status: Its status.
        ordinal: Its place among the files of the folder and its subfolders by name, from 1.
    """

    relative_path: Path
    status: os.stat_result
    ordinal: int

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode: equal before and after a rename."""
        return self.status.st_dev, self.status.st_ino

    @property
    def fingerprint(self) -> tuple[int, int]:
        """Size and time of modification: different after a write."""
        return self.status.st_size, self.status.st_mtime_ns


class Claim:
    """Files that are delivered together: one ZIP, or several other files."""

    def __init__(self, inbox: Path, folder: Path) -> None:
        self._inbox = inbox
        self._folder = folder

    @cached_property
    def files(self) -> dict[int, Path]:
        """The original paths within the watched folder, by number from 1."""
        return dict(sorted(_numbered_files(self._folder)))

    @classmethod
    def create(
        cls, inbox: Path, inbox_files: Iterable[InboxFile], on_failure: Callable[[InboxFile, Exception], None]
    ) -> "Claim":
        """Move files aside. A file that has changed since the poll, or is gone, stays where it is.

        Args:
            inbox: The watched folder.
            inbox_files: The files to move.
            on_failure: Called with each file that cannot be moved, and why; the others are moved.
        """
        folder = inbox / CLAIMS_DIR / f"{_UNRECEIVED_PREFIX}{secrets.token_hex(8)}"
        make_private_folders(folder)
        number = 0
        for inbox_file in inbox_files:
            source = inbox / inbox_file.relative_path
            try:
                current = inbox_file._replace(status=source.lstat())
                if (current.identity, current.fingerprint) == (inbox_file.identity, inbox_file.fingerprint):
                    move_file(source, folder / f"{number + 1:08}" / inbox_file.relative_path)
                    number += 1
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                on_failure(inbox_file, error)
        return cls(inbox, folder)

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self._folder.name

    @property
    def delivery_id(self) -> str | None:
        """Id of the delivery that the files were received as; None if `mark_received` was not reached."""
        return None if self._folder.name.startswith(_UNRECEIVED_PREFIX) else self._folder.name

    @property
    def paths(self) -> list[Path]:
        """The present paths of the files, by number."""
        return [self.path(number) for number in self.files]

    def path(self, number: int) -> Path:
        """Return the present path of the file with that number."""
        return self._folder / f"{number:08}" / self.files[number]

    def mark_received(self, delivery_id: str) -> None:
        """Record that the files were received as that delivery, by the name of the claim's folder."""
        self._folder = self._folder.rename(self._folder.with_name(delivery_id))

    def move(self, number: int, destination: Path) -> Path:
        """Move a file out of the claim and make it accessible for its owner only.

        Args:
            number: Number of the file.
            destination: Folder in which the file gets its original relative path, or the next free one.

        Returns:
            The new path.
        """
        target = unique_path(destination / self.files[number])
        source = self.path(number)
        if stat.S_ISREG(source.lstat().st_mode):
            with suppress(PermissionError):  # The file belongs to another user, who decides about its mode.
                source.chmod(0o600)
        move_file(source, target)
        del self.files[number]
        return target

    def delete(self, number: int) -> None:
        """Delete a file of the claim."""
        self.path(number).unlink(missing_ok=True)
        del self.files[number]

    def release(self) -> None:
        """Move every file back to its original path, or beside it if that path is in use by now.

        Raises:
            OSError: If a file cannot be moved; the others are.
        """
        failure: Exception | None = None
        for number, name in list(self.files.items()):
            try:
                move_file(self.path(number), unique_path(self._inbox / name))
                del self.files[number]
            except (OSError, ValueError) as error:
                failure = error
        if failure is not None:
            raise failure
        self.remove()

    def remove(self) -> None:
        """Delete the folders of the claim. They must be empty but for incomplete copies."""
        for folder, _, names in os.walk(self._folder, topdown=False):
            for name in names:
                if name.startswith(COPY_PREFIX):
                    Path(folder, name).unlink()
            Path(folder).rmdir()


def list_claims(inbox: Path) -> list[Claim]:
    """Return the unfinished claims in the watched folder, of all processes."""
    folder = inbox / CLAIMS_DIR
    return (
        [
            Claim(inbox, claim_folder)
            for claim_folder in sorted(folder.iterdir())
            if _CLAIM_NAME.fullmatch(claim_folder.name) and claim_folder.is_dir()
        ]
        if folder.is_dir()
        else []
    )


def unique_path(path: Path, suffix: str = "") -> Path:
    """Return a path that does not exist: the given one, or one with a number in its name.

    Args:
        path: The wanted path. Its name is shortened if it would exceed the limit of file systems.
        suffix: Text to append to the name.
    """
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
            files = [name for name in (*names, *links) if not name.startswith(COPY_PREFIX)]
            yield from ((int(numbered.name), Path(parent, name).relative_to(numbered)) for name in files)
