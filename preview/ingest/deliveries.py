"""Deliveries: received into the spool, read by another process, folded into the case base up to 200 folders to a transaction, taken whole.

A crash between two transactions loses nothing: the spool is read again, and what is held already changes nothing (`taking.py`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.errors import LeaseLost, NotFound, ParserCrashed
from preview.core.ids import format_delivery_id, parse_delivery_id
from preview.ingest.delivery_import import DebounceSettings, DeliveryImport
from preview.ingest.spool import Spool
from preview.ingest.spool_file import SpooledDelivery, SpoolFile
from preview.model.findings import Finding, FindingCode, Severity
from preview.model.resources import DeliveryDocument, DeliveryReceipt, DeliverySummary, FindingDocument
from preview.parsing.delivery import Batch
from preview.reports.reconcile import ReportConfig
from preview.storage import deliveries
from preview.storage.database import Connection, Database
from preview.storage.deliveries import DeliveryRow

MOVES: Mapping[str, frozenset[str]] = {
    "received": frozenset({"reading"}),
    "reading": frozenset({"received", "taken", "refused"}),
    "taken": frozenset(),
    "refused": frozenset(),
}
"""Status of a delivery -> statuses that it may have next."""


MAX_ATTEMPTS = 3
"""So often is a delivery claimed whose reader or worker dies; then it is refused."""


_SEVEREST_FIRST = tuple(str(severity) for severity in Severity)

DeliveryReader = Callable[[Path], Iterator[Batch]]


class FindingCount(msgspec.Struct, frozen=True):
    """What was found `count` times in a delivery; `file` and `line` are of the first, from 1, 0 where there is none."""

    severity: str
    code: str
    count: int
    file: int
    line: int


class DeliveryView(msgspec.Struct, frozen=True):
    """A delivery as a person follows it. `organizations` are (id, name); `findings` of the first 1,000, severest first."""

    summary: DeliverySummary
    organizations: list[tuple[str, str]]
    findings: list[FindingCount]


class Deliveries:
    """All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig, spool: Spool, debounce: DebounceSettings) -> None:
        self._database = database
        self._report_config = report_config
        self._spool = spool
        self._debounce = debounce

    def open_upload(self, *, multi_file: bool = False) -> SpoolFile:
        """A delivery that comes in bit by bit: to be written, then received or aborted. `packed` for several files. Raises `TooMany`."""
        return self._spool.open(multi_file=multi_file)

    def receive(self, content: Iterable[bytes] | SpoolFile, *, full: bool, actor: str) -> DeliveryReceipt:
        """On disk when this returns. Raises `TooLarge`, `Unavailable`."""
        return self._insert_delivery(content.commit() if isinstance(content, SpoolFile) else self._spool.write(content), full, actor)

    def receive_paths(self, paths: list[Path], *, full: bool, actor: str) -> DeliveryReceipt:
        """Local files and folders as one delivery. Raises `TooLarge`, and `Invalid` where there is no file."""
        return self._insert_delivery(self._spool.write_paths(paths), full, actor)

    def page(self, organization_id: str | None, delivery_status: str | None, page: int, limit: int) -> tuple[list[DeliverySummary], int]:
        """(a page from 1, newest first; how many there are)."""

        def read_page(connection: Connection) -> tuple[list[DeliverySummary], int]:
            rows, total = deliveries.page(connection, organization_id, delivery_status, limit, (page - 1) * limit)
            return [DeliverySummary(**_summary_fields(connection, row)) for row in rows], total

        return self._database.read(read_page)

    def recent(self, limit: int, also_ids: Collection[str] = ()) -> list[DeliveryView]:
        """The newest, those that are not read yet, and those with these ids where there are such; newest first."""
        numbers = [number for number in map(parse_delivery_id, also_ids) if number is not None]

        def read_recent(connection: Connection) -> list[DeliveryView]:
            return [_to_view(connection, row) for row in deliveries.recent(connection, limit, numbers)]

        return self._database.read(read_recent)

    def get(self, delivery: str) -> DeliveryDocument:
        """Raises `NotFound`."""

        def read_delivery(connection: Connection) -> DeliveryDocument:
            row = _require_row(connection, delivery)
            findings = [FindingDocument.from_finding(finding) for finding in deliveries.findings(connection, row.delivery)]
            return DeliveryDocument(**_summary_fields(connection, row), findings=findings)

        return self._database.read(read_delivery)

    def refusals(self, delivery: str) -> list[Finding]:
        """What refused files of it, the first 10,000 files. Raises `NotFound`."""
        return self._database.read(lambda connection: deliveries.refusals(connection, _require_row(connection, delivery).delivery))

    def claim(self, worker_id: int, delivery: str | None = None) -> DeliveryRow | None:
        """The next delivery that waits (or that one), being read by this worker from now on."""
        if not self._database.read(deliveries.has_pending):
            return None
        number = _require_number(delivery) if delivery else None
        return self._database.write(lambda connection: deliveries.claim(connection, worker_id, number))

    def requeue_orphaned(self, is_alive: Callable[[int], bool]) -> None:
        """Gives back what dead workers were reading; one that was tried `ATTEMPTS` times is refused."""
        for row in self._database.read(deliveries.in_progress):
            if row.worker is None or is_alive(row.worker):
                continue
            if row.attempt >= MAX_ATTEMPTS:
                with suppress(LeaseLost):  # another process was quicker
                    self._refuse_unreadable(row)
            else:
                self._database.write(lambda connection, row=row: deliveries.release(connection, row.delivery, row.attempt))

    def close(self) -> None:
        """At the end of this process: what it has begun to receive is gone."""
        self._spool.close()

    def delete_orphans(self, is_alive: Callable[[int], bool]) -> None:
        """At start: no file of a dead process lies in the spool that no delivery waits for."""
        self._spool.delete_orphans(is_alive, lambda: self._database.read(deliveries.spool_names))

    def process(self, row: DeliveryRow, reader: DeliveryReader, is_stopping: Callable[[], bool] = lambda: False) -> None:
        """Reads a claimed delivery and takes it whole. Raises `ClaimLost`. When stopping it is given back, to be read again."""
        assert row.spool is not None
        delivery_import = DeliveryImport(self._database, self._report_config, row, self._debounce)
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
        except ParserCrashed:
            if is_stopping() or row.attempt < MAX_ATTEMPTS:
                self._release(row, failed=not is_stopping())
                return
            self._refuse_unreadable(row)
        except NotFound:  # its file is gone from the spool
            self._refuse_unreadable(row)
        self._spool.delete(row.spool)

    def _release(self, row: DeliveryRow, *, failed: bool) -> None:
        self._database.write(lambda connection: deliveries.release(connection, row.delivery, row.attempt, failed=failed))

    def _insert_delivery(self, spooled: SpooledDelivery, full: bool, actor: str) -> DeliveryReceipt:
        received_at = format_rfc3339(now())
        try:
            number = self._database.write(
                lambda connection: deliveries.insert(
                    connection,
                    full=full,
                    size_bytes=spooled.size_bytes,
                    sha256=spooled.sha256,
                    spool=spooled.name,
                    actor=actor,
                    at=received_at,
                )
            )
        except BaseException:
            self._spool.delete(spooled.name)
            raise
        return DeliveryReceipt(format_delivery_id(number), "received", full, spooled.size_bytes, received_at)

    def _refuse_unreadable(self, row: DeliveryRow) -> None:
        """What cannot be read at all, whatever it is that ends its readers; a source it had begun to change is told so."""
        current_row = self._database.read(lambda connection: deliveries.delivery(connection, row.delivery)) or row
        delivery_import = DeliveryImport(
            self._database, self._report_config, msgspec.structs.replace(current_row, attempt=row.attempt), self._debounce
        )
        delivery_import.add_findings([FindingCode.UNREADABLE_FILE.finding(0)])
        delivery_import.finish(None, refused=True)
        if row.spool:
            self._spool.delete(row.spool)


