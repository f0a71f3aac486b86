"""One delivery being taken: its transactions, up to 200 folders to each, and the last one, which makes it whole.

Who else wants to write waits for one transaction: where folders take long, there are fewer of them in one (`_LONGEST_SECONDS`).

Read again after a crash, it goes on counting where the last transaction stopped: files that were taken then are folded again, which
changes nothing, and neither they nor their findings are counted again.
"""

import time
from collections import Counter

import msgspec

from preview.core.clock import now, timestamp
from preview.core.errors import ClaimLost
from preview.events.log import SourceReceived, record
from preview.form.numbers import one_decimal
from preview.ingest.annual_file_import import Replacing
from preview.ingest.case_merge import Fold
from preview.model.case_records import Figur, Oppforing
from preview.model.findings import Code, Finding
from preview.model.resources import delivery_id
from preview.parsing.delivery import Batch
from preview.reports.reconcile import Form, settle
from preview.storage import deliveries, figures, jobs, organizations
from preview.storage.database import Connection, Database
from preview.storage.deliveries import DeliveryRow
from preview.storage.organizations import OrganizationRow

_LONGEST_SECONDS = 0.015
"""So long a transaction shall take at most, by what a folder took in the one before."""
_FEWEST = 20
_MOST = 200


class AutoSettings(msgspec.Struct, frozen=True):
    """When an automatic aggregation is due after a delivery (contract S6); seconds."""

    on: bool
    quiet: float
    latest: float


