"""Divides the batches of a delivery into chunks, each of which is imported in one short transaction."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator

import msgspec

from preview.model.case_records import CaseFolder
from preview.parsing.messages import Batch
from preview.storage.cases import row_count

TARGET_TRANSACTION_SECONDS = 0.015
MAX_CHUNK_ROWS = 4000
"""The most rows that the cases of one chunk take in the store."""
LARGE_CASE_ROWS = 2000
"""A case that takes more rows is prepared in transactions of its own and is the only one of its chunk."""
MAX_NEW_AVGIVERE = 8
"""The most organisations of a chunk that the delivery has not had before: the reports of each become stale."""


class AdaptiveBatchSize(msgspec.Struct, frozen=True):
    """Number of case files per transaction, derived from the time that a case file took in the previous one.

    Attributes:
        minimum: Fewest case files of a transaction, and the number before anything has been measured.
        maximum: Most case files of a transaction.
        seconds_per_folder: Measured time per case file; infinite before the first measurement.
    """

    minimum: int = 20
    maximum: int = 200
    seconds_per_folder: float = float("inf")

    @property
    def folders(self) -> int:
        """The number of case files for the next transaction."""
        if not self.seconds_per_folder:
            return self.maximum
        return max(self.minimum, min(self.maximum, int(TARGET_TRANSACTION_SECONDS / self.seconds_per_folder)))

    def after(self, folders: int, seconds: float) -> "AdaptiveBatchSize":
        """Return the size after a transaction that imported `folders` case files in `seconds`."""
        return msgspec.structs.replace(self, seconds_per_folder=seconds / folders) if folders else self


def split_into_chunks(
    batch: Batch,
    chunk_size: Callable[[], int],
    known_avgivere: Callable[[], Collection[tuple[str, str]]] = tuple,
) -> Iterator[tuple[Batch, bool]]:
    """Yield the parts of a batch, one per transaction, each with whether it is the last one.

    A part has v4 cases or one 15F file, or neither where the batch has none. The number of its files is that of the
    files that are complete with it. The number of refused files and of bytes stays with the last part, and so do the
    figures and listings.

    Args:
        batch: Some files of a delivery, or a part of them.
        chunk_size: Returns the number of case files for the next part; it is called when that part is asked for.
        known_avgivere: Returns the numbers (organisation, bydel) that the delivery has had before.
    """
    start = annual = first_finding = 0
    while True:
        annual_file = batch.annual_files[annual] if annual < len(batch.annual_files) else None
        before_file = annual_file.file if annual_file else None
        end = _end_of_chunk(batch.folders, start, chunk_size(), before_file, known_avgivere())
        if end == start and annual_file is not None:
            annual += 1
            last_file, annual_files = annual_file.file, [annual_file]
        else:
            last_file, annual_files = batch.folders[end - 1].file if end > start else 0, []
        part = msgspec.structs.replace(batch, folders=batch.folders[start:end], annual_files=annual_files)
        start = end
        next_files = [folder.file for folder in batch.folders[start : start + 1]]
        next_files += [each.file for each in batch.annual_files[annual : annual + 1]]
        if not next_files:
            yield msgspec.structs.replace(part, findings=batch.findings[first_finding:]), True
            return
        files = min(last_file, min(next_files) - 1)
        next_finding = bisect_right(batch.findings, files, key=lambda finding: finding.file)
        yield (
            Batch(
                batch.format,
                files,
                total_bytes=batch.total_bytes,
                folders=part.folders,
                annual_files=annual_files,
                findings=batch.findings[first_finding:next_finding],
            ),
            False,
        )
        first_finding = next_finding


def is_large(folder: CaseFolder) -> bool:
    """Return whether the content of a case file is prepared in transactions of its own."""
    return row_count(folder.content) > LARGE_CASE_ROWS


def _end_of_chunk(
    folders: list[CaseFolder],
    start: int,
    max_folders: int,
    before_file: int | None,
    known_avgivere: Collection[tuple[str, str]],
) -> int:
    rows = 0
    new_avgivere: set[tuple[str, str]] = set()
    for index in range(start, min(len(folders), start + max_folders)):
        folder = folders[index]
        if before_file is not None and folder.file > before_file:
            return index
        folder_rows = row_count(folder.content)
        rows += folder_rows
        avgiver = (folder.avgiver.organisasjonsnummer, folder.avgiver.bydelsnummer)
        if avgiver not in known_avgivere:
            new_avgivere.add(avgiver)
        is_full = rows > MAX_CHUNK_ROWS or folder_rows > LARGE_CASE_ROWS or len(new_avgivere) > MAX_NEW_AVGIVERE
        if index > start and is_full:
            return index
        if folder_rows > LARGE_CASE_ROWS:
            return index + 1
    return min(len(folders), start + max_folders)
