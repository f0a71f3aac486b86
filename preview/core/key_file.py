"""Reads the key files of the data folder: what could not be trusted as a secret is refused with a sentence."""

import os
import stat
from pathlib import Path

from preview.core.errors import StoreError

_MAX_BYTES = 4096


def read_key_file(path: Path, remedy: str) -> bytes:
    """Return the content of a key file, which must be a file of its own that only its owner can access.

    Args:
        path: The file; it exists.
        remedy: A sentence that says what to do if the file is not usable.

    Raises:
        StoreError: It is no regular file, cannot be read, or other users can access it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise StoreError(
            f"The file {path.name} in the data folder cannot be read: {os.strerror(error.errno or 0)}. {remedy}"
        ) from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise StoreError(f"The file {path.name} in the data folder is no regular file. {remedy}")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise StoreError(
                f"The file {path.name} in the data folder can be accessed by other users "
                f"(mode {stat.S_IMODE(mode):o}). Make it private with `chmod 600`."
            )
        return os.read(descriptor, _MAX_BYTES)
    finally:
        os.close(descriptor)
