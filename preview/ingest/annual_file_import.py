"""Replaces the cases of one organisation number and year by those of a KOSTRA 15F file, in all its bydeler (rule 2.3,
docs/domain.md).

The cases in such a file have no id, so they are compared with the stored ones by content, and counted as changed only
where they differ. The new cases of a bydel are prepared as a source of their own, which takes the place of the stored
one within a single short transaction. A bydel that the later file does not contain has no source for that year any
more: 34 zeros would state what nobody has reported.
"""

from collections import Counter
from datetime import datetime

import msgspec

from preview.core.clock import OSLO, sortable_timestamp
from preview.ingest.case_merge import CaseMerger
from preview.ingest.pieces import source_pieces, write_pieces
from preview.model.case_records import AnnualFile, BydelPart, Individ
from preview.model.findings import FindingCode
from preview.reports.organizations import get_or_create_organization
from preview.reports.reconcile import ReportConfig, reconcile
from preview.storage import cases, organizations
from preview.storage.database import Connection, Database
from preview.storage.deliveries import DeliveryRow
from preview.storage.organizations import AnnualSourceRow


class _PreparedBydel(msgspec.Struct, frozen=True):
    """The new state of one bydel.

    Attributes:
        row: The source to be replaced, as it was when this was prepared.
        prepared: The source with the new cases; None if the cases are the same.
        total: Number of cases in the file.
        added: Number of cases that are not stored.
        removed: Number of stored cases that are not in the file.
    """

    row: AnnualSourceRow
    prepared: int | None
    total: int
    added: int
    removed: int


class PreparedAnnualFile(msgspec.Struct, frozen=True):
    """A 15F file that can take effect; `bydeler` is None if the file of a later delivery is stored."""

    annual_file: AnnualFile
    bydeler: list[_PreparedBydel] | None


