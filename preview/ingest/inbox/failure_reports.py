"""Reports beside files of the watched folder that cannot be moved out of it, as long as they cannot.

A report names the file by the folder and its place there, because the name of a file can name a person.
"""

import re
from collections.abc import Collection, Hashable, Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.form.entries import LocalizedText
from preview.i18n.catalog import MessageCatalog
from preview.ingest.inbox.claims import unique_path
from preview.ingest.inbox.moving import write_private_file

_NAME = re.compile(r"not-taken-[0-9a-z-]+\.report\.json")


class FailureReport(msgspec.Struct, frozen=True):
    """The report as it is encoded.

    Attributes:
        folder: The watched folder.
        ordinal: Place of the file among those of the folder and its subfolders by name, from 1; None for files that
            were moved aside, and cannot be moved or deleted afterwards.
        delivery_id: The delivery of such files; None if they were not delivered.
        cause: Why, in the words of the operating system.
        reported_at: When the report was written, RFC 3339 in UTC.
        next_attempt_at: When it is tried again.
        messages: What is wrong, in three languages.
        actions: What to do.
    """

    folder: str
    ordinal: int | None
    delivery_id: str | None
    cause: str
    reported_at: str
    next_attempt_at: str
    messages: LocalizedText
    actions: LocalizedText


class FailureReports:
    """The reports in one watched folder, by key of the file or claim."""

    def __init__(self, folder: Path, texts: MessageCatalog) -> None:
        self._folder = folder
        self._texts = texts
        self._paths: dict[Hashable, Path] = {}

    def write(
        self,
        key: Hashable,
        beside: Path,
        *,
        cause: str,
        pause_seconds: float,
        ordinal: int | None = None,
        delivery_id: str | None = None,
    ) -> None:
        """Write or renew a report, or leave it out if that is not possible either: the log has the same.

        Args:
            key: The path of the file in the watched folder, or the name of the claim.
            beside: The folder of the file. If it cannot be written, the report is in the watched folder itself.
            cause: Why the file cannot be moved, without its name.
            pause_seconds: Seconds until it is tried again.
            ordinal: Place of the file in the watched folder; None for a claim.
            delivery_id: The delivery of a claim, if it was received.
        """
        if previous := self._paths.pop(key, None):
            _delete(previous)
        written_at = now()
        report = FailureReport(
            str(self._folder),
            ordinal,
            delivery_id,
            cause,
            format_rfc3339(written_at),
            format_rfc3339(written_at + timedelta(seconds=pause_seconds)),
            self._localized("not_delivered.after_import" if delivery_id else "not_delivered.file"),
            self._localized("not_delivered.action"),
        )
        content = msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
        for folder in dict.fromkeys((beside, self._folder)):
            with suppress(OSError):
                path = unique_path(folder / f"not-taken-{ordinal or key}", ".report.json")
                write_private_file(path, content)
                self._paths[key] = path
                return

    def keep_only(self, keys: Collection[Hashable], found: Iterable[Path]) -> None:
        """Delete the reports of every other key, and those that an earlier run of the program has left.

        Args:
            keys: The files and claims that cannot be moved at present.
            found: All reports in the folder.
        """
        self._paths = {key: path for key, path in self._paths.items() if key in keys}
        for path in {*found} - {*self._paths.values()}:
            _delete(path)

    def _localized(self, key: str) -> LocalizedText:
        texts = self._texts
        return LocalizedText(nb=texts.get("nb", key), nn=texts.get("nn", key), en=texts.get("en", key))


def is_failure_report(name: str) -> bool:
    """Return whether a file of that name is such a report, which is not delivered."""
    return _NAME.fullmatch(name) is not None


def _delete(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