class Taking:
    """What a claimed delivery has done so far, and its transactions. Each checks that the claim still holds (`ClaimLost`)."""

    def __init__(self, database: Database, form: Form, row: DeliveryRow, auto: AutoSettings) -> None:
        self._database = database
        self._form = form
        self._row = row
        self._auto = auto
        self._done_files = row.files
        counts = Counter(new=row.new_cases, changed=row.changed_cases, unchanged=row.unchanged_cases, removed=row.removed_cases)
        changed = Counter(database.read(lambda connection: deliveries.organizations(connection, row.delivery)))
        self._fold = Fold(row.delivery, bool(row.full), row.files, counts, changed)
        self._replacing = Replacing(self._fold)
        self._figures: list[Figur] = []
        self._told: set[str] = set()
        self._findings: list[Finding] = []
        self._folders = _FEWEST
        """How many make a transaction of the length that it may have, by the last one."""

    def fold(self, batch: Batch) -> None:
        """All that a batch holds; figures wait for the last (contract S5: half a delivery is never shown)."""
        last = self._fold_parts(batch)
        self._fold_part(last)

    def finish(self, batch: Batch | None, *, refused: bool = False) -> None:
        """The last batch, what a full delivery takes out, figures, findings, versions and events; then the marks are lifted."""
        last = None if batch is None else self._fold_parts(batch)

        def work(connection: Connection) -> None:
            if last is not None:
                self._work(connection, last)
            if self._row.full and not refused:
                self._fold.finish_full(connection, self._row.refused_files)
                self.add_findings(self._fold.findings)
            supplied = self._put_figures(connection)
            marked = {organization_id for _, organization_id in organizations.lift_marks(connection, self._row.delivery)}
            concerned = sorted(self._read | self._told | marked)
            self._write_down(connection)
            self._end(connection, refused=refused or 0 < self._row.files == self._row.refused_files)
            for organization_id in concerned:
                self._tell(connection, organization_id)
                if organization_id in marked | supplied and self._auto.on:
                    jobs.put_due(connection, organization_id, time.time() + self._auto.quiet, time.time() + self._auto.latest)
                settle(connection, self._form, organization_id)

        self._database.write(work)

    @property
    def _read(self) -> set[str]:
        """Organisations of which something was read, by an earlier claim too."""
        return self._fold.organization_ids | self._fold.changed.keys()

    def _fold_parts(self, batch: Batch) -> Batch:
        """What is too much for one transaction, but for its end, which is returned."""
        part, left = batch.divided(self._folders)
        while left is not None:
            self._fold_part(part)
            part, left = left.divided(self._folders)
        return part

    def _fold_part(self, part: Batch) -> None:
        def work(connection: Connection) -> None:
            began = time.perf_counter()
            self._work(connection, part)
            self._write_down(connection)
            self._row = msgspec.structs.replace(self._row, completed=max(part.progress, self._row.completed))
            if not deliveries.set_progress(connection, self._row):
                raise ClaimLost("The delivery was taken over.")
            if part.mapper:
                pace = (time.perf_counter() - began) / len(part.mapper)
                self._folders = max(_FEWEST, min(_MOST, int(_LONGEST_SECONDS / pace)))

        self._database.write(work)

    def add_findings(self, findings: list[Finding]) -> None:
        """They are written down with the next transaction."""
        self._findings.extend(findings)

    def _work(self, connection: Connection, batch: Batch) -> None:
        files = max(batch.files, self._row.files)
        refused = max(batch.refused_files, self._row.refused_files)
        self._row = msgspec.structs.replace(self._row, format=batch.format or self._row.format, files=files, refused_files=refused)
        found = list(batch.findings)
        for line in batch.oppforinger:
            found += self._list(connection, line)
        self._figures.extend(batch.figurer)
        for organization_id in self._fold.take(connection, batch.mapper) | self._replacing.take(connection, batch.arsfiler):
            settle(connection, self._form, organization_id)
        found += self._fold.findings
        self._fold.findings.clear()
        self.add_findings([finding for finding in found if finding.file > self._done_files])

    def _write_down(self, connection: Connection) -> None:
        """Findings and counts so far."""
        found, counts = self._row.finding_count, self._fold.counts
        deliveries.add_findings(connection, self._row.delivery, found, self._findings)
        for organization_id in self._read:
            deliveries.put_organization(connection, self._row.delivery, organization_id, self._fold.changed[organization_id])
        self._row = msgspec.structs.replace(
            self._row,
            new_cases=counts["new"],
            changed_cases=counts["changed"],
            unchanged_cases=counts["unchanged"],
            removed_cases=counts["removed"],
            finding_count=found + len(self._findings),
        )
        self._findings = []

    def _end(self, connection: Connection, *, refused: bool) -> None:
        status = "refused" if refused else "taken"
        self._row = msgspec.structs.replace(
            self._row, delivery_status=status, completed=1.0, spool=None, worker=None, completed_at=timestamp(now())
        )
        if not deliveries.end(connection, self._row):
            raise ClaimLost("The delivery was taken over.")

    def _tell(self, connection: Connection, organization_id: str) -> None:
        changed = self._fold.changed[organization_id]
        deliveries.put_organization(connection, self._row.delivery, organization_id, changed)
        received = SourceReceived(
            delivery_id=delivery_id(self._row.delivery),
            organization_id=organization_id,
            changed_cases=changed,
            received_at=self._row.received_at,
        )
        record(connection, received)

    def _list(self, connection: Connection, line: Oppforing) -> list[Finding]:
        """Names an organisation; an id given never changes (`domain.md` 3.1, 3.2). Returns what is wrong with the line."""
        known = organizations.organization_by_number(connection, line.organisasjonsnummer, line.bydelsnummer)
        if known is None and organizations.organization(connection, line.organization_id) is not None:
            return [Code.CSV_ORGANIZATION_TAKEN.at(line.file, line.line, "organization_id")]
        organization_id = known.organization_id if known else line.organization_id
        self._told.add(organization_id)
        row = OrganizationRow(organization_id, line.organization_name, line.organisasjonsnummer, line.bydelsnummer, 1)
        if row != known:
            organizations.put_organization(connection, row)
            settle(connection, self._form, organization_id)
        return []

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
            verdi = None if figur.verdi is None else one_decimal(figur.verdi)
            if figures.put_figure(connection, figur.organization_id, figur.period_id, figur.field_key, verdi, figur.data_source):
                changed.add(figur.organization_id)
        return changed
