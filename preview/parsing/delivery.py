"""A whole delivery, read file by file into batches (`domain.md` 1, Folding)."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from preview.model.case_records import Arsfil, Figur, Mappe, Oppforing
from preview.model.findings import Finding
from preview.model.limits import MIB, Limits
from preview.parsing import archive, file_parser
from preview.parsing.archive import Item
from preview.parsing.helper_process import Second

MIXED = "mixed"  # the format of a delivery whose files are of several

_BATCH_BYTES = 4 * MIB  # of input: a batch of a few huge files is handed on early
_BATCH_FINDINGS = 2000


class Batch(msgspec.Struct):
    """Some files of a delivery, in order: the first batches of a delivery tell what the last will.

    `format` (a `Format`, `mixed`, or None so far) and the counts are of the delivery up to here. `done` of `total` bytes are read.
    A file is never divided: a year of a 15F file is replaced whole (`domain.md` 2.3).
    """

    format: str | None = None
    files: int = 0
    refused_files: int = 0
    done: int = 0
    total: int = 0
    mapper: list[Mappe] = []
    arsfiler: list[Arsfil] = []
    figurer: list[Figur] = []
    oppforinger: list[Oppforing] = []
    findings: list[Finding] = []

    @property
    def progress(self) -> float:
        """The part of the delivery that is read, 0..1."""
        return self.done / self.total if self.total else 1.0

    @property
    def cases(self) -> int:
        """How many cases it holds."""
        return len(self.mapper) + sum(len(part.individer) for arsfil in self.arsfiler for part in arsfil.deler)

    def divided(self, folders: int) -> tuple["Batch", "Batch | None"]:
        """The files up to where there are so many folders, and what is left, if anything is; no file is divided.

        What is known of all of it alone, how much is read and how many files are refused, stays with what is left.
        One that holds anything else than folders stays whole.
        """
        mapper = self.mapper
        if self.arsfiler or self.figurer or self.oppforinger or len(mapper) <= folders:
            return self, None
        files = mapper[folders - 1].file
        at = bisect_right(mapper, files, key=lambda mappe: mappe.file)
        if at == len(mapper):
            return self, None
        first = Batch(
            self.format,
            files,
            total=self.total,
            mapper=mapper[:at],
            findings=[each for each in self.findings if each.file <= files],
        )
        left = msgspec.structs.replace(self, mapper=mapper[at:], findings=[each for each in self.findings if each.file > files])
        return first, left


def read(
    path: Path, key: bytes, now: datetime, limits: Limits, fields: frozenset[str] | None = None, second: Second | None = None
) -> Iterator[Batch]:
    """At least one batch; the last has all of the delivery done. XML and CSV files may stand side by side.

    `key` is the store's, `now` the present instant, `fields` the keys that supplementary figures may come for (None: any).
    Raises `NotFound` where there is nothing at `path`, and what the `second` reader raises, where there is one to help.
    """

    def contents_of(item: Item) -> file_parser.Contents | None:
        return None if item.refused else file_parser.read(item.data, item.file, key, now, fields)

    batch = Batch(total=archive.size(path))
    held = 0
    items = archive.walk(path, limits)
    for item, contents in second.read(items, now, contents_of) if second else ((item, contents_of(item)) for item in items):
        batch.files = item.file
        batch.done = item.done
        if item.refused is not None:
            batch.refused_files += 1
            batch.findings.append(item.refused)
        if contents is not None:
            _add(batch, contents)
            held += len(item.data)
        if batch.cases >= limits.batch_folders or held >= _BATCH_BYTES or len(batch.findings) >= _BATCH_FINDINGS:
            yield batch
            batch = _following(batch)
            held = 0
    batch.done = batch.total
    yield batch


def _add(batch: Batch, contents: file_parser.Contents) -> None:
    batch.mapper += contents.mapper
    batch.arsfiler += contents.arsfiler
    batch.figurer += contents.figurer
    batch.oppforinger += contents.oppforinger
    batch.findings += contents.findings
    batch.refused_files += contents.refused
    if contents.format is not None and batch.format != contents.format:
        batch.format = MIXED if batch.format else contents.format.value


def _following(batch: Batch) -> Batch:
    return Batch(batch.format, batch.files, batch.refused_files, batch.done, batch.total)
