"""Imports one delivery into the case base, in transactions that are short enough not to hold up other writers.

Each transaction imports a chunk of cases and stores the counts and findings up to there. What cannot be divided, such
as the year of a 15F file, the figures of an organisation or a case with very many rows, is prepared where no reader
sees it and takes effect within one transaction. When everything has been read, the outcome is stored, and the delivery
takes effect for one organisation after the other (`delivery_completion.py`); a small delivery does all this in one
transaction.

A delivery that is read again after a crash continues to count after the last committed chunk: the cases before it are
merged again, which changes nothing, and neither they nor their findings are counted twice.
"""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from preview.core.errors import LeaseLost
from preview.ingest.annual_file_import import AnnualFileImporter, PreparedAnnualFile
from preview.ingest.case_merge import CaseMerger
from preview.ingest.chunks import AdaptiveBatchSize, is_large, split_into_chunks
from preview.ingest.delivery_completion import DebounceSettings, DeliveryCompletion
from preview.ingest.delivery_description import described
from preview.ingest.figure_import import FigureImporter
from preview.ingest.listing_import import ListingImporter
from preview.ingest.pieces import content_pieces, write_pieces
from preview.model.case_records import CaseFolder
from preview.model.findings import Finding, FindingCode, Severity
from preview.parsing.messages import Batch
from preview.reports.reconcile import ReportConfig, reconcile
from preview.storage import cases, deliveries, organizations
from preview.storage.database import Connection, Database
from preview.storage.deliveries import DeliveryRow
from preview.storage.findings import FindingWriter
from preview.storage.removal import unused

_MISSING_PAGE = 2000
"""Stored cases that are compared with a full delivery within one read transaction."""
_MISSING_PIECE = 64
"""Cases that a full delivery does not contain, deleted in one piece."""


class _Progress(msgspec.Struct, frozen=True):
    """State of an import after its last committed transaction.

    Attributes:
        row: The delivery with its counts.
        batch_size: The size of the next chunk.
    """

    row: DeliveryRow
    batch_size: AdaptiveBatchSize


