"""Copies of the whole store: made beside running processes, checked, and brought into use as a store of its own."""

from pathlib import Path

from preview.core.errors import StoreError
from preview.model.findings import FindingCode
from preview.storage import events, meta, organizations
from preview.storage.sqlite import Connection, connect_to_copy, copy_database, require_store

RESTORE_GAP = 1_000_000_000
"""How far the sequences of ids jump at a restore: more than can have been given out since the backup was made."""

_SEQUENCES = ("event", "snapshot", "job", "delivery", "approval", "comment")
_RESTORED_KEY = "restored_at"
# One with an outcome needs no file any more: the server tells the remaining organisations.
_UNFINISHED = """SELECT delivery FROM delivery
    WHERE delivery_status IN ('received', 'reading') AND outcome IS NULL ORDER BY delivery"""


def copy_store(source: Path, target: Path) -> None:
    """Copy the store, as of one moment, to a new file that needs no write-ahead log, and verify the copy.

    Args:
        source: The store file; other processes may be writing to it.
        target: The file to make. It must not exist.

    Raises:
        StoreError: If there is no store, the copy fails, or the copy is damaged.
    """
    require_store(source.parent)
    copy_database(source, target)
    if faults := find_damage(target):
        raise StoreError(f"The copy of the store is damaged ({faults[0]}): check the disk and the store.")


def find_damage(path: Path) -> list[str]:
    """Return what SQLite finds wrong with a store file that no process has open; empty for a sound one.

    Raises:
        StoreError: If the file cannot be opened.
    """
    with connect_to_copy(path) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check").fetchall()]
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    return [fault for fault in found if fault != "ok"] + [
        f"table {row[0]} refers to a row that is missing" for row in broken
    ]


def begin_new_history(connection: Connection, at: str, config_key: str) -> None:
    """Make a copied store one whose ids and event positions cannot be mistaken for those given out after the copy was
    made.

    The sequences of events, snapshots, jobs and deliveries jump by `RESTORE_GAP`. Every earlier event position counts
    as pruned, so that a stream that resumes from it gets `resync`, also once the log has grown past it. Deliveries
    that had not been imported are refused, as a backup holds no spool.

    Args:
        connection: A connection within a write transaction.
        at: The time of the restore, RFC 3339 in UTC.
        config_key: The key in `meta` whose absence has every document reconciled at the next start.
    """
    for name in _SEQUENCES:
        updated = connection.execute(
            "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ?", (RESTORE_GAP, name)
        ).rowcount
        if not updated:
            connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, RESTORE_GAP))
    events.mark_pruned(connection, events.last_event_id(connection))
    for (number,) in connection.execute(_UNFINISHED).fetchall():
        _refuse_without_spool(connection, number, at)
        organizations.unlock_and_bump_version(connection, number)
    meta.delete(connection, config_key)
    meta.put(connection, _RESTORED_KEY, at)


def _refuse_without_spool(connection: Connection, number: int, at: str) -> None:
    finding = FindingCode.UNREADABLE_FILE.finding(0)
    (ordinal,) = connection.execute(
        "SELECT coalesce(max(nr), -1) + 1 FROM finding WHERE delivery = ?", (number,)
    ).fetchone()
    connection.execute(
        """INSERT INTO finding (delivery, nr, severity, code, file, line, element, detail)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            number,
            ordinal,
            str(finding.severity),
            finding.code,
            finding.file,
            finding.line,
            finding.element,
            finding.detail,
        ),
    )
    connection.execute(
        """UPDATE delivery SET delivery_status = 'refused', spool = NULL, worker = NULL, completed = 1,
            completed_at = ?, finding_count = finding_count + 1
        WHERE delivery = ?""",
        (at, number),
    )