def recent_for(connection: Connection, organization_id: str, limit: int) -> list[DeliveryView]:
    """The newest deliveries that hold something of the organisation."""
    rows, _ = deliveries.page(connection, organization_id, None, limit, 0)
    return [_to_view(connection, row) for row in rows]


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


def _to_view(connection: Connection, row: DeliveryRow) -> DeliveryView:
    counts = [FindingCount(*count) for count in deliveries.finding_counts(connection, row.delivery)]
    counts.sort(key=lambda count: _SEVEREST_FIRST.index(count.severity))
    return DeliveryView(
        DeliverySummary(**_summary_fields(connection, row)), deliveries.organization_names(connection, row.delivery), counts
    )


def _summary_fields(connection: Connection, row: DeliveryRow) -> dict[str, Any]:
    """What a list and a document of a delivery have in common."""
    return {
        "delivery_id": format_delivery_id(row.delivery),
        "delivery_status": row.delivery_status,
        "full": bool(row.full),
        "format": row.format,
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "completed": row.completed,
        "files": row.files,
        "refused_files": row.refused_files,
        "new_cases": row.new_cases,
        "changed_cases": row.changed_cases,
        "unchanged_cases": row.unchanged_cases,
        "removed_cases": row.removed_cases,
        "organizations": list(deliveries.changed_cases_by_organization(connection, row.delivery)),
        "finding_count": row.finding_count,
        "actor": row.actor,
        "received_at": row.received_at,
        "completed_at": row.completed_at,
    }
