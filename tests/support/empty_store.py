"""A migrated store without content, which tests copy: to run all migrations takes twenty times as long."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from preview.storage.migrations import migrate
from preview.storage.sqlite import STORE_FILE, connect, create_owner_only


def copy_empty_store(path: Path) -> None:
    """Put an empty store at the path, unless there is a file."""
    if not path.exists():
        shutil.copy2(_empty_store(), path)


@cache
def _empty_store() -> Path:
    """Return the store that is copied. No `Database` made it, as one that closes adds statistics."""
    folder = tempfile.mkdtemp(prefix="empty-store-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / STORE_FILE
    create_owner_only(path)
    connection = connect(path, readonly=False)
    connection.execute("BEGIN IMMEDIATE")
    migrate(connection)
    connection.execute("COMMIT")
    connection.close()
    return path
