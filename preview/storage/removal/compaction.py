"""Rewrite a store without what was deleted from it, beside processes that use it.

`secure_delete` alone leaves about one row in ten thousand, on pages that were split before. VACUUM would keep every
other write waiting for as long as it takes to copy the store. So the store is copied to a file of its own first, which
takes no lock, and the copy is written back if nothing has been written meanwhile: in small steps within one
transaction, which is given up as soon as another write waits.
"""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from preview.storage.sqlite import Connection, connect, connect_plain, create_owner_only, passing_faults_translated
from preview.storage.write_lock import WriteLock

COPY_SUFFIX = "-compacted"

_STEP_PAGES = 256
_SYNC_BYTES = 8 * 2**20
"""So many bytes are written before they are forced to the disk; the commit then has little left to wait for."""
_PROGRESS_OPERATIONS = 50_000
_CHECKPOINT_ATTEMPTS = 5
_OK, _DONE = 0, 101
"""SQLITE_OK and SQLITE_DONE (sqlite.org/rescode.html)."""


class _GivenUp(Exception):
    """Another process writes or waits to write, or the attempt is to stop."""


def try_compact(path: Path, lock: WriteLock, should_stop: Callable[[], bool] = lambda: False) -> bool:
    """Rewrite the store if nothing is written to it meanwhile. Blocks, but no other write waits for long.

    Args:
        path: The store file.
        lock: Its write lock.
        should_stop: Is asked now and then whether to give up.

    Returns:
        Whether the store has been rewritten, and no byte of deleted content is in its files.

    Raises:
        Unavailable: If the disk has no room for a copy, or the store cannot be used.
    """
    copy = path.with_name(path.name + COPY_SUFFIX)
    copy.unlink(missing_ok=True)
    try:
        with passing_faults_translated(writing=True), closing(connect(path, readonly=True)) as watch:
            version = _data_version(watch)
            create_owner_only(copy)
            _copy(path, copy, lambda: should_stop() or _data_version(watch) != version)
            _write_back(path, copy, lambda: not lock.has_waiting(), lambda: _data_version(watch) == version)
        return _empty_log(path)
    except _GivenUp:
        return False
    finally:
        copy.unlink(missing_ok=True)


def _copy(path: Path, copy: Path, is_outdated: Callable[[], bool]) -> None:
    with closing(connect(path, readonly=False)) as connection:
        connection.set_progress_handler(lambda: int(is_outdated()), _PROGRESS_OPERATIONS)
        try:
            connection.execute("VACUUM INTO ?", (str(copy),))
        except Exception as error:
            if is_outdated():
                raise _GivenUp from error
            raise
    if is_outdated():
        raise _GivenUp


def _write_back(path: Path, copy: Path, may_go_on: Callable[[], bool], is_unchanged: Callable[[], bool]) -> None:
    unsynced = 0
    log = os.open(path.with_name(f"{path.name}-wal"), os.O_RDONLY | os.O_CLOEXEC)
    try:
        with closing(connect_plain(copy)) as source, closing(connect(path, readonly=False)) as target:
            target.execute("PRAGMA busy_timeout=0").fetchall()
            page_size, pages = (source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count"))
            # The first step must not be the last one: it takes the write lock, and only then can the store be compared.
            step = max(1, min(_STEP_PAGES, pages // 2))
            is_first = True

            def check(status: int, _: int, __: int) -> None:
                nonlocal unsynced, is_first
                if status == _DONE:
                    return
                if status != _OK or (is_first and not is_unchanged()) or not may_go_on():
                    raise _GivenUp
                is_first = False
                unsynced += step * page_size
                if unsynced >= _SYNC_BYTES:
                    os.fsync(log)
                    unsynced = 0

            source.backup(target, pages=step, progress=check, sleep=0)
    finally:
        os.close(log)


def _empty_log(path: Path) -> bool:
    """Write the log into the store, at first without the write lock; return whether it is empty then."""
    with passing_faults_translated(writing=True), closing(connect(path, readonly=False)) as connection:
        connection.execute("PRAGMA busy_timeout=100").fetchall()
        for _ in range(_CHECKPOINT_ATTEMPTS):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            if not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                return True
    return False


def _data_version(connection: Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
