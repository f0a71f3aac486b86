"""Lists the files of the watched folder, and tells ZIP archives from other files."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from preview.ingest.inbox.claims import CLAIMS_DIR
from preview.parsing.containers.leftovers import is_leftover
from preview.parsing.containers.zip_directory import MAGIC

IMPORTED_FOLDER, REFUSED_FOLDER = "taken", "refused"

_TEMPORARY_SUFFIXES = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", "~")


def walk(folder: Path, subfolder: Path) -> Iterator[tuple[Path, os.stat_result, bool]]:
    """Yield path and status of everything but folders, in order of name, each with whether its name is temporary.

    Leftovers of file managers and the folders that the watcher itself creates are skipped. A file whose name begins
    with a dot is yielded all the same, as a temporary one: programs that copy files begin with such a name.
    """
    for name in sorted(os.listdir(folder / subfolder)):  # noqa: PTH208, only names are needed and a folder can have many
        path = subfolder / name
        if (is_leftover(name) and not name.startswith(".")) or path.parts[0] in (
            CLAIMS_DIR,
            IMPORTED_FOLDER,
            REFUSED_FOLDER,
        ):
            continue
        try:
            status = (folder / path).lstat()
        except OSError:  # It was removed, or its mount does not answer.
            continue
        if not stat.S_ISDIR(status.st_mode):
            yield path, status, name.startswith((".", "~")) or name.lower().endswith(_TEMPORARY_SUFFIXES)
        elif not name.startswith("."):
            with suppress(OSError):  # The folder was removed, its mode forbids reading, or its mount does not answer.
                yield from walk(folder, path)


def is_zip(path: Path) -> bool:
    """Return whether the first bytes are those of a ZIP, whatever the name is; False for a link or a device."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            return os.pread(descriptor, 4, 0) in MAGIC
        finally:
            os.close(descriptor)
    return False
