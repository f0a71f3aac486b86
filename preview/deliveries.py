"""Deliveries: received into the spool, read by another process, folded into the case base some 200 folders to a transaction, taken whole.

A crash between two transactions loses nothing: the spool is read again, and what is held already changes nothing.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from preview.clock import now, timestamp
from preview.documents import DeliveryDocument, DeliveryReceipt, DeliverySummary, FindingDocument, delivery_id
from preview.errors import ClaimLost, NotFound, ReaderDied
from preview.events import SourceReceived, record
from preview.folding import Fold
from preview.readers.delivery import Batch
from preview.readers.findings import Code, Finding
from preview.readers.folders import Figur, Oppforing
from preview.settling import Form, settle
from preview.spool import Spool, Spooled
from preview.store import deliveries, figures, jobs, organizations
from preview.store.database import Connection, Database
from preview.store.deliveries import DeliveryRow
from preview.store.organizations import OrganizationRow

MOVES: Mapping[str, frozenset[str]] = {
    "received": frozenset({"reading"}),
    "reading": frozenset({"received", "taken", "refused"}),
    "taken": frozenset(),
    "refused": frozenset(),
}
"""Status of a delivery -> statuses that it may have next."""

ATTEMPTS = 3
"""So often is a delivery claimed whose reader or worker dies; then it is refused."""

# Between two transactions of a long delivery, so that others who wait for the write lock get their turn.
_PAUSE_SECONDS = 0.002

Read = Callable[[Path], Iterator[Batch]]


class AutoSettings(msgspec.Struct, frozen=True):
    """When an automatic aggregation is due after a delivery (contract S6); seconds."""

    on: bool
    quiet: float
    latest: float


class Deliveries:
    """All methods block: call them on a thread."""

    def __init__(self, database: Database, form: Form, spool: Spool, auto: AutoSettings) -> None:
        self._database = database
        self._form = form
        self._spool = spool
        self._auto = auto

    def receive(self, chunks: Iterable[bytes], *, full: bool, actor: str) -> DeliveryReceipt:
        """On disk when this returns. Raises `TooLarge`."""
        return self._received(self._spool.put(chunks), full, actor)

    def receive_paths(self, paths: list[Path], *, full: bool, actor: str) -> DeliveryReceipt:
        """Local files and folders as one delivery. Raises `TooLarge`, and `Invalid` where there is no file."""
        return self._received(self._spool.put_paths(paths), full, actor)

    def page(self, organization_id: str | None, delivery_status: str | None, page: int, limit: int) -> tuple[list[DeliverySummary], int]:
        """(a page from 1, newest first; how many there are)."""

        def work(connection: Connection) -> tuple[list[DeliverySummary], int]:
            rows, total = deliveries.page(connection, organization_id, delivery_status, limit, (page - 1) * limit)
            return [DeliverySummary(**_told(connection, row)) for row in rows], total

        return self._database.read(work)

    def document(self, delivery: str) -> DeliveryDocument:
        """Raises `NotFound`."""

        def work(connection: Connection) -> DeliveryDocument:
            match = re.fullmatch(r"dlv-([0-9]{3,18})", delivery)
            row = deliveries.delivery(connection, int(match[1])) if match else None
            if row is None or delivery_id(row.delivery) != delivery:
                raise NotFound("There is no such delivery.")
            findings = [FindingDocument.of(each) for each in deliveries.findings(connection, row.delivery)]
            return DeliveryDocument(**_told(connection, row), findings=findings)

        return self._database.read(work)

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
                self._refuse(row)
            else:
                self._database.write(lambda connection, row=row: deliveries.release(connection, row.delivery, row.attempt))

    def sweep(self) -> None:
        """At start: no file lies in the spool that no delivery waits for."""
        self._spool.sweep(self._database.read(deliveries.spools))

    def take(self, row: DeliveryRow, read: Read, stopping: Callable[[], bool] = lambda: False) -> None:
        """Reads a claimed delivery and takes it whole. Raises `ClaimLost`. When stopping it is given back, to be read again."""
        assert row.spool is not None
        taking = _Taking(self._database, self._form, row, self._auto)
        batches = read(self._spool.path(row.spool))
        try:
            last: Batch | None = None
            for batch in batches:
                if stopping():
                    self._database.write(lambda connection: deliveries.release(connection, row.delivery, row.attempt))
                    return
                if last is not None:
                    taking.fold(last)
                    time.sleep(_PAUSE_SECONDS)
                last = batch
            taking.finish(last)
        except ReaderDied:
            if row.attempt < ATTEMPTS - 1:
                self._database.write(lambda connection: deliveries.release(connection, row.delivery, row.attempt))
                return
            self._refuse(row)
        self._spool.delete(row.spool)

    def _received(self, spooled: Spooled, full: bool, actor: str) -> DeliveryReceipt:
        at = timestamp(now())
        number = self._database.write(
            lambda connection: deliveries.insert(
                connection, full=full, size_bytes=spooled.size_bytes, sha256=spooled.sha256, spool=spooled.name, actor=actor, at=at
            )
        )
        return DeliveryReceipt(delivery_id(number), "received", full, spooled.size_bytes, at)

    def _refuse(self, row: DeliveryRow) -> None:
        """What cannot be read at all, whatever it is that ends its readers; a source it had begun to change is told so."""
        taking = _Taking(self._database, self._form, row, self._auto)
        taking.add_findings([Code.UNREADABLE_FILE.at(0)])
        taking.finish(None, refused=True)
        if row.spool:
            self._spool.delete(row.spool)


class _Taking:
    """One delivery being taken: what it has done so far, and its transactions. Each checks that the claim still holds."""

    def __init__(self, database: Database, form: Form, row: DeliveryRow, auto: AutoSettings) -> None:
        self._database = database
        self._form = form
        self._row = row
        self._auto = auto
        self._fold = Fold(row.delivery, bool(row.full))
        self._figures: list[Figur] = []
        self._told: set[str] = set()
        self._batch = Counter[str]()
        self._format: str | None = None
        self._findings: list[Finding] = []
        self._found = 0

    def fold(self, batch: Batch) -> None:
        """All that a batch holds, in one transaction; figures wait for the last (contract S5: half a delivery is never shown)."""

        def work(connection: Connection) -> None:
            if not deliveries.set_progress(connection, self._row.delivery, self._row.attempt, batch.progress):
                raise ClaimLost("The delivery was taken over.")
            self._work(connection, batch)

        self._database.write(work)

    def finish(self, batch: Batch | None, *, refused: bool = False) -> None:
        """The last batch, what a full delivery takes out, figures, findings, versions and events; then the marks are lifted."""

        def work(connection: Connection) -> None:
            if batch is not None:
                self._work(connection, batch)
            if self._row.full and not refused:
                self._fold.finish_full(connection, self._batch["refused"])
                self._add_fold_findings()
            supplied = self._put_figures(connection)
            marked = {organization_id for _, organization_id in organizations.lift_marks(connection, self._row.delivery)}
            concerned = sorted(self._fold.organization_ids | self._told | marked)
            at = timestamp(now())
            row = self._outcome(at, refused or (self._batch["files"] > 0 and self._batch["refused"] == self._batch["files"]))
            if not deliveries.end(connection, row):
                raise ClaimLost("The delivery was taken over.")
            deliveries.put_findings(connection, row.delivery, self._findings)
            for organization_id in concerned:
                changed = self._fold.changed[organization_id]
                deliveries.put_organization(connection, row.delivery, organization_id, changed)
                received = SourceReceived(
                    delivery_id=delivery_id(row.delivery),
                    organization_id=organization_id,
                    changed_cases=changed,
                    received_at=row.received_at,
                )
                record(connection, received)
                if organization_id in marked | supplied and self._auto.on:
                    jobs.put_due(connection, organization_id, time.time() + self._auto.quiet, time.time() + self._auto.latest)
                settle(connection, self._form, organization_id)

        self._database.write(work)

    def _work(self, connection: Connection, batch: Batch) -> None:
        self._format = batch.format or self._format
        self._batch["files"] = batch.files
        self._batch["refused"] = batch.refused_files
        self.add_findings(batch.findings)
        for line in batch.oppforinger:
            self._list(connection, line)
        self._figures.extend(batch.figurer)
        for organization_id in self._fold.take(connection, batch.mapper):
            settle(connection, self._form, organization_id)
        self._add_fold_findings()

    def _add_fold_findings(self) -> None:
        self.add_findings(self._fold.findings)
        self._fold.findings.clear()

    def add_findings(self, findings: list[Finding]) -> None:
        """Counts them all, keeps the first."""
        self._found += len(findings)
        self._findings.extend(findings[: max(0, deliveries.KEPT_FINDINGS - len(self._findings))])

    def _list(self, connection: Connection, line: Oppforing) -> None:
        """Names an organisation; an id given never changes (`domain.md` 3.1, 3.2)."""
        known = organizations.organization_by_number(connection, line.organisasjonsnummer, line.bydelsnummer)
        if known is None and organizations.organization(connection, line.organization_id) is not None:
            self.add_findings([Code.CSV_ORGANIZATION_TAKEN.at(line.file, line.line, "organization_id")])
            return
        organization_id = known.organization_id if known else line.organization_id
        self._told.add(organization_id)
        row = OrganizationRow(organization_id, line.organization_name, line.organisasjonsnummer, line.bydelsnummer, 1)
        if row != known:
            organizations.put_organization(connection, row)
            settle(connection, self._form, organization_id)

    def _put_figures(self, connection: Connection) -> set[str]:
        """Figures of known organisations, for fields that no case gives (`domain.md` 6.1); returns whose changed."""
        changed: set[str] = set()
        catalogue = self._form.catalogue
        for figur in self._figures:
            if organizations.organization(connection, figur.organization_id) is None:
                self.add_findings([Code.CSV_UNKNOWN_ORGANIZATION.at(figur.file, figur.line, "organization_id")])
                continue
            if figur.field_key not in catalogue or catalogue.field(figur.field_key).computed:
                self.add_findings([Code.CSV_FIELD.at(figur.file, figur.line, "field_key")])
                continue
            self._told.add(figur.organization_id)
            if figures.put_figure(connection, figur.organization_id, figur.period_id, figur.field_key, figur.verdi, figur.data_source):
                changed.add(figur.organization_id)
        return changed

    def _outcome(self, at: str, refused: bool) -> DeliveryRow:
        counts = self._fold.counts
        return msgspec.structs.replace(
            self._row,
            delivery_status="refused" if refused else "taken",
            format=self._format,
            files=self._batch["files"],
            refused_files=self._batch["refused"],
            new_cases=counts["new"],
            changed_cases=counts["changed"],
            unchanged_cases=counts["unchanged"],
            removed_cases=counts["removed"],
            finding_count=self._found,
            completed_at=at,
        )


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
        "organizations": deliveries.organizations(connection, row.delivery),
        "finding_count": row.finding_count,
        "actor": row.actor,
        "received_at": row.received_at,
        "completed_at": row.completed_at,
    }
