"""The watched folder: what a case system puts into it is taken as a delivery, and what is refused comes back with the reason.

A file is complete once it has been renamed from a name of what is being written, or has not changed for a while. All that is complete at
one look is one delivery (each ZIP one of its own), so that ten thousand files are not ten thousand of them. Of several processes on one
folder the one that has the lead looks; a look that fails is made again.
"""

import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from preview.core.errors import NotFound, PreviewError
from preview.core.leader_lock import Lead
from preview.i18n.catalog import Texts
from preview.ingest.deliveries import Deliveries
from preview.ingest.inbox.claims import FOLDER, Claim, Found, claims, free
from preview.ingest.inbox.rejection_report import report
from preview.model.findings import Code, Finding
from preview.parsing.archive import is_noise
from preview.parsing.zip_file import MAGIC
from preview.storage.deliveries import KEPT_REFUSALS

log = logging.getLogger(__name__)

ACTOR = "inbox"
TAKEN, REFUSED = "taken", "refused"
REPORT = ".report.json"

_LOOK_SECONDS = 0.25
_AFTER_A_FAULT_SECONDS = 5.0
_BEING_WRITTEN = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", "~")

Taken = Literal["delete", "move"]


class _Seen(msgspec.Struct):
    """What earlier looks have seen of a file: its content since when (monotonic seconds), and whether under the name of what is being written."""

    content: tuple[int, int]
    since: float
    being_written: bool


