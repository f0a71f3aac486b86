"""The key that signs the tokens of dashboard sessions."""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from preview.core.errors import StoreError
from preview.core.key_file import read_key_file

_FILE_NAME = "session.key"
_KEY = re.compile(rb"[A-Za-z0-9_-]{64}")
_REMEDY = "Delete it: a new one is made at the next start, and open pages reload."


def load_or_create_session_key(data_dir: Path) -> bytes:
    """Return the key of a data folder; create it on the first start.

    All processes on the data folder share it, and it outlives restarts, so that any process accepts the token of an
    open page.

    Args:
        data_dir: The data folder; the key's file in it is readable by its owner alone.

    Returns:
        The key, as URL-safe text in bytes.

    Raises:
        StoreError: The file is damaged, is not this program's, or can be accessed by other users.
    """
    path = data_dir / _FILE_NAME
    if not path.exists():
        # Several processes may start at once. The hard link publishes a complete file, and only the first link
        # succeeds.
        temporary = data_dir / f"{_FILE_NAME}.{os.getpid()}"
        with os.fdopen(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            path.hardlink_to(temporary)
        temporary.unlink()
    key = read_key_file(path, _REMEDY)
    if not _KEY.fullmatch(key):
        raise StoreError(f"The file {_FILE_NAME} in the data folder is damaged or not this program's. {_REMEDY}")
    return key