class AnnualFileImporter:
    """Imports the 15F files of one delivery. Counts and findings are added to those of the delivery's `CaseMerger`."""

    def __init__(self, database: Database, report_config: ReportConfig, row: DeliveryRow, merger: CaseMerger) -> None:
        self._database = database
        self._report_config = report_config
        self._row = row
        self._merger = merger

    def prepare(self, annual_file: AnnualFile) -> PreparedAnnualFile:
        """Prepare the cases of a file, in short transactions.

        Raises:
            LeaseLost: The delivery was claimed by another worker.
        """
        if self._is_superseded(self._database.read(lambda connection: _sources(connection, annual_file))):
            return PreparedAnnualFile(annual_file, None)
        self._create_sources(annual_file)
        individer_by_bydel = {part.avgiver.bydelsnummer: part.individer for part in annual_file.parts}
        bydeler: list[_PreparedBydel] = []
        for bydel, row in self._database.read(lambda connection: _sources(connection, annual_file)).items():
            individer = individer_by_bydel.get(bydel, [])
            counts = self._compare(row, individer)
            prepared = self._store(row, individer, annual_file) if any(counts) else None
            bydeler.append(_PreparedBydel(row, prepared, len(individer), *counts))
        self._lock([part for part in bydeler if self._changes_source(part, annual_file)])
        return PreparedAnnualFile(annual_file, bydeler)

    def take_effect(self, connection: Connection, file: PreparedAnnualFile) -> bool:
        """Replace the stored year by a prepared file.

        Args:
            connection: The caller's write transaction.
            file: What `prepare` returned.

        Returns:
            False if another delivery has changed the year since: the file must be prepared again.
        """
        annual_file = file.annual_file
        stored = _sources(connection, annual_file)
        if self._is_superseded(stored):
            # Deliveries can be read in parallel: the one with the higher number counts as the later one.
            self._abandon(connection, file)
            self._merger.findings.append(
                FindingCode.EARLIER_FILE.finding(annual_file.file, annual_file.line, "Barnevern")
            )
            self._merger.counts["unchanged"] += sum(len(part.individer) for part in annual_file.parts)
            return True
        if file.bydeler is None or list(stored.values()) != [part.row for part in file.bydeler]:
            self._abandon(connection, file)
            return False
        for part in file.bydeler:
            self._replace_bydel(connection, part, annual_file)
        return True

    def _is_superseded(self, sources_by_bydel: dict[str, AnnualSourceRow]) -> bool:
        return any((row.delivery or 0) > self._merger.delivery for row in sources_by_bydel.values())

    def _create_sources(self, annual_file: AnnualFile) -> None:
        parts = iter(annual_file.parts)

        def create_next(connection: Connection) -> bool:
            part = next(parts, None)
            if part is None:
                return False
            self._create_source(connection, part, annual_file.year)
            return True

        self._database.write_in_steps(create_next)

    def _create_source(self, connection: Connection, part: BydelPart, year: int) -> None:
        organization_id = get_or_create_organization(connection, part.avgiver)
        organizations.get_or_create_source(connection, organization_id, "15f", year)
        if part.avgiver.kommunenummer:
            organizations.upsert_kommune(
                connection, organization_id, part.avgiver.kommunenummer, part.avgiver.kommunenavn
            )

    def _compare(self, row: AnnualSourceRow, individer: list[Individ]) -> tuple[int, int]:
        """Return how many cases of a file are not stored, and how many stored ones are not in the file."""
        hashes = self._database.read(lambda connection: cases.saker_by_content_hash(connection, row.source))
        stored = Counter({content_hash: len(saker) for content_hash, saker in hashes.items()})
        delivered = Counter(individ.content_hash for individ in individer)
        return (delivered - stored).total(), (stored - delivered).total()

    def _store(self, row: AnnualSourceRow, individer: list[Individ], annual_file: AnnualFile) -> int:
        """Store the cases of a bydel as a source that no reader sees; return its number."""
        prepared = self._database.write(
            lambda connection: organizations.prepare_source(connection, row.organization_id, self._merger.delivery)
        )
        write_pieces(self._database, self._row, source_pieces(prepared, _extract_at(annual_file), individer))
        return prepared

    def _lock(self, changing: list[_PreparedBydel]) -> None:
        """Mark the sources that are about to change, and their reports as stale (rule S5)."""
        remaining = iter(changing)

        def lock_next(connection: Connection) -> bool:
            part = next(remaining, None)
            if part is None:
                return False
            if organizations.lock_for_import(connection, part.row.source, self._merger.delivery):
                reconcile(connection, self._report_config, part.row.organization_id)
            return True

        self._database.write_in_steps(lock_next)

    def _changes_source(self, part: _PreparedBydel, annual_file: AnnualFile) -> bool:
        if not part.total and not part.removed:  # An earlier file has emptied it.
            return False
        return part.prepared is not None or annual_file.finding_count != part.row.findings

    def _replace_bydel(self, connection: Connection, part: _PreparedBydel, annual_file: AnnualFile) -> None:
        if not part.total and not part.removed:
            return
        source = part.row.source
        if part.prepared is not None:
            organizations.replace_source(connection, source, part.prepared)
            source = part.prepared
        extract_at = _extract_at(annual_file)
        organizations.set_extract_times(connection, source, extract_at, extract_at, "")
        organizations.set_annual_file(
            connection, source, self._merger.delivery, annual_file.file, annual_file.finding_count
        )
        self._update_counts(part)

    def _update_counts(self, part: _PreparedBydel) -> None:
        """Count a deleted and an inserted case as one changed case: the lowest number of changes that explains both
        files.
        """
        changed = min(part.added, part.removed)
        self._merger.counts.update(
            new=part.added - changed,
            changed=changed,
            removed=part.removed - changed,
            unchanged=part.total - part.added,
        )
        self._merger.count_changed(part.row.organization_id, max(part.added, part.removed))

    def _abandon(self, connection: Connection, file: PreparedAnnualFile) -> None:
        for part in file.bydeler or ():
            if part.prepared is not None:
                organizations.abandon_source(connection, part.prepared)


def _sources(connection: Connection, annual_file: AnnualFile) -> dict[str, AnnualSourceRow]:
    return organizations.annual_sources(connection, annual_file.organisasjonsnummer, annual_file.year)


def _extract_at(annual_file: AnnualFile) -> str:
    return sortable_timestamp(datetime(annual_file.year, 12, 31, 23, 59, 59, tzinfo=OSLO))
