"""Locates Statistics Norway's published example files, which are not part of this repository."""

import os
from pathlib import Path

from tests.support.server_process import REPOSITORY


def published_folder() -> Path | None:
    """Return the folder that `BUFDIR_CASES` names, `../shared/cases` by default; None if it does not exist."""
    folder = Path(os.environ.get("BUFDIR_CASES", REPOSITORY.parent / "shared" / "cases"))
    return folder if folder.is_dir() else None
