"""Creation of the data folder, with a sentence for each reason for which it cannot be used."""

import os
from pathlib import Path

from preview.core.errors import StoreError


def create_data_dir(folder: Path) -> None:
    """Create the data folder for its owner only, if it is missing.

    Raises:
        StoreError: It cannot be created, is a file, or cannot be written to.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise StoreError(f"The data folder {folder} is a file. Set data_dir to a folder.") from None
    except OSError as error:
        cause = os.strerror(error.errno or 0)
        raise StoreError(f"The data folder {folder} cannot be created: {cause}. Set data_dir to another.") from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise StoreError(f"The data folder {folder} cannot be read and written. Change its permissions or data_dir.")
