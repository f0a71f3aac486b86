"""Replaces the cases of one organisation number and year by those of a KOSTRA 15F file, in all its bydeler (rule 2.3,
docs/domain.md).

The cases in such a file have no id, so they are compared with the stored ones by content: equal cases stay, the others
are deleted and inserted. A bydel that the later file does not contain has no source for that year any more: 34 zeros
would state what nobody has reported.
"""

from datetime import datetime

from preview.core.clock import OSLO, sortable_timestamp
from preview.ingest.case_merge import CaseMerger
from preview.model.case_records import AnnualFile, Individ
from preview.model.findings import FindingCode
from preview.reports.organizations import get_or_create_organization
from preview.storage import cases, organizations
from preview.storage.database import Connection
from preview.storage.organizations import AnnualSourceRow


class AnnualFileImporter:
    """Imports the 15F files of one delivery. Counts and findings are added to those of the delivery's `CaseMerger`."""

    def __init__(self, merger: CaseMerger) -> None:
        self._merger = merger

    def import_files(self, connection: Connection, annual_files: list[AnnualFile]) -> set[str]:
        """Replace the stored year of each file.

        Args:
            connection: The caller's write transaction.
            annual_files: The files, in order of reading.

        Returns:
            Ids of the organisations whose source this delivery changes for the first time.
        """
        newly_locked: set[str] = set()
        for annual_file in annual_files:
            if annual_file.file > self._merger.completed_files:  # The others were committed by an earlier claim.
                newly_locked |= self._import_file(connection, annual_file)
        return newly_locked

    def _import_file(self, connection: Connection, annual_file: AnnualFile) -> set[str]:
        individer_by_bydel = {part.avgiver.bydelsnummer: part.individer for part in annual_file.parts}
        sources_by_bydel = organizations.annual_sources(connection, annual_file.organisasjonsnummer, annual_file.year)
        # Deliveries can be read in parallel: the one with the higher number counts as the later one.
        if any((row.delivery or 0) > self._merger.delivery for row in sources_by_bydel.values()):
            self._merger.findings.append(
                FindingCode.EARLIER_FILE.finding(annual_file.file, annual_file.line, "Barnevern")
            )
            self._merger.counts["unchanged"] += sum(map(len, individer_by_bydel.values()))
            return set()
        for part in annual_file.parts:
            organization_id = get_or_create_organization(connection, part.avgiver)
            organizations.get_or_create_source(connection, organization_id, "15f", annual_file.year)
            if part.avgiver.kommunenummer:
                organizations.upsert_kommune(
                    connection, organization_id, part.avgiver.kommunenummer, part.avgiver.kommunenavn
                )
        sources_by_bydel = organizations.annual_sources(connection, annual_file.organisasjonsnummer, annual_file.year)
        return {
            row.organization_id
            for bydel, row in sources_by_bydel.items()
            if self._replace_bydel(connection, row, annual_file, individer_by_bydel.get(bydel, []))
        }

    def _replace_bydel(
        self, connection: Connection, row: AnnualSourceRow, annual_file: AnnualFile, individer: list[Individ]
    ) -> bool:
        """Replace the cases of one bydel; return True if this delivery changes its source for the first time."""
        unmatched = cases.saker_by_content_hash(connection, row.source)
        if not individer and not unmatched:  # An earlier file has emptied it.
            return False
        added: list[Individ] = []
        for individ in individer:
            if matching := unmatched.get(individ.content_hash):
                matching.pop()
            else:
                added.append(individ)
        removed = [sak for matching in unmatched.values() for sak in matching]
        extract_at = sortable_timestamp(datetime(annual_file.year, 12, 31, 23, 59, 59, tzinfo=OSLO))
        cases.delete_saker(connection, row.source, removed)
        cases.insert_saker(
            connection, row.source, extract_at, [(individ.content, individ.content_hash) for individ in added]
        )
        organizations.set_extract_times(connection, row.source, extract_at, extract_at, "")
        organizations.set_annual_file(connection, row.source, self._merger.delivery, annual_file.finding_count)
        self._update_counts(row.organization_id, len(individer), len(added), len(removed))
        if not added and not removed and annual_file.finding_count == row.findings:
            return False
        return organizations.lock_for_import(connection, row.source, self._merger.delivery)

    def _update_counts(self, organization_id: str, total: int, added: int, removed: int) -> None:
        """Count a deleted and an inserted case as one changed case: the lowest number of changes that explains both
        files.
        """
        changed = min(added, removed)
        self._merger.counts.update(
            new=added - changed, changed=changed, removed=removed - changed, unchanged=total - added
        )
        self._merger.changed_by_organization[organization_id] += max(added, removed)
