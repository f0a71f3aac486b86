"""Receives deliveries into the spool, imports them into the case base and reports on them.

A crash between two transactions loses nothing: the spool file is read again, and case files that are stored already
change nothing (see `delivery_import.py`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.errors import LeaseLost, NotFound, ParserCrashed, ParserTooSlow
from preview.core.ids import format_delivery_id, parse_delivery_id
from preview.ingest.chunks import AdaptiveBatchSize
from preview.ingest.delivery_completion import DebounceSettings
from preview.ingest.delivery_import import DeliveryImport
from preview.ingest.delivery_view import DeliveryView, summary_fields, to_view
from preview.ingest.spool import Spool
from preview.ingest.spool_file import SpooledDelivery, SpoolFile
from preview.model.findings import Finding, FindingCode
from preview.model.resources import DeliveryDocument, DeliveryReceipt, DeliverySummary, FindingDocument
from preview.parsing.messages import Batch
from preview.reports.reconcile import ReportConfig
from preview.storage import deliveries, findings
from preview.storage.database import Connection, Database
from preview.storage.deliveries import DeliveryRow
from preview.storage.idempotency import Once, always
from preview.storage.removal import unused

MAX_ATTEMPTS = 3
"""Number of claims after which a delivery whose parser or worker crashes is refused."""

DeliveryReader = Callable[[Path], Iterator[Batch]]
"""Parses the spool file at a path into batches; raises `NotFound` or `ParserCrashed`."""


class Deliveries:
    """Service for deliveries. All methods block: call them on a thread.

    Args:
        database: The store.
        report_config: Catalogue and settings with which reports are rendered.
        spool: Where deliveries lie until they are read.
        debounce: When automatic aggregations follow a delivery.
        batch_size: Initial size of the import transactions, with its bounds.
    """

    def __init__(
        self,
        database: Database,
        report_config: ReportConfig,
        spool: Spool,
        debounce: DebounceSettings,
        batch_size: AdaptiveBatchSize | None = None,
    ) -> None:
        self._database = database
        self._report_config = report_config
        self._spool = spool
        self._debounce = debounce
        self._batch_size = batch_size or AdaptiveBatchSize()

    def open_upload(self, *, multi_file: bool = False) -> SpoolFile:
        """Return a spool file for a delivery that arrives in chunks; pass it to `receive`, or abort it.

        Args:
            multi_file: Whether the delivery consists of several files.
        """
        return self._spool.open(multi_file=multi_file)

    def receive(
        self,
        content: Iterable[bytes] | SpoolFile,
        once: Once[DeliveryReceipt] = always,
        *,
        full: bool,
        actor: str,
    ) -> DeliveryReceipt:
        """Store a delivery to be imported. It is on disk when this returns.

        Args:
            content: The bytes, or a spool file that has been written.
            once: Recognises a repeated request.
            full: Whether the delivery contains every case of its organisations (rule 1.3, docs/domain.md).
            actor: Who or what delivers, for the audit trail.

        Raises:
            PayloadTooLarge: The delivery exceeds the limit.
            InsufficientStorage: The disk is full.
            Unavailable: The spool file was aborted, or the store is closing.
        """
        spooled = content.commit() if isinstance(content, SpoolFile) else self._spool.write(content)
        return self._insert_delivery(spooled, once, full=full, actor=actor)

    def receive_paths(
        self, paths: list[Path], *, full: bool, actor: str, inbox_claim: str | None = None
    ) -> DeliveryReceipt:
        """Store local files, and the files in local folders, as one delivery.

        Args:
            paths: Files and folders; the files of a folder are read in order of name.
            full: As for `receive`.
            actor: As for `receive`.
            inbox_claim: Name of the claim of the watched folder that holds the files; see `received_from`.

        Raises:
            ValidationError: There is no file.
            PayloadTooLarge, InsufficientStorage, Unavailable: As for `receive`.
        """
        spooled = self._spool.write_paths(paths)
        return self._insert_delivery(spooled, always, full=full, actor=actor, inbox_claim=inbox_claim)

    def received_from(self, inbox_claim: str) -> str | None:
        """Return the id of the delivery that was received from a claim of the watched folder, None if none was."""
        number = self._database.read(lambda connection: deliveries.number_by_claim(connection, inbox_claim))
        return None if number is None else format_delivery_id(number)

    def page(
        self, organization_id: str | None, delivery_status: str | None, page: int, limit: int
    ) -> tuple[list[DeliverySummary], int]:
        """Return one page of the list of deliveries, newest first, and the total number of deliveries.

        Args:
            organization_id: Only deliveries with a file of this organisation; None for all.
            delivery_status: Only deliveries with this status; None for all.
            page: Page number from 1.
            limit: Deliveries per page.
        """

        def read_page(connection: Connection) -> tuple[list[DeliverySummary], int]:
            rows, total = deliveries.page(connection, organization_id, delivery_status, limit, (page - 1) * limit)
            return [DeliverySummary(**summary_fields(connection, row)) for row in rows], total

        return self._database.read(read_page)

    def recent(self, limit: int, also_ids: Collection[str] = ()) -> list[DeliveryView]:
        """Return the newest deliveries, those that are not imported yet, and those with the given ids, newest first.

        Args:
            limit: Number of newest deliveries.
            also_ids: Ids of further deliveries; unknown ids are ignored.
        """
        numbers = [number for number in map(parse_delivery_id, also_ids) if number is not None]

        def read_recent(connection: Connection) -> list[DeliveryView]:
            return [to_view(connection, row) for row in deliveries.recent(connection, limit, numbers)]

        return self._database.read(read_recent)

    def get(self, delivery: str) -> DeliveryDocument:
        """Return a delivery with its findings.

        Raises:
            NotFound: There is no delivery with that id.
        """

        def read_delivery(connection: Connection) -> DeliveryDocument:
            row = _require_row(connection, delivery)
            documents = [
                FindingDocument.from_finding(finding) for finding in findings.findings(connection, row.delivery)
            ]
            return DeliveryDocument(**summary_fields(connection, row), findings=documents)

        return self._database.read(read_delivery)

    def summary(self, delivery: str) -> DeliverySummary:
        """Return a delivery without its findings, which may be thousands; for those who wait for its end.

        Raises:
            NotFound: There is no delivery with that id.
        """
        return self._database.read(
            lambda connection: DeliverySummary(**summary_fields(connection, _require_row(connection, delivery)))
        )

    def is_empty(self, delivery: str) -> bool:
        """Return whether a delivery was imported, and nothing of it was (`DeliveryView.is_empty`).

        Raises:
            NotFound: There is no delivery with that id.
        """
        return self._database.read(lambda connection: to_view(connection, _require_row(connection, delivery)).is_empty)

    def refusals(self, delivery: str) -> list[Finding]:
        """Return the findings that refused files of a delivery; those of its first 10,000 files are stored.

        Of an empty delivery they are all findings, as those of its lines have left out everything.

        Raises:
            NotFound: There is no delivery with that id.
        """

        def read_refusals(connection: Connection) -> list[Finding]:
            row = _require_row(connection, delivery)
            read = findings.findings if to_view(connection, row).is_empty else findings.refusals
            return read(connection, row.delivery)

        return self._database.read(read_refusals)

    def claim(self, worker_id: int, delivery: str | None = None) -> DeliveryRow | None:
        """Claim the oldest delivery that waits for a worker; return None if there is none.

        Args:
            worker_id: Number of the worker.
            delivery: Claim this delivery only.
        """
        if not self._database.read(deliveries.has_pending):
            return None
        number = _require_number(delivery) if delivery else None
        return self._database.write(lambda connection: deliveries.claim(connection, worker_id, number))

    def requeue_orphaned(self, is_alive: Callable[[int], bool]) -> None:
        """Release the claims of dead workers; refuse a delivery that has been claimed `MAX_ATTEMPTS` times."""
        for row in self._database.read(deliveries.in_progress):
            if row.worker is None or is_alive(row.worker):
                continue
            if row.attempt >= MAX_ATTEMPTS:
                with suppress(LeaseLost):  # Another process has requeued it already.
                    self._refuse_unreadable(row)
            else:
                self._database.write(
                    lambda connection, row=row: deliveries.release(connection, row.delivery, row.attempt)
                )

    def delete_unused(self) -> None:
        """Delete, in steps, what deliveries have replaced, and what those that ended had prepared."""
        unused.delete_unused(self._database)

    def close(self) -> None:
        """Delete the incomplete uploads of this process. Call it when the process ends."""
        self._spool.close()

    def delete_orphans(self, is_alive: Callable[[int], bool]) -> None:
        """Delete spool files of dead processes that no delivery refers to. Call it at start."""
        self._spool.delete_orphans(is_alive, lambda: self._database.read(deliveries.spool_names))

    def process(
        self, row: DeliveryRow, reader: DeliveryReader, is_stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """Import a claimed delivery and delete its spool file.

        If the process is stopping, the claim is released. If the parser crashes, the claim is released as well, and the
        delivery is refused at the last attempt.

        Args:
            row: The claimed delivery.
            reader: Parses its spool file.
            is_stopping: Whether the process is stopping; it is asked before each batch.

        Raises:
            LeaseLost: The delivery was claimed by another worker.
        """
        assert row.spool is not None
        delivery_import = self._open_import(row)
        if delivery_import.is_prepared:
            delivery_import.finish(None)
            self._spool.delete(row.spool)
            return
        batches = reader(self._spool.path(row.spool))
        try:
            pending_batch: Batch | None = None
            for batch in batches:
                if is_stopping():
                    self._release(row, failed=False)
                    return
                if pending_batch is not None:
                    delivery_import.import_batch(pending_batch)
                pending_batch = batch
            delivery_import.finish(pending_batch)
        except ParserTooSlow:
            self._refuse_unreadable(row, FindingCode.TOO_SLOW)
        except ParserCrashed:
            if is_stopping() or row.attempt < MAX_ATTEMPTS:
                self._release(row, failed=not is_stopping())
                return
            self._refuse_unreadable(row)
        except NotFound:  # The spool file is missing.
            self._refuse_unreadable(row)
        self._spool.delete(row.spool)

    def release(self, row: DeliveryRow) -> None:
        """Give up the claim of a delivery that could not be imported for a reason that passes; the attempt does not
        count.
        """
        self._release(row, failed=False)

    def _open_import(self, row: DeliveryRow) -> DeliveryImport:
        return DeliveryImport(self._database, self._report_config, row, self._debounce, self._batch_size)

    def _release(self, row: DeliveryRow, *, failed: bool) -> None:
        self._database.write(
            lambda connection: deliveries.release(connection, row.delivery, row.attempt, failed=failed)
        )

    def _insert_delivery(
        self,
        spooled: SpooledDelivery,
        once: Once[DeliveryReceipt],
        *,
        full: bool,
        actor: str,
        inbox_claim: str | None = None,
    ) -> DeliveryReceipt:
        received_at = format_rfc3339(now())

        def insert(connection: Connection) -> DeliveryReceipt:
            number = deliveries.insert(
                connection,
                full=full,
                size_bytes=spooled.size_bytes,
                sha256=spooled.sha256,
                spool=spooled.name,
                actor=actor,
                at=received_at,
                inbox_claim=inbox_claim,
            )
            return DeliveryReceipt(format_delivery_id(number), "received", full, spooled.size_bytes, received_at)

        try:
            return self._database.write(once(insert))
        except BaseException:
            self._spool.delete(spooled.name)
            raise

    def _refuse_unreadable(self, row: DeliveryRow, code: FindingCode = FindingCode.UNREADABLE_FILE) -> None:
        """Refuse a delivery whose parser crashes; sources that it has begun to change are unlocked."""
        current_row = self._database.read(lambda connection: deliveries.delivery(connection, row.delivery)) or row
        delivery_import = self._open_import(msgspec.structs.replace(current_row, attempt=row.attempt))
        delivery_import.finish(None, refused=True, findings=[code.finding(0)])
        if row.spool:
            self._spool.delete(row.spool)


def _require_row(connection: Connection, delivery: str) -> DeliveryRow:
    row = deliveries.delivery(connection, _require_number(delivery))
    if row is None:
        raise NotFound("There is no such delivery.")
    return row


def _require_number(delivery: str) -> int:
    number = parse_delivery_id(delivery)
    if number is None:
        raise NotFound("There is no such delivery.")
    return number
