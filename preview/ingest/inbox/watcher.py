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
from preview.core.leader_lock import LeaderLock
from preview.i18n.catalog import MessageCatalog
from preview.ingest.deliveries import Deliveries
from preview.ingest.inbox.claims import CLAIMS_DIR, Claim, InboxFile, list_claims, unique_path
from preview.ingest.inbox.rejection_report import render_rejection_report
from preview.model.findings import Finding, FindingCode
from preview.parsing.archive import is_junk_file
from preview.parsing.zip_file import MAGIC
from preview.storage.deliveries import MAX_STORED_REFUSALS

log = logging.getLogger(__name__)

ACTOR = "inbox"
IMPORTED_FOLDER, REFUSED_FOLDER = "taken", "refused"
REPORT_SUFFIX = ".report.json"

_POLL_SECONDS = 0.25
_ERROR_BACKOFF_SECONDS = 5.0
_TEMPORARY_SUFFIXES = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", "~")

ImportedFilePolicy = Literal["delete", "move"]


class _FileState(msgspec.Struct):
    """What earlier looks have seen of a file: its content since when (monotonic seconds), and whether under the name of what is being written."""

    fingerprint: tuple[int, int]
    unchanged_since: float
    has_temporary_name: bool


class InboxWatcher:
    """`look` is called again and again on one thread, and blocks it."""

    def __init__(
        self,
        folder: Path,
        leader_lock: LeaderLock,
        deliveries: Deliveries,
        texts: MessageCatalog,
        *,
        imported_file_policy: ImportedFilePolicy,
        settle_seconds: float,
        max_delivery_bytes: int,
    ) -> None:
        self._folder = folder
        self._leader_lock = leader_lock
        self._deliveries = deliveries
        self._texts = texts
        self._imported_file_policy = imported_file_policy
        self._settle_seconds = settle_seconds
        self._max_delivery_bytes = max_delivery_bytes
        self._file_states: dict[tuple[int, int], _FileState] = {}
        self._folder_created = self._folder_missing = False
        self._next_poll = 0.0

    def poll(self) -> bool:
        """Takes what is complete, and clears away what has been read. False: there is time until the next look."""
        if time.monotonic() < self._next_poll:
            return False
        self._next_poll = time.monotonic() + _POLL_SECONDS
        try:
            if self._leader_lock.try_acquire() and self._folder_available():
                self._process_finished_claims()
                for group in self._group_into_deliveries(self._complete_files()):
                    self._import_group(group)
        except (OSError, PreviewError) as error:
            # The folder may be another machine's, and that machine away; nothing of it is lost. Never the message: it names a file.
            log.warning("the watched folder: %s %s", type(error).__name__, getattr(error, "strerror", "") or "")
            self._next_poll = time.monotonic() + _ERROR_BACKOFF_SECONDS
        return False

    def close(self) -> None:
        """Another process may look from now on."""
        self._leader_lock.close()

    def _folder_available(self) -> bool:
        """Made once, where missing. One that vanishes later is waited for: made anew it might hide the one that comes back."""
        if not self._folder_created:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder_created = True
        available = self._folder.is_dir()
        if available == self._folder_missing:
            self._folder_missing = not available
            log.log(logging.INFO if available else logging.WARNING, "the watched folder is %s", "back" if available else "not there")
            self._file_states.clear()
        return available

    def _complete_files(self) -> list[InboxFile]:
        """By name, so that of two folders of the same moment the same one is read last each time."""
        now = time.monotonic()
        states: dict[tuple[int, int], _FileState] = {}
        complete: list[InboxFile] = []
        for inbox_file, has_temporary_name in _walk(self._folder, Path()):
            previous = self._file_states.get(inbox_file.identity)
            is_unchanged = previous is not None and previous.fingerprint == inbox_file.fingerprint
            state = _FileState(inbox_file.fingerprint, previous.unchanged_since if previous and is_unchanged else now, has_temporary_name)
            states[inbox_file.identity] = state
            renamed = is_unchanged and previous is not None and previous.has_temporary_name
            if not has_temporary_name and (renamed or now - state.unchanged_since >= self._settle_seconds):
                complete.append(inbox_file)
        self._file_states = states
        return complete

    def _group_into_deliveries(self, complete: list[InboxFile]) -> Iterator[list[InboxFile]]:
        """What is one delivery: no more than may be one, and than is known of each file whether it is refused."""
        group: list[InboxFile] = []
        size = 0
        for inbox_file in complete:
            if _is_zip(self._folder / inbox_file.relative_path):
                yield [inbox_file]
                continue
            if group and (size + inbox_file.status.st_size > self._max_delivery_bytes or len(group) >= MAX_STORED_REFUSALS):
                yield group
                group, size = [], 0
            group.append(inbox_file)
            size += inbox_file.status.st_size
        if group:
            yield group

    def _import_group(self, group: list[InboxFile]) -> None:
        accepted: list[InboxFile] = []
        for inbox_file in group:
            if code := self._rejection_code(inbox_file):
                self._finalize(Claim.create(self._folder, [inbox_file]), None, {1: [code.finding(1)]})
            else:
                accepted.append(inbox_file)
        claim = Claim.create(self._folder, accepted)
        try:
            if claim.files:
                receipt = self._deliveries.receive_paths(claim.paths, full=False, actor=ACTOR)
                claim.mark_received(receipt.delivery_id)
                log.info("the watched folder: %d files are %s", len(claim.files), receipt.delivery_id)
        except (OSError, PreviewError):
            claim.release()
            raise
        if not claim.files:
            claim.remove()

    def _rejection_code(self, inbox_file: InboxFile) -> FindingCode | None:
        if not stat.S_ISREG(inbox_file.status.st_mode):
            return FindingCode.NOT_A_FILE
        if not os.access(self._folder / inbox_file.relative_path, os.R_OK):
            return FindingCode.UNREADABLE_FILE
        return FindingCode.TOO_LARGE if inbox_file.status.st_size > self._max_delivery_bytes else None

    def _process_finished_claims(self) -> None:
        """What has been read; and what a process that died had claimed and not received."""
        for claim in list_claims(self._folder):
            if claim.delivery_id is None:
                claim.release()
                continue
            try:
                document = self._deliveries.get(claim.delivery_id)
            except NotFound:
                # The store is another one, from a backup say: nobody knows whether it has been read.
                self._finalize(claim, claim.delivery_id, {number: [] for number in claim.files})
                continue
            if document.completed_at is not None:
                self._finalize(claim, claim.delivery_id, self._findings_by_file(claim, claim.delivery_id) if document.refused_files else {})

    def _findings_by_file(self, claim: Claim, delivery_id: str) -> dict[int, list[Finding]]:
        """By number of the file. Those of a ZIP are all of the one file."""
        findings = self._deliveries.refusals(delivery_id)
        if any(_is_zip(claim.path(number)) for number in claim.files):
            return dict.fromkeys(claim.files, findings)
        by_file: dict[int, list[Finding]] = {}
        for finding in findings:
            by_file.setdefault(finding.file, []).append(msgspec.structs.replace(finding, file=1))
        return by_file

    def _finalize(self, claim: Claim, delivery_id: str | None, refusals: dict[int, list[Finding]]) -> None:
        """Clears the claim away: these files with a report, the others as is set."""
        for number in list(claim.files):
            if number in refusals:
                moved_to = claim.move(number, self._folder / REFUSED_FOLDER)
                unique_path(moved_to, REPORT_SUFFIX).write_bytes(render_rejection_report(self._texts, delivery_id, refusals[number]))
            elif self._imported_file_policy == "move":
                claim.move(number, self._folder / IMPORTED_FOLDER)
            else:
                claim.delete(number)
        claim.remove()


def _walk(folder: Path, subfolder: Path) -> Iterator[tuple[InboxFile, bool]]:
    """All that is no folder, by name, and whether its name is one of what is being written; not what we have put beside it."""
    for name in sorted(os.listdir(folder / subfolder)):  # noqa: PTH208, names alone: a big folder has many
        path = subfolder / name
        if is_junk_file(name) or path.parts[0] in (CLAIMS_DIR, IMPORTED_FOLDER, REFUSED_FOLDER):
            continue
        try:
            status = (folder / path).lstat()
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(status.st_mode):
            yield InboxFile(path, status), name.startswith((".", "~")) or name.lower().endswith(_TEMPORARY_SUFFIXES)
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
