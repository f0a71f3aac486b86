"""Temporary data folders of commands that store nothing.

Such a folder can hold deliveries as they were sent (rule 4, docs/domain.md), so none may be left behind: each is
readable by its owner only and deleted afterwards. The folder of a process that was killed is deleted when the next
one is created.
"""

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from preview.core.file_lock import FileLock

_PREFIX = "bufdir-preview-"
_GRACE_SECONDS = 10.0  # a folder this young may not be locked by its process yet


@contextmanager
def temporary_data_dir() -> Generator[Path]:
    """Create a folder among the system's temporary files, lock it during the `with` block and delete it."""
    parent = Path(tempfile.gettempdir())
    _remove_abandoned(parent)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent) as name, FileLock(Path(name), folder=True):
        yield Path(name)


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            if _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:  # another process deleted it at the same moment
            continue


def _is_abandoned(folder: Path) -> bool:
    """Return whether this user owns the folder and no process holds its lock."""
    status = folder.lstat()
    if (
        not stat.S_ISDIR(status.st_mode)
        or status.st_uid != os.getuid()
        or time.time() - status.st_ctime < _GRACE_SECONDS
    ):
        return False
    return FileLock(folder, folder=True).is_free()