class Inbox:
    """`look` is called again and again on one thread, and blocks it."""

    def __init__(
        self,
        folder: Path,
        lead: Lead,
        deliveries: Deliveries,
        texts: Texts,
        *,
        taken: Taken,
        settle_seconds: float,
        max_delivery_bytes: int,
    ) -> None:
        self._folder = folder
        self._lead = lead
        self._deliveries = deliveries
        self._texts = texts
        self._taken = taken
        self._settle_seconds = settle_seconds
        self._max_delivery_bytes = max_delivery_bytes
        self._seen: dict[tuple[int, int], _Seen] = {}
        self._made = self._missed = False
        self._next = 0.0

    def look(self) -> bool:
        """Takes what is complete, and clears away what has been read. False: there is time until the next look."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + _LOOK_SECONDS
        try:
            if self._lead.is_ours() and self._is_there():
                self._clear_away()
                for group in self._groups(self._complete()):
                    self._take(group)
        except (OSError, PreviewError) as error:
            # The folder may be another machine's, and that machine away; nothing of it is lost. Never the message: it names a file.
            log.warning("the watched folder: %s %s", type(error).__name__, getattr(error, "strerror", "") or "")
            self._next = time.monotonic() + _AFTER_A_FAULT_SECONDS
        return False

    def close(self) -> None:
        """Another process may look from now on."""
        self._lead.close()

    def _is_there(self) -> bool:
        """Made once, where missing. One that vanishes later is waited for: made anew it might hide the one that comes back."""
        if not self._made:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._made = True
        there = self._folder.is_dir()
        if there == self._missed:
            self._missed = not there
            log.log(logging.INFO if there else logging.WARNING, "the watched folder is %s", "back" if there else "not there")
            self._seen.clear()
        return there

    def _complete(self) -> list[Found]:
        """By name, so that of two folders of the same moment the same one is read last each time."""
        at = time.monotonic()
        seen: dict[tuple[int, int], _Seen] = {}
        complete: list[Found] = []
        for found, being_written in _walk(self._folder, Path()):
            before = self._seen.get(found.identity)
            same = before is not None and before.content == found.content
            entry = _Seen(found.content, before.since if before and same else at, being_written)
            seen[found.identity] = entry
            renamed = same and before is not None and before.being_written
            if not being_written and (renamed or at - entry.since >= self._settle_seconds):
                complete.append(found)
        self._seen = seen
        return complete

    def _groups(self, complete: list[Found]) -> Iterator[list[Found]]:
        """What is one delivery: no more than may be one, and than is known of each file whether it is refused."""
        group: list[Found] = []
        size = 0
        for found in complete:
            if _is_zip(self._folder / found.name):
                yield [found]
                continue
            if group and (size + found.status.st_size > self._max_delivery_bytes or len(group) >= KEPT_REFUSALS):
                yield group
                group, size = [], 0
            group.append(found)
            size += found.status.st_size
        if group:
            yield group

    def _take(self, group: list[Found]) -> None:
        fit: list[Found] = []
        for found in group:
            if code := self._unfit(found):
                self._dispose(Claim.take(self._folder, [found]), None, {1: [code.at(1)]})
            else:
                fit.append(found)
        claim = Claim.take(self._folder, fit)
        try:
            if claim.files:
                receipt = self._deliveries.receive_paths(claim.paths, full=False, actor=ACTOR)
                claim.received(receipt.delivery_id)
                log.info("the watched folder: %d files are %s", len(claim.files), receipt.delivery_id)
        except (OSError, PreviewError):
            claim.put_back()
            raise
        if not claim.files:
            claim.end()

    def _unfit(self, found: Found) -> Code | None:
        if not stat.S_ISREG(found.status.st_mode):
            return Code.NOT_A_FILE
        if not os.access(self._folder / found.name, os.R_OK):
            return Code.UNREADABLE_FILE
        return Code.TOO_LARGE if found.status.st_size > self._max_delivery_bytes else None

    def _clear_away(self) -> None:
        """What has been read; and what a process that died had claimed and not received."""
        for claim in claims(self._folder):
            if claim.delivery_id is None:
                claim.put_back()
                continue
            try:
                document = self._deliveries.document(claim.delivery_id)
            except NotFound:
                # The store is another one, from a backup say: nobody knows whether it has been read.
                self._dispose(claim, claim.delivery_id, {number: [] for number in claim.files})
                continue
            if document.completed_at is not None:
                self._dispose(claim, claim.delivery_id, self._refusals(claim, claim.delivery_id) if document.refused_files else {})

    def _refusals(self, claim: Claim, delivery_id: str) -> dict[int, list[Finding]]:
        """By number of the file. Those of a ZIP are all of the one file."""
        found = self._deliveries.refusals(delivery_id)
        if any(_is_zip(claim.path(number)) for number in claim.files):
            return dict.fromkeys(claim.files, found)
        by_file: dict[int, list[Finding]] = {}
        for finding in found:
            by_file.setdefault(finding.file, []).append(msgspec.structs.replace(finding, file=1))
        return by_file

    def _dispose(self, claim: Claim, delivery_id: str | None, refusals: dict[int, list[Finding]]) -> None:
        """Clears the claim away: these files with a report, the others as is set."""
        for number in list(claim.files):
            if number in refusals:
                where = claim.move(number, self._folder / REFUSED)
                free(where, REPORT).write_bytes(report(self._texts, delivery_id, refusals[number]))
            elif self._taken == "move":
                claim.move(number, self._folder / TAKEN)
            else:
                claim.delete(number)
        claim.end()


def _walk(folder: Path, below: Path) -> Iterator[tuple[Found, bool]]:
    """All that is no folder, by name, and whether its name is one of what is being written; not what we have put beside it."""
    for name in sorted(os.listdir(folder / below)):  # noqa: PTH208, names alone: a big folder has many
        path = below / name
        if is_noise(name) or path.parts[0] in (FOLDER, TAKEN, REFUSED):
            continue
        try:
            status = (folder / path).lstat()
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(status.st_mode):
            yield Found(path, status), name.startswith((".", "~")) or name.lower().endswith(_BEING_WRITTEN)
        elif not name.startswith("."):
            with suppress(FileNotFoundError, PermissionError):  # gone meanwhile, or closed to us
                yield from _walk(folder, path)


def _is_zip(path: Path) -> bool:
    """By its first bytes, whatever it is called; a link or a device is none."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            return os.pread(descriptor, 4, 0) in MAGIC
        finally:
            os.close(descriptor)
    return False