class DeliveryImport:
    """The transactions of one claimed delivery. Each checks that the claim is still valid (`LeaseLost`).

    An import that raised is not usable any more: the merger has counted what was rolled back.
    """

    def __init__(
        self,
        database: Database,
        report_config: ReportConfig,
        row: DeliveryRow,
        debounce: DebounceSettings,
        batch_size: AdaptiveBatchSize,
    ) -> None:
        self._database = database
        self._report_config = report_config
        self._completed_files = row.files
        counts = Counter(
            new=row.new_cases, changed=row.changed_cases, unchanged=row.unchanged_cases, removed=row.removed_cases
        )
        changed = Counter(
            database.read(lambda connection: deliveries.changed_cases_by_organization(connection, row.delivery))
        )
        self._merger = CaseMerger(row.delivery, bool(row.full), row.files, row.cases_done, counts, changed)
        self._annual_files = AnnualFileImporter(database, report_config, row, self._merger)
        self._figures = FigureImporter(database, report_config.catalogue, row)
        self._completion = DeliveryCompletion(database, report_config, debounce, self._figures)
        self._progress = _Progress(row, batch_size)
        self._listings = ListingImporter(report_config)
        self._held_findings: list[Finding] = []
        self._findings = FindingWriter(row.delivery)
        if row.attempt > 1 and row.outcome is None:
            self._clear_earlier_attempt()

    @property
    def is_prepared(self) -> bool:
        """Whether an earlier claim has read and prepared everything: `finish` needs no batch."""
        return self._progress.row.outcome is not None

    def import_batch(self, batch: Batch) -> None:
        """Import a batch that is not the last one.

        Supplementary figures are staged for the end: half a delivery is never shown (rule S5).

        Raises:
            LeaseLost: The delivery was claimed by another worker.
        """
        for chunk, _ in self._chunks(batch):
            self._import_chunk(chunk)

    def finish(self, batch: Batch | None, *, refused: bool = False, findings: Iterable[Finding] = ()) -> None:
        """Import the last batch and complete the delivery.

        It takes effect for each organisation in one transaction with its events: the figures, the versions of the
        changed sources, the scheduled automatic aggregation and the reports.

        Args:
            batch: The last batch; None if the delivery could not be read.
            refused: Whether the whole delivery is refused.
            findings: Findings about the delivery as a whole.

        Raises:
            LeaseLost: The delivery was claimed by another worker.
        """
        if self.is_prepared:
            self._completion.run(self._progress.row)
            return
        last_chunk: Batch | None = None
        for chunk, is_last in self._chunks(batch) if batch is not None else ():
            if is_last and not self._needs_preparation(chunk):
                last_chunk = chunk
            else:
                self._import_chunk(chunk)
        whole_findings, others = list(findings), 0
        if refused:
            self._database.write(lambda connection: unused.abandon(connection, self._progress.row.delivery))
        else:
            if self._progress.row.full:
                whole_findings += self._delete_missing_cases()
            if self._figures.has_any:
                figure_findings, others = self._figures.prepare()
                whole_findings += figure_findings

        is_sealed = False

        def complete_next(connection: Connection) -> bool:
            nonlocal is_sealed
            if not is_sealed:
                self._progress = self._seal(connection, last_chunk, whole_findings, others, refused=refused)
                is_sealed = True
                return True
            return self._completion.complete_next(connection, self._progress.row)

        self._database.write_in_steps(complete_next)
        self._completion.run(self._progress.row)

    def _clear_earlier_attempt(self) -> None:
        """Leave what an earlier claim has prepared to be deleted, and show as stale what it has begun to change."""
        delivery = self._progress.row.delivery
        self._database.write(lambda connection: unused.abandon(connection, delivery))
        locked = self._database.read(lambda connection: organizations.locked_by(connection, delivery))
        write_pieces(
            self._database,
            self._progress.row,
            (
                lambda connection, organization_id=organization_id: reconcile(
                    connection, self._report_config, organization_id
                )
                for organization_id in locked
            ),
        )

    def _chunks(self, batch: Batch) -> Iterator[tuple[Batch, bool]]:
        """Import what of a batch is not divided by files, and yield the chunks of the rest."""
        self._figures.stage(batch.figures)
        findings = [*self._held_findings, *batch.findings, *self._import_listings(batch)]
        findings.sort(key=lambda finding: finding.file)
        # Those of a file that is not complete yet are stored when it is: after a crash they are found again.
        complete = bisect_right(findings, batch.files, key=lambda finding: finding.file)
        self._held_findings, findings = findings[complete:], findings[:complete]
        yield from split_into_chunks(
            msgspec.structs.replace(batch, findings=findings, figures=[], listings=[]),
            lambda: self._progress.batch_size.folders,
            self._merger.known_avgivere,
        )

    def _import_listings(self, batch: Batch) -> list[Finding]:
        self._listings.begin(batch.listings)
        row = self._progress.row

        def import_next(connection: Connection) -> bool:
            if not deliveries.is_claimed(connection, row):
                raise LeaseLost("The delivery was taken over.")
            organization_id = self._listings.import_next(connection)
            if organization_id:
                deliveries.note_organization(connection, row.delivery, organization_id)
            return organization_id is not None

        if batch.listings:
            self._database.write_in_steps(import_next)
        return self._listings.pop_findings()

    def _needs_preparation(self, last_chunk: Batch) -> bool:
        """Return whether anything must be prepared after the last chunk, or for it, before the delivery can end."""
        return bool(
            self._progress.row.full
            or self._figures.has_any
            or last_chunk.annual_files
            or any(is_large(folder) for folder in last_chunk.folders)
        )

    def _import_chunk(self, chunk: Batch) -> None:
        if chunk.annual_files:
            self._import_annual_file(chunk)
            return
        prepared = self._prepare_large_case(chunk.folders[0]) if len(chunk.folders) == 1 else None
        self._progress = self._database.write(lambda connection: self._write_chunk(connection, chunk, prepared))

    def _import_annual_file(self, chunk: Batch) -> None:
        (annual_file,) = chunk.annual_files
        is_imported = annual_file.file <= self._completed_files  # by an earlier claim
        while not is_imported:
            prepared = self._annual_files.prepare(annual_file)

            def take_effect(connection: Connection, prepared: PreparedAnnualFile = prepared) -> _Progress | None:
                if not self._annual_files.take_effect(connection, prepared):
                    return None
                return self._write_chunk(connection, chunk)

            if (progress := self._database.write(take_effect)) is not None:
                self._progress, is_imported = progress, True

    def _prepare_large_case(self, folder: CaseFolder) -> int | None:
        """Store the content of a case file with very many rows before it is merged; return its number."""
        if not is_large(folder):
            return None

        def begin(connection: Connection) -> tuple[int, int] | None:
            begun = self._merger.begin_large_case(connection, folder)
            if begun is None:
                return None
            source, sak, organization_id, is_newly_locked = begun
            if is_newly_locked:
                reconcile(connection, self._report_config, organization_id)
            return source, sak

        place = self._database.write(begin)
        if place is None or folder.content is None:
            return None
        write_pieces(self._database, self._progress.row, content_pieces(*place, folder.content))
        return place[1]

    def _write_chunk(self, connection: Connection, chunk: Batch, prepared: int | None = None) -> _Progress:
        started = time.perf_counter()
        progress, findings = self._apply(connection, chunk, prepared)
        row = self._save_counts(connection, progress.row, findings)
        row = msgspec.structs.replace(row, completed=max(chunk.progress, row.completed))
        if not deliveries.set_progress(connection, row):
            raise LeaseLost("The delivery was taken over.")
        batch_size = progress.batch_size.after(len(chunk.folders), time.perf_counter() - started)
        return _Progress(row, batch_size)

    def _apply(
        self, connection: Connection, chunk: Batch, prepared: int | None = None
    ) -> tuple[_Progress, list[Finding]]:
        """Merge the cases of a chunk into the case base; return the new progress and the findings to store."""
        newly_locked = self._merger.apply(connection, chunk.folders, prepared=prepared)
        for organization_id in newly_locked:
            reconcile(connection, self._report_config, organization_id)
        row = self._progress.row
        cases_done = self._merger.cases_in_file if self._merger.file > chunk.files else 0
        files, cases_done = max((chunk.files, cases_done), (row.files, row.cases_done))
        row = msgspec.structs.replace(
            described(row, chunk),
            format=chunk.format or row.format,
            lines=max(chunk.lines, row.lines or 0),
            imported_lines=row.imported_lines + self._pop_listed_lines(chunk.files),
            files=files,
            cases_done=cases_done,
            refused_files=max(chunk.refused_files, row.refused_files),
        )
        findings = [*chunk.findings, *self._merger.pop_findings()]
        return _Progress(row, self._progress.batch_size), [
            finding for finding in findings if finding.file > self._completed_files
        ]

    def _pop_listed_lines(self, files: int) -> int:
        """Return the imported lines of organisations files up to a file that no earlier claim has committed."""
        imported = self._listings.imported_lines
        complete = [file for file in imported if file <= files]
        return sum(lines for file in complete if (lines := imported.pop(file)) and file > self._completed_files)

    def _delete_missing_cases(self) -> list[Finding]:
        """Delete the stored cases that a full delivery does not contain (rule 1.3), in steps.

        Returns:
            A finding for each source of which nothing is deleted.
        """
        findings: list[Finding] = []
        for source, organization_id in self._merger.source_ids:
            if not self._merger.is_full_taken(source, self._progress.row.refused_files):
                findings.append(FindingCode.FULL_NOT_TAKEN.finding(0, element="Barnevern@DatoUttrekk"))
                continue
            after = 0
            while stored := self._stored_page(source, after):
                after = stored[-1][0]
                missing = self._merger.missing_cases(source, stored)
                for start in range(0, len(missing), _MISSING_PIECE):
                    piece = missing[start : start + _MISSING_PIECE]
                    self._progress = self._database.write(
                        lambda connection, source=source, piece=piece: self._delete_piece(connection, source, piece)
                    )
            self._database.write(
                lambda connection, organization_id=organization_id: deliveries.set_full_at(
                    connection, self._progress.row.delivery, organization_id, self._merger.latest_extract_at
                )
            )
        return findings

    def _stored_page(self, source: int, after: int) -> list[tuple[int, list[bytes]]]:
        return self._database.read(
            lambda connection: cases.stored_not_newer(
                connection, source, self._merger.latest_extract_at, after, _MISSING_PAGE
            )
        )

    def _delete_piece(self, connection: Connection, source: int, saker: list[int]) -> _Progress:
        for organization_id in self._merger.delete_missing_cases(connection, source, saker):
            reconcile(connection, self._report_config, organization_id)
        row = self._save_counts(connection, self._progress.row, [])
        if not deliveries.set_progress(connection, row):
            raise LeaseLost("The delivery was taken over.")
        return _Progress(row, self._progress.batch_size)

    def _seal(
        self,
        connection: Connection,
        last_chunk: Batch | None,
        findings: list[Finding],
        other_findings: int,
        *,
        refused: bool,
    ) -> _Progress:
        """Import the last chunk and store the outcome; from then on the file of the delivery is not needed."""
        progress = self._progress
        if last_chunk is not None:
            progress, chunk_findings = self._apply(connection, last_chunk)
            findings = findings + chunk_findings
        row = self._save_counts(connection, progress.row, findings)
        is_refused = refused or 0 < row.files == row.refused_files
        row = msgspec.structs.replace(
            row,
            outcome="refused" if is_refused else "taken",
            finding_count=row.finding_count + other_findings,
            errors=row.errors + other_findings,
            imported_lines=row.imported_lines + (0 if refused else self._figures.imported_lines),
        )
        if not deliveries.seal(connection, row):
            raise LeaseLost("The delivery was taken over.")
        return msgspec.structs.replace(progress, row=row)

    def _save_counts(self, connection: Connection, row: DeliveryRow, findings: list[Finding]) -> DeliveryRow:
        """Store the findings and the changed cases by organisation; return the row with its new counts."""
        self._findings.add(connection, row.finding_count, findings)
        for organization_id, changed_cases in self._merger.pop_unsaved().items():
            deliveries.upsert_organization(connection, row.delivery, organization_id, changed_cases)
        counts = self._merger.counts
        severities = Counter(finding.severity for finding in findings)
        return msgspec.structs.replace(
            row,
            new_cases=counts["new"],
            changed_cases=counts["changed"],
            unchanged_cases=counts["unchanged"],
            removed_cases=counts["removed"],
            finding_count=row.finding_count + len(findings),
            errors=row.errors + severities[Severity.ERROR],
            warnings=row.warnings + severities[Severity.WARNING],
            notices=row.notices + severities[Severity.NOTICE],
        )
