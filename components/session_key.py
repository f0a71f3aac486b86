"""The key that signs the tokens of dashboard sessions."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

_FILE_NAME = "session.key"


def load_or_create_session_key(data_dir: Path) -> bytes:
    """Return the key of a data folder; create it on the first start.

    All processes on the data folder share it, and it outlives restarts, so that any process accepts the token of an
    open page.

    Args:
        data_dir: The data folder; the key's file in it is readable by its owner alone.

    Returns:
        The key, as URL-safe text in bytes.
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
    return path.read_bytes()
