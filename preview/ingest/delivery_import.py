"""Imports one delivery into the case base, in transactions that are short enough not to hold up other writers.

Each transaction imports a chunk of case files and stores the counts and findings up to there. The last transaction
makes the delivery complete. A delivery that is read again after a crash continues to count after the last committed
chunk: the files before it are merged again, which changes nothing, and neither they nor their findings are counted
twice.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from preview.core.clock import format_rfc3339, local_date, now, parse_timestamp
from preview.core.errors import LeaseLost
from preview.core.ids import format_delivery_id
from preview.events.log import SourceReceived, record
from preview.ingest.annual_file_import import AnnualFileImporter
from preview.ingest.case_merge import CaseMerger
from preview.ingest.csv_import import import_figures, import_listings
from preview.model.case_records import OrganizationListing, SupplementaryFigure
from preview.model.findings import Finding, Severity
from preview.parsing.delivery import Batch
from preview.reports.reconcile import ReportConfig, reconcile
from preview.storage import deliveries, jobs, organizations
from preview.storage.database import Connection, Database
from preview.storage.deliveries import DeliveryRow

_TARGET_TRANSACTION_SECONDS = 0.015


class DebounceSettings(msgspec.Struct, frozen=True):
    """Delay between a delivery and its automatic aggregation, in seconds (rule S6, docs/api.md)."""

    enabled: bool
    debounce_seconds: float
    max_wait_seconds: float


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
        return max(self.minimum, min(self.maximum, int(_TARGET_TRANSACTION_SECONDS / self.seconds_per_folder)))

    def after(self, folders: int, seconds: float) -> "AdaptiveBatchSize":
        """Return the size after a transaction that imported `folders` case files in `seconds`."""
        return msgspec.structs.replace(self, seconds_per_folder=seconds / folders) if folders else self


class _Progress(msgspec.Struct, frozen=True):
    """State of an import after its last committed transaction.

    Attributes:
        row: The delivery with its counts.
        batch_size: The size of the next chunk.
        figures: Supplementary figures read so far; they are stored in the last transaction.
        listed_ids: Organisations that an organisations file of the delivery names.
    """

    row: DeliveryRow
    batch_size: AdaptiveBatchSize
    figures: tuple[SupplementaryFigure, ...] = ()
    listed_ids: frozenset[str] = frozenset()


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
        self._debounce = debounce
        self._completed_files = row.files
        counts = Counter(
            new=row.new_cases, changed=row.changed_cases, unchanged=row.unchanged_cases, removed=row.removed_cases
        )
        changed = Counter(
            database.read(lambda connection: deliveries.changed_cases_by_organization(connection, row.delivery))
        )
        self._merger = CaseMerger(row.delivery, bool(row.full), row.files, counts, changed)
        self._annual_files = AnnualFileImporter(self._merger)
        self._progress = _Progress(row, batch_size)

    def import_batch(self, batch: Batch) -> None:
        """Import a batch that is not the last one.

        Supplementary figures are kept for the last transaction: half a delivery is never shown (rule S5).

        Raises:
            LeaseLost: The delivery was claimed by another worker.
        """
        for chunk, _ in self._chunks(batch):
            self._import_chunk(chunk)

    def finish(self, batch: Batch | None, *, refused: bool = False, findings: Iterable[Finding] = ()) -> None:
        """Import the last batch and complete the delivery, in one transaction with its events.

        That transaction also deletes what a full delivery does not contain, stores the figures, raises the versions of
        the changed sources, schedules automatic aggregations and reconciles every organisation of the delivery.

        Args:
            batch: The last batch; None if the delivery could not be read.
            refused: Whether the whole delivery is refused.
            findings: Findings about the delivery as a whole.

        Raises:
            LeaseLost: The delivery was claimed by another worker.
        """
        last_chunk: Batch | None = None
        for chunk, is_last in self._chunks(batch) if batch is not None else ():
            if is_last:
                last_chunk = chunk
            else:
                self._import_chunk(chunk)
        self._database.write(
            lambda connection: self._commit_delivery(
                connection, self._progress, last_chunk, list(findings), refused=refused
            )
        )

    def _chunks(self, batch: Batch) -> Iterator[tuple[Batch, bool]]:
        return split_into_chunks(batch, lambda: self._progress.batch_size.folders)

    def _import_chunk(self, chunk: Batch) -> None:
        self._progress = self._database.write(lambda connection: self._write_chunk(connection, self._progress, chunk))

    def _write_chunk(self, connection: Connection, progress: _Progress, chunk: Batch) -> _Progress:
        started = time.perf_counter()
        progress, findings = self._apply(connection, progress, chunk)
        row = self._save_counts(connection, progress.row, findings)
        row = msgspec.structs.replace(row, completed=max(chunk.progress, row.completed))
        if not deliveries.set_progress(connection, row):
            raise LeaseLost("The delivery was taken over.")
        batch_size = progress.batch_size.after(len(chunk.folders), time.perf_counter() - started)
        return msgspec.structs.replace(progress, row=row, batch_size=batch_size)

    def _commit_delivery(
        self,
        connection: Connection,
        progress: _Progress,
        last_chunk: Batch | None,
        findings: list[Finding],
        *,
        refused: bool,
    ) -> None:
        if last_chunk is not None:
            progress, chunk_findings = self._apply(connection, progress, last_chunk)
            findings = findings + chunk_findings
        row = progress.row
        if row.full and not refused:
            self._merger.delete_missing_cases(connection, row.refused_files)
            findings = findings + self._merger.findings
        figures = import_figures(connection, self._report_config.catalogue, progress.figures)
        bumped = organizations.unlock_and_bump_version(connection, row.delivery)
        unlocked = {organization_id for _, organization_id in bumped}
        affected = self._imported_ids() | progress.listed_ids | figures.organization_ids | unlocked
        imported_figures = len(progress.figures) - len(figures.findings)
        row = msgspec.structs.replace(row, imported_lines=row.imported_lines + imported_figures)
        row = self._save_counts(connection, row, findings + figures.findings)
        row = _finish_delivery(connection, row, refused=refused or 0 < row.files == row.refused_files)
        for organization_id in sorted(affected):
            self._append_source_received(connection, row, organization_id)
            if organization_id in unlocked | figures.changed_ids and self._debounce.enabled:
                self._schedule_aggregation(connection, organization_id)
            reconcile(connection, self._report_config, organization_id)

    def _apply(self, connection: Connection, progress: _Progress, chunk: Batch) -> tuple[_Progress, list[Finding]]:
        """Merge a chunk into the case base; return the new progress and the findings to store."""
        row = msgspec.structs.replace(
            progress.row,
            format=chunk.format or progress.row.format,
            files=max(chunk.files, progress.row.files),
            refused_files=max(chunk.refused_files, progress.row.refused_files),
        )
        listings = import_listings(connection, self._report_config, chunk.listings)
        row = msgspec.structs.replace(
            _described(row, chunk),
            lines=max(chunk.lines, row.lines or 0),
            imported_lines=row.imported_lines + self._new_lines(chunk.listings) - self._new_lines(listings.findings),
        )
        newly_locked = self._merger.apply(connection, chunk.folders)
        newly_locked |= self._annual_files.import_files(connection, chunk.annual_files)
        for organization_id in newly_locked:
            reconcile(connection, self._report_config, organization_id)
        findings = [*chunk.findings, *listings.findings, *self._merger.pop_findings()]
        progress = msgspec.structs.replace(
            progress,
            row=row,
            figures=progress.figures + tuple(chunk.figures),
            listed_ids=progress.listed_ids | listings.organization_ids,
        )
        return progress, [finding for finding in findings if finding.file > self._completed_files]

    def _new_lines(self, items: Sequence[OrganizationListing | Finding]) -> int:
        """Return how many of the items are from files that no earlier claim has committed."""
        return sum(item.file > self._completed_files for item in items)

    def _imported_ids(self) -> set[str]:
        """Organisations of which a file was read, by this claim or an earlier one."""
        return self._merger.organization_ids | self._merger.changed_by_organization.keys()

    def _save_counts(self, connection: Connection, row: DeliveryRow, findings: list[Finding]) -> DeliveryRow:
        """Store the findings and the changed cases by organisation; return the row with its new counts."""
        deliveries.add_findings(connection, row.delivery, row.finding_count, findings)
        for organization_id in self._imported_ids():
            changed_cases = self._merger.changed_by_organization[organization_id]
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

    def _append_source_received(self, connection: Connection, row: DeliveryRow, organization_id: str) -> None:
        changed = self._merger.changed_by_organization[organization_id]
        deliveries.upsert_organization(connection, row.delivery, organization_id, changed)
        event = SourceReceived(
            delivery_id=format_delivery_id(row.delivery),
            organization_id=organization_id,
            changed_cases=changed,
            received_at=row.received_at,
        )
        record(connection, event)

    def _schedule_aggregation(self, connection: Connection, organization_id: str) -> None:
        present = time.time()
        earliest, latest = present + self._debounce.debounce_seconds, present + self._debounce.max_wait_seconds
        jobs.schedule(connection, organization_id, earliest, latest)


def split_into_chunks(batch: Batch, chunk_size: Callable[[], int]) -> Iterator[tuple[Batch, bool]]:
    """Yield the parts of a batch, one per transaction, each with whether it is the last one.

    Args:
        batch: Some files of a delivery; a file is never divided.
        chunk_size: Returns the number of case files for the next part; it is called when that part is asked for.
    """
    remaining: Batch | None = batch
    while remaining is not None:
        chunk, remaining = remaining.split_at(chunk_size())
        yield chunk, remaining is None


def _described(row: DeliveryRow, chunk: Batch) -> DeliveryRow:
    """Return the row with the case system and the newest extract of the cases up to the end of a chunk."""
    systems = {folder.case_system for folder in chunk.folders}
    if row.case_system is not None:
        systems.add(row.case_system)
    days = {f"{annual_file.year}-12-31" for annual_file in chunk.annual_files}
    if chunk.folders:
        newest_extract = max(folder.extract_at for folder in chunk.folders)
        days.add(local_date(parse_timestamp(newest_extract)).isoformat())
    if row.extract_day is not None:
        days.add(row.extract_day)
    return msgspec.structs.replace(
        row,
        case_system=(systems.pop() if len(systems) == 1 else "") if systems else None,
        extract_day=max(days, default=None),
    )


def _finish_delivery(connection: Connection, row: DeliveryRow, *, refused: bool) -> DeliveryRow:
    row = msgspec.structs.replace(
        row,
        delivery_status="refused" if refused else "taken",
        completed=1.0,
        spool=None,
        worker=None,
        completed_at=format_rfc3339(now()),
    )
    if not deliveries.finish(connection, row):
        raise LeaseLost("The delivery was taken over.")
    return row
