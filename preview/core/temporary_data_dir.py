"""A folder for what is needed once: owner-only, gone afterwards, and where its process was killed, gone at the next use by anyone.

It holds deliveries as they came (`domain.md` 4), so nothing of it may be left behind.
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
_GRACE_SECONDS = 10.0  # made a moment ago, and perhaps not locked yet


@contextmanager
def temporary_data_dir() -> Generator[Path]:
    """In the system's place for temporary files. It is locked for as long as its process lives."""
    parent = Path(tempfile.gettempdir())
    _remove_abandoned(parent)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent) as name, FileLock(Path(name), folder=True):
        yield Path(name)


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            if _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:  # its owner or another sweeper was quicker
            continue


def _is_abandoned(folder: Path) -> bool:
    """Whether it is ours and no process holds it."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or time.time() - status.st_ctime < _GRACE_SECONDS:
        return False
    return FileLock(folder, folder=True).is_free()
