"""Notices that the data folder is gone, was replaced or cannot be written, and that it is back."""

import os
import time
from pathlib import Path

from preview.core.errors import Unavailable
from preview.core.passing_faults import PassingFault
from preview.storage.database import Database

_CHECK_SECONDS = 1.0


class DataDirCheck:
    """Checks the folder of a store. Call `poll` repeatedly on one thread.

    Args:
        folder: The data folder.
        database: The store in it.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database
        self._next_check = 0.0
        self.fault = PassingFault("the check of the data folder")
        """Why the folder cannot be used at present."""

    def poll(self) -> bool:
        """Check the folder, at most once per `_CHECK_SECONDS`.

        Returns:
            False: the worker may sleep before the next call.
        """
        if time.monotonic() < self._next_check:
            return False
        self._next_check = time.monotonic() + _CHECK_SECONDS
        try:
            self._check()
        except Unavailable as fault:
            self.fault.failed(fault)
        else:
            self.fault.succeeded()
        return False

    def _check(self) -> None:
        if not self._folder.is_dir():
            raise Unavailable("The folder is missing: it was moved or deleted, or its disk is away.")
        self._database.check_in_place()
        if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise Unavailable("The folder cannot be read and written: its permissions or its disk do not allow it.")
