"""One delivery being taken: its transactions, up to 200 folders to each, and the last one, which makes it whole.

Who else wants to write waits for one transaction: where folders take long, there are fewer of them in one (`_LONGEST_SECONDS`).

Read again after a crash, it goes on counting where the last transaction stopped: files that were taken then are folded again, which
changes nothing, and neither they nor their findings are counted again.
"""

import time
from collections import Counter

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.errors import LeaseLost
from preview.core.ids import format_delivery_id
from preview.events.log import SourceReceived, record
from preview.form.numbers import one_decimal
from preview.ingest.annual_file_import import AnnualFileImporter
from preview.ingest.case_merge import CaseMerger
from preview.model.case_records import OrganizationListing, SupplementaryFigure
from preview.model.findings import Finding, FindingCode
from preview.parsing.delivery import Batch
from preview.reports.reconcile import ReportConfig, reconcile
from preview.storage import deliveries, figures, jobs, organizations
from preview.storage.database import Connection, Database
from preview.storage.deliveries import DeliveryRow
from preview.storage.organizations import OrganizationRow

_MAX_TRANSACTION_SECONDS = 0.015
"""So long a transaction shall take at most, by what a folder took in the one before."""
_MIN_BATCH = 20
_MAX_BATCH = 200


class DebounceSettings(msgspec.Struct, frozen=True):
    """When an automatic aggregation is due after a delivery (contract S6); seconds."""

    enabled: bool
    debounce_seconds: float
    max_wait_seconds: float


