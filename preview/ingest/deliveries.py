"""Deliveries: received into the spool, read by another process, folded into the case base up to 200 folders to a transaction, taken whole.

A crash between two transactions loses nothing: the spool is read again, and what is held already changes nothing (`taking.py`).
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from preview.core.clock import now, timestamp
from preview.core.errors import ClaimLost, NotFound, ReaderDied
from preview.ingest.delivery_import import AutoSettings, Taking
from preview.ingest.spool import Spool
from preview.ingest.spool_file import Spooled, SpoolFile
from preview.model.findings import Code, Finding, Severity
from preview.model.resources import DeliveryDocument, DeliveryReceipt, DeliverySummary, FindingDocument, delivery_id
from preview.parsing.delivery import Batch
from preview.reports.reconcile import Form
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

_ID = re.compile(r"dlv-([0-9]{3,18})")

ATTEMPTS = 3
"""So often is a delivery claimed whose reader or worker dies; then it is refused."""


_SEVEREST_FIRST = tuple(str(severity) for severity in Severity)

Read = Callable[[Path], Iterator[Batch]]


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

    def __init__(self, database: Database, form: Form, spool: Spool, auto: AutoSettings) -> None:
        self._database = database
        self._form = form
        self._spool = spool
        self._auto = auto

    def begin(self, *, packed: bool = False) -> SpoolFile:
        """A delivery that comes in bit by bit: to be written, then received or aborted. `packed` for several files. Raises `TooMany`."""
        return self._spool.open(packed=packed)

    def receive(self, content: Iterable[bytes] | SpoolFile, *, full: bool, actor: str) -> DeliveryReceipt:
        """On disk when this returns. Raises `TooLarge`, `Unavailable`."""
        return self._received(content.commit() if isinstance(content, SpoolFile) else self._spool.put(content), full, actor)

    def receive_paths(self, paths: list[Path], *, full: bool, actor: str) -> DeliveryReceipt:
        """Local files and folders as one delivery. Raises `TooLarge`, and `Invalid` where there is no file."""
        return self._received(self._spool.put_paths(paths), full, actor)

    def page(self, organization_id: str | None, delivery_status: str | None, page: int, limit: int) -> tuple[list[DeliverySummary], int]:
        """(a page from 1, newest first; how many there are)."""

        def work(connection: Connection) -> tuple[list[DeliverySummary], int]:
            rows, total = deliveries.page(connection, organization_id, delivery_status, limit, (page - 1) * limit)
            return [DeliverySummary(**_told(connection, row)) for row in rows], total

        return self._database.read(work)

    def recent(self, limit: int, also: Collection[str] = ()) -> list[DeliveryView]:
        """The newest, those that are not read yet, and those with these ids where there are such; newest first."""
        numbers = [int(match[1]) for match in map(_ID.fullmatch, also) if match]

        def work(connection: Connection) -> list[DeliveryView]:
            return [_view(connection, row) for row in deliveries.recent(connection, limit, numbers)]

        return self._database.read(work)

    def document(self, delivery: str) -> DeliveryDocument:
        """Raises `NotFound`."""

        def work(connection: Connection) -> DeliveryDocument:
            row = _existing(connection, delivery)
            findings = [FindingDocument.of(each) for each in deliveries.findings(connection, row.delivery)]
            return DeliveryDocument(**_told(connection, row), findings=findings)

        return self._database.read(work)

    def refusals(self, delivery: str) -> list[Finding]:
        """What refused files of it, the first 10,000 files. Raises `NotFound`."""
        return self._database.read(lambda connection: deliveries.refusals(connection, _existing(connection, delivery).delivery))

    def claim(self, worker: int, delivery: str | None = None) -> DeliveryRow | None:
        """The next delivery that waits (or that one), being read by this worker from now on."""
        if not self._database.read(deliveries.any_waits):
            return None
        number = int(delivery.removeprefix("dlv-")) if delivery else None
        return self._database.write(lambda connection: deliveries.claim(connection, worker, number))

    def reclaim(self, is_alive: Callable[[int], bool]) -> None:
        """Gives back what dead workers were reading; one that was tried `ATTEMPTS` times is refused."""
        for row in self._database.read(deliveries.reading):
            if row.worker is None or is_alive(row.worker):
                continue
            if row.attempt >= ATTEMPTS:
                with suppress(ClaimLost):  # another process was quicker
                    self._refuse(row)
            else:
                self._database.write(lambda connection, row=row: deliveries.release(connection, row.delivery, row.attempt))

    def close(self) -> None:
        """At the end of this process: what it has begun to receive is gone."""
        self._spool.close()

    def sweep(self, is_alive: Callable[[int], bool]) -> None:
        """At start: no file of a dead process lies in the spool that no delivery waits for."""
        self._spool.sweep(is_alive, lambda: self._database.read(deliveries.spools))

    def take(self, row: DeliveryRow, read: Read, stopping: Callable[[], bool] = lambda: False) -> None:
        """Reads a claimed delivery and takes it whole. Raises `ClaimLost`. When stopping it is given back, to be read again."""
        assert row.spool is not None
        taking = Taking(self._database, self._form, row, self._auto)
        batches = read(self._spool.path(row.spool))
        try:
            last: Batch | None = None
            for batch in batches:
                if stopping():
                    self._give_back(row, failed=False)
                    return
                if last is not None:
                    taking.fold(last)
                last = batch
            taking.finish(last)
        except ReaderDied:
            if stopping() or row.attempt < ATTEMPTS:
                self._give_back(row, failed=not stopping())
                return
            self._refuse(row)
        except NotFound:  # its file is gone from the spool
            self._refuse(row)
        self._spool.delete(row.spool)

    def _give_back(self, row: DeliveryRow, *, failed: bool) -> None:
        self._database.write(lambda connection: deliveries.release(connection, row.delivery, row.attempt, failed=failed))

    def _received(self, spooled: Spooled, full: bool, actor: str) -> DeliveryReceipt:
        at = timestamp(now())
        try:
            number = self._database.write(
                lambda connection: deliveries.insert(
                    connection, full=full, size_bytes=spooled.size_bytes, sha256=spooled.sha256, spool=spooled.name, actor=actor, at=at
                )
            )
        except BaseException:
            self._spool.delete(spooled.name)
            raise
        return DeliveryReceipt(delivery_id(number), "received", full, spooled.size_bytes, at)

    def _refuse(self, row: DeliveryRow) -> None:
        """What cannot be read at all, whatever it is that ends its readers; a source it had begun to change is told so."""
        present = self._database.read(lambda connection: deliveries.delivery(connection, row.delivery)) or row
        taking = Taking(self._database, self._form, msgspec.structs.replace(present, attempt=row.attempt), self._auto)
        taking.add_findings([Code.UNREADABLE_FILE.at(0)])
        taking.finish(None, refused=True)
        if row.spool:
            self._spool.delete(row.spool)


def delivered_of(connection: Connection, organization_id: str, limit: int) -> list[DeliveryView]:
    """The newest deliveries that hold something of the organisation."""
    rows, _ = deliveries.page(connection, organization_id, None, limit, 0)
    return [_view(connection, row) for row in rows]


def _existing(connection: Connection, delivery: str) -> DeliveryRow:
    match = _ID.fullmatch(delivery)
    row = deliveries.delivery(connection, int(match[1])) if match else None
    if row is None or delivery_id(row.delivery) != delivery:
        raise NotFound("There is no such delivery.")
    return row


def _view(connection: Connection, row: DeliveryRow) -> DeliveryView:
    found = [FindingCount(*each) for each in deliveries.finding_counts(connection, row.delivery)]
    found.sort(key=lambda each: _SEVEREST_FIRST.index(each.severity))
    return DeliveryView(DeliverySummary(**_told(connection, row)), deliveries.named_organizations(connection, row.delivery), found)


def _told(connection: Connection, row: DeliveryRow) -> dict[str, Any]:
    """What a list and a document of a delivery have in common."""
    return {
        "delivery_id": delivery_id(row.delivery),
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
        "organizations": list(deliveries.organizations(connection, row.delivery)),
        "finding_count": row.finding_count,
        "actor": row.actor,
        "received_at": row.received_at,
        "completed_at": row.completed_at,
    }
