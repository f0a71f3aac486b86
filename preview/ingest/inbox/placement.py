"""Refuses a watched folder that would import or move files of the store itself."""

from pathlib import Path

from preview.core.errors import ConfigurationError
from preview.core.settings import Settings
from preview.ingest.inbox.claims import CLAIMS_DIR

_WORKING_FOLDERS = ("spool", "workers")  # of the data folder


def check_inbox_placement(settings: Settings) -> None:
    """Check that the watched folder and the data folder do not overlap in a harmful way. Symbolic links are resolved.

    A folder of its own within the data folder is allowed: the live demo has one.

    Raises:
        ConfigurationError: If the watched folder is the data folder, contains it, or lies in a working folder of the
            program.
    """
    if settings.effective_inbox_dir is None:
        return
    inbox, data_dir = settings.effective_inbox_dir.resolve(), settings.data_dir.resolve()
    if _is_same(inbox, data_dir):
        fault = "is the data folder (data_dir)"
    elif any(_is_same(inbox, parent) for parent in data_dir.parents):
        fault = "contains the data folder (data_dir)"
    elif CLAIMS_DIR in inbox.parts or any(
        _is_same(folder, data_dir / name) for folder in (inbox, *inbox.parents) for name in _WORKING_FOLDERS
    ):
        fault = "lies in a folder that the program itself works in"
    else:
        return
    raise ConfigurationError(
        f"The watched folder (inbox_dir) {fault}: its files would be imported and deleted. Choose a folder of its own."
    )


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two resolved paths lead to the same folder; by another mount, they do so under other names."""
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False  # one of them does not exist yet
