"""Moves files between folders of the watched folder, across mounts too, and keeps what it creates for the owner."""

import errno
import os
import secrets
import shutil
import stat
from contextlib import suppress
from pathlib import Path

COPY_PREFIX = ".copying-"
"""First part of the name of an incomplete copy. A crash can leave one; the original is still there then."""


def move_file(source: Path, target: Path) -> None:
    """Move a file, and create the folders that the target needs. A file on another mount is copied.

    Raises:
        OSError: If it cannot be moved. It stays where it is then.
    """
    make_private_folders(target.parent)
    try:
        source.rename(target)
    except OSError as error:
        status = source.lstat()
        if error.errno != errno.EXDEV or not stat.S_ISREG(status.st_mode):
            raise
        _copy_and_delete(source, status, target)


def make_private_folders(folder: Path) -> None:
    """Create a folder and those above it, for the owner only. Folders that exist keep their mode."""
    if not folder.is_dir():
        make_private_folders(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def write_private_file(path: Path, content: bytes) -> None:
    """Write a new file for the owner only."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)


def _copy_and_delete(source: Path, status: os.stat_result, target: Path) -> None:
    """Copy a file under a temporary name, rename it and delete the original, unless that was written to meanwhile."""
    copy = target.with_name(f"{COPY_PREFIX}{secrets.token_hex(8)}")
    try:
        with (
            os.fdopen(os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as original,
            os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as copied,
        ):
            shutil.copyfileobj(original, copied)
            copied.flush()
            os.fsync(copied.fileno())
        current = source.lstat()
        if (current.st_ino, current.st_size, current.st_mtime_ns) != (
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
        ):
            raise OSError(errno.EBUSY, "The file was written to while it was copied")
        os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
        copy.rename(target)
    except BaseException:
        with suppress(OSError):
            copy.unlink()
        raise
    try:
        source.unlink()
    except BaseException:  # The mount is read-only, for example: the file would be delivered again and again.
        with suppress(OSError):
            target.unlink()
        raise