class DeliveryImport:
    """What a claimed delivery has done so far, and its transactions. Each checks that the claim still holds (`ClaimLost`)."""

    def __init__(self, database: Database, report_config: ReportConfig, row: DeliveryRow, debounce: DebounceSettings) -> None:
        self._database = database
        self._report_config = report_config
        self._row = row
        self._debounce = debounce
        self._completed_files = row.files
        counts = Counter(new=row.new_cases, changed=row.changed_cases, unchanged=row.unchanged_cases, removed=row.removed_cases)
        changed = Counter(database.read(lambda connection: deliveries.changed_cases_by_organization(connection, row.delivery)))
        self._merger = CaseMerger(row.delivery, bool(row.full), row.files, counts, changed)
        self._annual_files = AnnualFileImporter(self._merger)
        self._figures: list[SupplementaryFigure] = []
        self._listed_ids: set[str] = set()
        self._findings: list[Finding] = []
        self._batch_size = _MIN_BATCH
        """How many make a transaction of the length that it may have, by the last one."""

    def import_batch(self, batch: Batch) -> None:
        """All that a batch holds; figures wait for the last (contract S5: half a delivery is never shown)."""
        remainder = self._import_all_but_last_chunk(batch)
        self._import_chunk(remainder)

    def finish(self, batch: Batch | None, *, refused: bool = False) -> None:
        """The last batch, what a full delivery takes out, figures, findings, versions and events; then the marks are lifted."""
        remainder = None if batch is None else self._import_all_but_last_chunk(batch)

        def commit_delivery(connection: Connection) -> None:
            if remainder is not None:
                self._apply(connection, remainder)
            if self._row.full and not refused:
                self._merger.delete_missing_cases(connection, self._row.refused_files)
                self.add_findings(self._merger.findings)
            with_new_figures = self._store_figures(connection)
            unlocked = {organization_id for _, organization_id in organizations.unlock_and_bump_version(connection, self._row.delivery)}
            affected = sorted(self._imported_organizations | self._listed_ids | unlocked)
            self._save_progress(connection)
            self._finish_delivery(connection, refused=refused or 0 < self._row.files == self._row.refused_files)
            for organization_id in affected:
                self._append_source_received(connection, organization_id)
                if organization_id in unlocked | with_new_figures and self._debounce.enabled:
                    jobs.schedule(
                        connection,
                        organization_id,
                        time.time() + self._debounce.debounce_seconds,
                        time.time() + self._debounce.max_wait_seconds,
                    )
                reconcile(connection, self._report_config, organization_id)

        self._database.write(commit_delivery)

    @property
    def _imported_organizations(self) -> set[str]:
        """Organisations of which something was read, by an earlier claim too."""
        return self._merger.organization_ids | self._merger.changed_by_organization.keys()

    def _import_all_but_last_chunk(self, batch: Batch) -> Batch:
        """What is too much for one transaction, but for its end, which is returned."""
        chunk, remaining = batch.split_at(self._batch_size)
        while remaining is not None:
            self._import_chunk(chunk)
            chunk, remaining = remaining.split_at(self._batch_size)
        return chunk

    def _import_chunk(self, chunk: Batch) -> None:
        def write_chunk(connection: Connection) -> None:
            started = time.perf_counter()
            self._apply(connection, chunk)
            self._save_progress(connection)
            self._row = msgspec.structs.replace(self._row, completed=max(chunk.progress, self._row.completed))
            if not deliveries.set_progress(connection, self._row):
                raise LeaseLost("The delivery was taken over.")
            if chunk.folders:
                seconds_per_folder = (time.perf_counter() - started) / len(chunk.folders)
                self._batch_size = max(_MIN_BATCH, min(_MAX_BATCH, int(_MAX_TRANSACTION_SECONDS / seconds_per_folder)))

        self._database.write(write_chunk)

    def add_findings(self, findings: list[Finding]) -> None:
        """They are written down with the next transaction."""
        self._findings.extend(findings)

    def _apply(self, connection: Connection, batch: Batch) -> None:
        files = max(batch.files, self._row.files)
        refused_files = max(batch.refused_files, self._row.refused_files)
        self._row = msgspec.structs.replace(self._row, format=batch.format or self._row.format, files=files, refused_files=refused_files)
        findings = list(batch.findings)
        for listing in batch.listings:
            findings += self._list_organization(connection, listing)
        self._figures.extend(batch.figures)
        for organization_id in self._merger.apply(connection, batch.folders) | self._annual_files.import_files(
            connection, batch.annual_files
        ):
            reconcile(connection, self._report_config, organization_id)
        findings += self._merger.findings
        self._merger.findings.clear()
        self.add_findings([finding for finding in findings if finding.file > self._completed_files])

    def _save_progress(self, connection: Connection) -> None:
        """Findings and counts so far."""
        finding_count, counts = self._row.finding_count, self._merger.counts
        deliveries.add_findings(connection, self._row.delivery, finding_count, self._findings)
        for organization_id in self._imported_organizations:
            deliveries.upsert_organization(
                connection, self._row.delivery, organization_id, self._merger.changed_by_organization[organization_id]
            )
        self._row = msgspec.structs.replace(
            self._row,
            new_cases=counts["new"],
            changed_cases=counts["changed"],
            unchanged_cases=counts["unchanged"],
            removed_cases=counts["removed"],
            finding_count=finding_count + len(self._findings),
        )
        self._findings = []

    def _finish_delivery(self, connection: Connection, *, refused: bool) -> None:
        status = "refused" if refused else "taken"
        self._row = msgspec.structs.replace(
            self._row, delivery_status=status, completed=1.0, spool=None, worker=None, completed_at=format_rfc3339(now())
        )
        if not deliveries.finish(connection, self._row):
            raise LeaseLost("The delivery was taken over.")

    def _append_source_received(self, connection: Connection, organization_id: str) -> None:
        changed = self._merger.changed_by_organization[organization_id]
        deliveries.upsert_organization(connection, self._row.delivery, organization_id, changed)
        event = SourceReceived(
            delivery_id=format_delivery_id(self._row.delivery),
            organization_id=organization_id,
            changed_cases=changed,
            received_at=self._row.received_at,
        )
        record(connection, event)

    def _list_organization(self, connection: Connection, listing: OrganizationListing) -> list[Finding]:
        """Names an organisation; an id given never changes (`domain.md` 3.1, 3.2). Returns what is wrong with the line."""
        known = organizations.organization_by_number(connection, listing.organisasjonsnummer, listing.bydelsnummer)
        if known is None and organizations.organization(connection, listing.organization_id) is not None:
            return [FindingCode.CSV_ORGANIZATION_TAKEN.finding(listing.file, listing.line, "organization_id")]
        organization_id = known.organization_id if known else listing.organization_id
        self._listed_ids.add(organization_id)
        row = OrganizationRow(organization_id, listing.organization_name, listing.organisasjonsnummer, listing.bydelsnummer, 1)
        if row != known:
            organizations.upsert_organization(connection, row)
            reconcile(connection, self._report_config, organization_id)
        return []

    def _store_figures(self, connection: Connection) -> set[str]:
        """Figures of known organisations, for fields that no case gives (`domain.md` 6.1); returns whose changed."""
        changed_ids: set[str] = set()
        catalogue = self._report_config.catalogue
        for figure in self._figures:
            if organizations.organization(connection, figure.organization_id) is None:
                self.add_findings([FindingCode.CSV_UNKNOWN_ORGANIZATION.finding(figure.file, figure.line, "organization_id")])
                continue
            if figure.field_key not in catalogue or catalogue.field(figure.field_key).computed:
                self.add_findings([FindingCode.CSV_FIELD.finding(figure.file, figure.line, "field_key")])
                continue
            self._listed_ids.add(figure.organization_id)
            value = None if figure.value is None else one_decimal(figure.value)
            if figures.set_figure(connection, figure.organization_id, figure.period_id, figure.field_key, value, figure.data_source):
                changed_ids.add(figure.organization_id)
        return changed_ids
