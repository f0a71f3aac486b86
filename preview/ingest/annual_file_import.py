"""Replacing: a 15F file in place of what was held of the same organisation number and year, in all its bydeler (`domain.md` 2.3).

The children in such a file have no id to know them by, so what is held is compared by content: equal cases stay, the others go and come.
Of a bydel that the later file does not tell of nothing is held any more. It has no source of that year then: 34 zeros would say what
nobody has reported.
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
    """What the 15F files of one delivery do; it is counted with what the `Fold` of that delivery does."""

    def __init__(self, merger: CaseMerger) -> None:
        self._merger = merger

    def import_files(self, connection: Connection, annual_files: list[AnnualFile]) -> set[str]:
        """Replaces a year by each file, whole; returns the organisations whose source was changed by this delivery for the first time."""
        newly_locked: set[str] = set()
        for annual_file in annual_files:
            if annual_file.file > self._merger.completed_files:  # else an earlier claim of the delivery has taken it
                newly_locked |= self._import_file(connection, annual_file)
        return newly_locked

    def _import_file(self, connection: Connection, annual_file: AnnualFile) -> set[str]:
        individer_by_bydel = {part.avgiver.bydelsnummer: part.individer for part in annual_file.parts}
        sources_by_bydel = organizations.annual_sources(connection, annual_file.organisasjonsnummer, annual_file.year)
        if any((row.delivery or 0) > self._merger.delivery for row in sources_by_bydel.values()):  # deliveries may be read side by side
            self._merger.findings.append(FindingCode.EARLIER_FILE.finding(annual_file.file, annual_file.line, "Barnevern"))
            self._merger.counts["unchanged"] += sum(map(len, individer_by_bydel.values()))
            return set()
        for part in annual_file.parts:
            organization_id = get_or_create_organization(connection, part.avgiver)
            organizations.get_or_create_source(connection, organization_id, "15f", annual_file.year)
            if part.avgiver.kommunenummer:
                organizations.upsert_kommune(connection, organization_id, part.avgiver.kommunenummer, part.avgiver.kommunenavn)
        sources_by_bydel = organizations.annual_sources(connection, annual_file.organisasjonsnummer, annual_file.year)
        return {
            row.organization_id
            for bydel, row in sources_by_bydel.items()
            if self._replace_bydel(connection, row, annual_file, individer_by_bydel.get(bydel, []))
        }

    def _replace_bydel(self, connection: Connection, row: AnnualSourceRow, annual_file: AnnualFile, individer: list[Individ]) -> bool:
        """The cases of one bydel; True where its source is being read from now on."""
        unmatched = cases.saker_by_content_hash(connection, row.source)
        if not individer and not unmatched:  # emptied before
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
        cases.insert_saker(connection, row.source, extract_at, [(individ.content, individ.content_hash) for individ in added])
        organizations.set_extract_times(connection, row.source, extract_at, extract_at, "")
        organizations.set_annual_file(connection, row.source, self._merger.delivery, annual_file.finding_count)
        self._update_counts(row.organization_id, len(individer), len(added), len(removed))
        if not added and not removed and annual_file.finding_count == row.findings:
            return False
        return organizations.lock_for_import(connection, row.source, self._merger.delivery)

    def _update_counts(self, organization_id: str, total: int, added: int, removed: int) -> None:
        """As few as it can have been: who has come in place of another has changed."""
        changed = min(added, removed)
        self._merger.counts.update(new=added - changed, changed=changed, removed=removed - changed, unchanged=total - added)
        self._merger.changed_by_organization[organization_id] += max(added, removed)
