"""A whole delivery, read file by file into batches (`domain.md` 1, Folding)."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from preview.model.case_records import AnnualFile, CaseFolder, OrganizationListing, SupplementaryFigure
from preview.model.findings import Finding
from preview.model.limits import MIB, Limits
from preview.parsing import archive, file_parser
from preview.parsing.archive import DeliveryFile
from preview.parsing.helper_process import HelperProcess

MIXED = "mixed"  # the format of a delivery whose files are of several

_BATCH_BYTES = 4 * MIB  # of input: a batch of a few huge files is handed on early
_BATCH_FINDINGS = 2000


class Batch(msgspec.Struct):
    """Some files of a delivery, in order: the first batches of a delivery tell what the last will.

    `format` (a `FileFormat`, `mixed`, or None so far) and the counts are of the delivery up to here. `done` of `total` bytes are read.
    A file is never divided: a year of a 15F file is replaced whole (`domain.md` 2.3).
    """

    format: str | None = None
    files: int = 0
    refused_files: int = 0
    bytes_read: int = 0
    total_bytes: int = 0
    folders: list[CaseFolder] = []
    annual_files: list[AnnualFile] = []
    figures: list[SupplementaryFigure] = []
    listings: list[OrganizationListing] = []
    findings: list[Finding] = []

    @property
    def progress(self) -> float:
        """The part of the delivery that is read, 0..1."""
        return self.bytes_read / self.total_bytes if self.total_bytes else 1.0

    @property
    def case_count(self) -> int:
        """How many cases it holds."""
        return len(self.folders) + sum(len(part.individer) for arsfil in self.annual_files for part in arsfil.parts)

    def split_at(self, max_folders: int) -> tuple["Batch", "Batch | None"]:
        """The files up to where there are so many folders, and what is left, if anything is; no file is divided.

        What is known of all of it alone, how much is read and how many files are refused, stays with what is left.
        One that holds anything else than folders stays whole.
        """
        folders = self.folders
        if self.annual_files or self.figures or self.listings or len(folders) <= max_folders:
            return self, None
        files = folders[max_folders - 1].file
        index = bisect_right(folders, files, key=lambda mappe: mappe.file)
        if index == len(folders):
            return self, None
        first = Batch(
            self.format,
            files,
            total_bytes=self.total_bytes,
            folders=folders[:index],
            findings=[each for each in self.findings if each.file <= files],
        )
        rest = msgspec.structs.replace(self, folders=folders[index:], findings=[each for each in self.findings if each.file > files])
        return first, rest


def parse_delivery(
    path: Path, key: bytes, now: datetime, limits: Limits, field_keys: frozenset[str] | None = None, helper: HelperProcess | None = None
) -> Iterator[Batch]:
    """At least one batch; the last has all of the delivery done. XML and CSV files may stand side by side.

    `key` is the store's, `now` the present instant, `fields` the keys that supplementary figures may come for (None: any).
    Raises `NotFound` where there is nothing at `path`, and what the `second` reader raises, where there is one to help.
    """

    def parse_item(item: DeliveryFile) -> file_parser.FileContents | None:
        return None if item.rejection else file_parser.parse_file(item.data, item.file, key, now, field_keys)

    batch = Batch(total_bytes=archive.total_size(path))
    batch_bytes = 0
    items = archive.walk(path, limits)
    for item, contents in helper.parse(items, now, parse_item) if helper else ((item, parse_item(item)) for item in items):
        batch.files = item.file
        batch.bytes_read = item.bytes_read
        if item.rejection is not None:
            batch.refused_files += 1
            batch.findings.append(item.rejection)
        if contents is not None:
            _add_contents(batch, contents)
            batch_bytes += len(item.data)
        if batch.case_count >= limits.batch_folders or batch_bytes >= _BATCH_BYTES or len(batch.findings) >= _BATCH_FINDINGS:
            yield batch
            batch = _new_batch_after(batch)
            batch_bytes = 0
    batch.bytes_read = batch.total_bytes
    yield batch


def _add_contents(batch: Batch, contents: file_parser.FileContents) -> None:
    batch.folders += contents.folders
    batch.annual_files += contents.annual_files
    batch.figures += contents.figures
    batch.listings += contents.listings
    batch.findings += contents.findings
    batch.refused_files += contents.refused
    if contents.format is not None and batch.format != contents.format:
        batch.format = MIXED if batch.format else contents.format.value


def _new_batch_after(batch: Batch) -> Batch:
    return Batch(batch.format, batch.files, batch.refused_files, batch.bytes_read, batch.total_bytes)
