"""Parses a whole delivery, file by file, into batches (domain 1, Merging, docs/domain.md)."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from preview.model.limits import MIB, Limits
from preview.parsing import archive
from preview.parsing.archive import DeliveryFile
from preview.parsing.file_parser import FileContents, parse_file
from preview.parsing.helper_process import HelperProcess
from preview.parsing.messages import MIXED, Batch

_BATCH_BYTES = 4 * MIB  # of input, so that a batch of huge files has fewer of them
_BATCH_FINDINGS = 2000
_PART_LINES = 4000


def parse_delivery(
    path: Path,
    key: bytes,
    now: datetime,
    limits: Limits,
    field_keys: frozenset[str] | None = None,
    helper: HelperProcess | None = None,
) -> Iterator[Batch]:
    """Parse a delivery in batches. XML and CSV files may be mixed.

    Args:
        path: A file, a ZIP archive, a folder, or a file of several (`multi_file_format`).
        key: The store's key for pseudonyms.
        now: The present instant, in UTC.
        limits: Limits of the delivery.
        field_keys: Fields that supplementary figures may be given for; None allows any.
        helper: A process that parses a part of the files.

    Yields:
        At least one batch. The counts of the last one are those of the whole delivery.

    Raises:
        NotFound: If there is nothing at `path`.
        HelperCrashed: If the helper ended.
        HelperError: If the helper failed.
    """

    def parse_item(item: DeliveryFile) -> FileContents | None:
        return None if item.rejection else parse_file(item.data, item.file, key, now, field_keys)

    batch = Batch(total_bytes=archive.total_size(path))
    complete = Batch()
    batch_bytes = 0
    items = archive.walk(path, limits)
    parsed_items = helper.parse(items, now, parse_item) if helper else ((item, parse_item(item)) for item in items)
    for item, contents in parsed_items:
        batch.files = item.file
        batch.bytes_read = item.bytes_read
        batch.unpacked_bytes += len(item.data)
        if item.rejection is not None:
            batch.refused_files += 1
            batch.findings.append(item.rejection)
        if contents is not None:
            _add_contents(batch, contents)
            batch_bytes += len(item.data)
        is_large = batch_bytes >= _BATCH_BYTES or len(batch.findings) >= _BATCH_FINDINGS
        if is_large or batch.case_count >= limits.batch_folders or batch.line_count > _PART_LINES:
            yield from _parts(batch, complete)
            complete = batch
            batch = _new_batch_after(batch)
            batch_bytes = 0
    batch.bytes_read = batch.total_bytes
    yield from _parts(batch, complete)


def _parts(batch: Batch, complete: Batch) -> Iterator[Batch]:
    """Yield a batch, before it parts with most of its lines of CSV files if these are many.

    The server decodes a batch at once, and would serve nobody meanwhile.

    Args:
        batch: The batch. The lines that were yielded are taken out of it.
        complete: The batch before it; the parts are complete up to there.
    """
    while batch.line_count > _PART_LINES:
        part = _new_batch_after(complete)
        part.format, part.total_bytes = batch.format, batch.total_bytes
        part.listings, batch.listings = batch.listings[:_PART_LINES], batch.listings[_PART_LINES:]
        part.figures, batch.figures = batch.figures[:_PART_LINES], batch.figures[_PART_LINES:]
        yield part
    yield batch


def _add_contents(batch: Batch, contents: FileContents) -> None:
    batch.folders += contents.folders
    batch.annual_files += contents.annual_files
    batch.figures += contents.figures
    batch.listings += contents.listings
    batch.findings += contents.findings
    batch.refused_files += contents.refused
    batch.lines += contents.lines
    if contents.format is not None and batch.format != contents.format:
        batch.format = MIXED if batch.format else contents.format.value


def _new_batch_after(batch: Batch) -> Batch:
    return Batch(
        batch.format,
        batch.files,
        batch.refused_files,
        batch.bytes_read,
        batch.total_bytes,
        batch.unpacked_bytes,
        batch.lines,
    )
