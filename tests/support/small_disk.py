"""A small file system of its own (tmpfs), which a test can fill and free again."""

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


class SmallDisk:
    """A mounted file system; `path` is its root."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Fill it up to its last byte, or leave so many bytes free."""
        with self._ballast.open("ab") as file:
            while (room := self.room() - leave) > 0:
                # Somebody else may have taken the last bytes at this moment.
                with suppress(OSError):
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), room)

    def free(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)

    def room(self) -> int:
        """The bytes that are free."""
        status = os.statvfs(self.path)
        return status.f_bavail * status.f_frsize


@contextmanager
def small_disk(path: Path, *, mebibytes: int) -> Generator[SmallDisk]:
    """Mount a file system of that size at `path`; the test is skipped where that is not allowed."""
    path.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(path)]
    if mount is None or os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("No file system can be mounted here.")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
