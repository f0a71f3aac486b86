"""Delivers the files of a watched folder, and returns refused files with a report.

A file is complete when it has been renamed from a temporary name, or has not changed for some seconds. All files that
are complete at one poll are one delivery, so that ten thousand files do not become ten thousand deliveries; each ZIP is
a delivery of its own. Of several processes on one folder the leader polls; a poll that fails is repeated.
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

from preview.core.errors import InsufficientStorage, NotFound, PreviewError, Unavailable
from preview.core.leader_lock import LeaderLock
from preview.core.passing_faults import PassingFault, as_passing
from preview.i18n.catalog import MessageCatalog
from preview.ingest.deliveries import Deliveries
from preview.ingest.inbox.claims import Claim, InboxFile, list_claims, unique_path
from preview.ingest.inbox.failure_reports import FailureReports, is_failure_report
from preview.ingest.inbox.listing import IMPORTED_FOLDER, REFUSED_FOLDER, is_zip, walk
from preview.ingest.inbox.moving import write_private_file
from preview.ingest.inbox.postponed import Postponed
from preview.ingest.inbox.rejection_report import render_rejection_report
from preview.model.findings import Finding, FindingCode
from preview.storage.findings import MAX_STORED_REFUSALS

log = logging.getLogger(__name__)

ACTOR = "inbox"
REPORT_SUFFIX = ".report.json"

_POLL_SECONDS = 0.25
_ERROR_BACKOFF_SECONDS = 5.0

ImportedFilePolicy = Literal["delete", "move"]


class _FileState(msgspec.Struct):
    """State of a file at the previous poll.

    Attributes:
        fingerprint: Size and time of modification.
        unchanged_since: First poll with that fingerprint, in monotonic seconds.
        has_temporary_name: Whether the name marks a file that is still being written.
    """

    fingerprint: tuple[int, int]
    unchanged_since: float
    has_temporary_name: bool


class InboxWatcher:
    """Watches one folder. Call `poll` repeatedly on one thread; it blocks.

    Args:
        folder: The watched folder.
        leader_lock: Held by the process that polls the folder.
        deliveries: Receives the files.
        texts: Texts of the rejection reports.
        imported_file_policy: What happens to a file after its import: `delete` or `move` (into `taken/`).
        settle_seconds: Seconds without a change after which a file counts as complete.
        max_delivery_bytes: Largest size of a delivery.
    """

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
        self._fault = PassingFault("the watched folder")
        self._postponed, self._postponed_claims = Postponed(), Postponed()
        self._failure_reports = FailureReports(folder, texts)
        self._single_files: set[Path] = set()

    def poll(self) -> bool:
        """Deliver the complete files and finalise imported claims, at most once per `_POLL_SECONDS`.

        Returns:
            False: the worker may sleep before the next call.
        """
        if time.monotonic() < self._next_poll:
            return False
        self._next_poll = time.monotonic() + _POLL_SECONDS
        try:
            if self._folder_available() and self._leader_lock.try_acquire():
                self._process_finished_claims()
                for group in self._group_into_deliveries(self._complete_files()):
                    self._import_group(group)
        except (OSError, PreviewError) as error:
            # The folder may be on a network drive that is away; its files stay there. The message of an OSError is not
            # logged, because it contains a file name.
            fault = as_passing(error) or Unavailable(f"The files cannot be delivered ({type(error).__name__}).")
            self._next_poll = time.monotonic() + max(_ERROR_BACKOFF_SECONDS, self._fault.failed(fault))
        else:
            self._fault.succeeded()
        return False

    def troubles(self) -> list[str]:
        """Return why the folder, or files in it, cannot be used at present, a sentence for each cause.

        Files are known to the process that polls, the folder to every one.
        """
        causes: list[str] = []
        if self._folder_missing:
            causes.append("The watched folder is missing.")
        if self._fault.cause is not None:
            causes.append(f"The watched folder cannot be used: {self._fault.cause}")
        if postponed := len(self._postponed) + len(self._postponed_claims):
            causes.append(f"{postponed} files or deliveries of the watched folder cannot be moved; see its reports.")
        return causes

    def close(self) -> None:
        """Let another process poll the folder."""
        self._leader_lock.close()

    def _folder_available(self) -> bool:
        """Return whether the folder exists; create it at the first call.

        A folder that disappears later is not created again: the new one could hide a network drive that comes back.
        """
        if not self._folder_created:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder_created = True
        available = self._folder.is_dir()
        if available == self._folder_missing:
            self._folder_missing = not available
            if available:
                log.info("the watched folder is back")
            else:
                log.warning("the watched folder is missing; deliveries continue when it is back")
            self._file_states.clear()
        return available

    def _complete_files(self) -> list[InboxFile]:
        """Return the complete files in order of name, so that the order of two files with equal times is always the
        same.
        """
        now = time.monotonic()
        states: dict[tuple[int, int], _FileState] = {}
        complete: list[InboxFile] = []
        paths: set[Path] = set()
        entries = list(walk(self._folder, Path()))
        reports = [self._folder / path for path, _, _ in entries if is_failure_report(path.name)]
        others = (entry for entry in entries if not is_failure_report(entry[0].name))
        for ordinal, (path, status, has_temporary_name) in enumerate(others, start=1):
            inbox_file = InboxFile(path, status, ordinal)
            paths.add(path)
            previous = self._file_states.get(inbox_file.identity)
            is_unchanged = previous is not None and previous.fingerprint == inbox_file.fingerprint
            state = _FileState(
                inbox_file.fingerprint,
                previous.unchanged_since if previous and is_unchanged else now,
                has_temporary_name,
            )
            states[inbox_file.identity] = state
            renamed = is_unchanged and previous is not None and previous.has_temporary_name
            is_empty = stat.S_ISREG(status.st_mode) and status.st_size == 0  # its program has only begun to write it
            can_be_complete = not (has_temporary_name or is_empty) and self._postponed.is_due(path)
            if can_be_complete and (renamed or now - state.unchanged_since >= self._settle_seconds):
                complete.append(inbox_file)
        self._file_states = states
        self._postponed.keep_only(paths)
        self._failure_reports.keep_only({*self._postponed.keys(), *self._postponed_claims.keys()}, reports)
        self._single_files &= paths
        return complete

    def _group_into_deliveries(self, complete: list[InboxFile]) -> Iterator[list[InboxFile]]:
        """Yield the files of one delivery after the other.

        A delivery has no more bytes than are accepted, and no more files than refusals are stored for.
        """
        group: list[InboxFile] = []
        size = 0
        for inbox_file in complete:
            path = inbox_file.relative_path
            if path in self._single_files or is_zip(self._folder / path):
                yield [inbox_file]
                continue
            if group and (
                size + inbox_file.status.st_size > self._max_delivery_bytes or len(group) >= MAX_STORED_REFUSALS
            ):
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
                self._refuse(inbox_file, code)
            else:
                accepted.append(inbox_file)
        claim = Claim.create(self._folder, accepted, self._postpone)
        try:
            if claim.files:
                receipt = self._deliveries.receive_paths(claim.paths, full=False, actor=ACTOR, inbox_claim=claim.name)
                claim.mark_received(receipt.delivery_id)
                log.info("%d files of the watched folder were received as %s", len(claim.files), receipt.delivery_id)
        except (OSError, PreviewError) as error:
            with suppress(OSError, PreviewError):  # The next poll resumes it.
                self._resume(claim)
            if isinstance(error, PreviewError) or isinstance(as_passing(error), InsufficientStorage):
                raise
            self._isolate(accepted, error)
        else:
            if not claim.files:
                claim.remove()

    def _refuse(self, inbox_file: InboxFile, code: FindingCode) -> None:
        claim = Claim.create(self._folder, [inbox_file], self._postpone)
        try:
            self._finalize(claim, None, {1: [code.finding(1)]})
        except (OSError, ValueError) as error:
            self._postpone(inbox_file, error)
            with suppress(OSError):  # The next poll releases it.
                claim.release()

    def _isolate(self, group: list[InboxFile], error: Exception) -> None:
        """Postpone a file that cannot be delivered. Of several, deliver each alone from now on, so that one stops no
        other.
        """
        if len(group) == 1:
            self._postpone(group[0], error)
        self._single_files |= {inbox_file.relative_path for inbox_file in group}

    def _postpone(self, inbox_file: InboxFile, error: Exception) -> None:
        pause = self._postponed.postpone(inbox_file.relative_path)
        # The name of a file can name a person: it is identified by its place.
        log.warning(
            "file %d (by name) of the watched folder %s cannot be taken (%s); it is tried again in %d s",
            inbox_file.ordinal,
            self._folder,
            _cause(error),
            pause,
        )
        self._failure_reports.write(
            inbox_file.relative_path,
            (self._folder / inbox_file.relative_path).parent,
            cause=_cause(error),
            pause_seconds=pause,
            ordinal=inbox_file.ordinal,
        )

    def _rejection_code(self, inbox_file: InboxFile) -> FindingCode | None:
        if not stat.S_ISREG(inbox_file.status.st_mode):
            return FindingCode.NOT_A_FILE
        if not os.access(self._folder / inbox_file.relative_path, os.R_OK):
            return FindingCode.UNREADABLE_FILE
        return FindingCode.TOO_LARGE if inbox_file.status.st_size > self._max_delivery_bytes else None

    def _process_finished_claims(self) -> None:
        """Finalise the claims whose delivery was imported, and resume those that a crash left without its id."""
        claims = list_claims(self._folder)
        self._postponed_claims.keep_only({claim.name for claim in claims})
        for claim in claims:
            if not self._postponed_claims.is_due(claim.name):
                continue
            try:
                self._process_claim(claim)
            except (OSError, ValueError) as error:
                pause = self._postponed_claims.postpone(claim.name)
                message = "the files of %s in the watched folder %s cannot be moved (%s); they are tried again in %d s"
                log.warning(message, claim.name, self._folder, _cause(error), pause)
                self._failure_reports.write(
                    claim.name, self._folder, cause=_cause(error), pause_seconds=pause, delivery_id=claim.delivery_id
                )

    def _process_claim(self, claim: Claim) -> None:
        if claim.delivery_id is None:
            self._resume(claim)
            return
        try:
            summary = self._deliveries.summary(claim.delivery_id)
        except NotFound:
            # The store was replaced, for example by a backup, so it is unknown whether the files were imported.
            self._finalize(claim, claim.delivery_id, {number: [] for number in claim.files})
            return
        if summary.completed_at is not None:
            is_empty = self._deliveries.is_empty(claim.delivery_id)
            has_refusals = is_empty or summary.refused_files
            refusals = self._findings_by_file(claim, claim.delivery_id) if has_refusals else {}
            if is_empty:  # every file is returned, those without a finding too
                refusals = {number: refusals.get(number, []) for number in claim.files}
            self._finalize(claim, claim.delivery_id, refusals)

    def _resume(self, claim: Claim) -> None:
        """Give a claim the id of its delivery if an interruption came after the commit, else release its files."""
        delivery_id = self._deliveries.received_from(claim.name)
        if delivery_id is None:
            claim.release()
        else:
            claim.mark_received(delivery_id)

    def _findings_by_file(self, claim: Claim, delivery_id: str) -> dict[int, list[Finding]]:
        """Return the refusals by number of the file. All refusals in a ZIP belong to the one file of the claim."""
        findings = self._deliveries.refusals(delivery_id)
        if any(is_zip(claim.path(number)) for number in claim.files):
            return dict.fromkeys(claim.files, findings)
        by_file: dict[int, list[Finding]] = {}
        for finding in findings:
            by_file.setdefault(finding.file, []).append(msgspec.structs.replace(finding, file=1))
        return by_file

    def _finalize(self, claim: Claim, delivery_id: str | None, refusals: dict[int, list[Finding]]) -> None:
        """Empty and remove a claim.

        Args:
            claim: The claim.
            delivery_id: Id of its delivery, for the reports.
            refusals: Findings by number of the refused files. These get a report; the others are treated by the policy.

        Raises:
            OSError: If a file cannot be moved; the others are.
        """
        failure: Exception | None = None
        for number in list(claim.files):
            try:
                self._finalize_file(claim, number, delivery_id, refusals.get(number))
            except (OSError, ValueError) as error:
                failure = error
        if failure is not None:
            raise failure
        claim.remove()

    def _finalize_file(
        self, claim: Claim, number: int, delivery_id: str | None, refusals: list[Finding] | None
    ) -> None:
        if refusals is not None:
            moved_to = claim.move(number, self._folder / REFUSED_FOLDER)
            report = render_rejection_report(self._texts, delivery_id, refusals)
            write_private_file(unique_path(moved_to, REPORT_SUFFIX), report)
        elif self._imported_file_policy == "move":
            claim.move(number, self._folder / IMPORTED_FOLDER)
        else:
            claim.delete(number)


def _cause(error: Exception) -> str:
    """Return why a file cannot be moved, without its name."""
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
