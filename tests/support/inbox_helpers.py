"""Helpers for tests of the watched folder."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from preview.core.leader_lock import LeaderLock
from preview.ingest.inbox.watcher import InboxWatcher
from preview.model.resources import DeliverySummary
from preview.runtime.application import Application
from tests.support.pipeline import open_application, wait_until

SETTLE_SECONDS = 0.4
"""Seconds without a change after which a file is complete; the default is 2."""

MARCH = "2024-03-01"


@contextmanager
def watching_application(data_dir: Path, inbox: Path, **settings: Any) -> Generator[Application]:
    given: dict[str, Any] = {"inbox_settle_seconds": SETTLE_SECONDS, **settings}
    with open_application(data_dir, inbox_dir=inbox, **given) as application:
        yield application


def remaining_files(folder: Path) -> set[str]:
    """Return the relative paths of all files in the folder, claimed ones too."""
    paths: set[str] = set()
    for parent, below, names in os.walk(folder):
        links = [name for name in below if (Path(parent) / name).is_symlink()]
        paths |= {str(Path(parent, name).relative_to(folder)) for name in (*names, *links)}
    return paths


def has_claims(inbox: Path) -> bool:
    """Return whether the folder contains a claim."""
    folder = inbox / ".taking"
    return folder.is_dir() and any(folder.iterdir())


def finished_deliveries(application: Application) -> list[DeliverySummary]:
    """Wait until all deliveries are imported, and return them, oldest first."""
    rows = application.deliveries.page(None, None, 1, 100)[0][::-1]
    wait_until(lambda: all(application.deliveries.get(row.delivery_id).completed_at for row in rows), "the deliveries")
    return application.deliveries.page(None, None, 1, 100)[0][::-1]


def wait_until_empty(inbox: Path) -> None:
    """Wait until the folder contains no file."""
    wait_until(lambda: not remaining_files(inbox) and not has_claims(inbox), "the watched folder to be empty")


@contextmanager
def failing_renames(fails: Callable[[Path], bool], number: int) -> Generator[None]:
    """Let a rename of a file fail with an error number."""
    rename = Path.rename

    def rename_or_fail(self: Path, target: Path) -> Path:
        if fails(self):
            raise OSError(number, os.strerror(number))
        return rename(self, target)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "rename", rename_or_fail)
        yield


class ManualPoller:
    """Polls a watched folder once per call, without the pause between polls."""

    def __init__(self, application: Application, inbox: Path, *, settle_seconds: float = 0.0) -> None:
        leader_lock = LeaderLock(application.settings.data_dir / "inbox.lock")
        self.inbox = InboxWatcher(
            inbox,
            leader_lock,
            application.deliveries,
            application.texts,
            imported_file_policy="delete",
            settle_seconds=settle_seconds,
            max_delivery_bytes=2**20,
        )

    def __call__(self) -> None:
        self.inbox._next_poll = 0.0  # pyright: ignore[reportPrivateUsage]
        self.inbox.poll()
