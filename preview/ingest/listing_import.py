"""Imports the list of organisations (rules 3.1 and 3.2, docs/domain.md)."""

from collections.abc import Iterable, Iterator

from preview.model.case_records import OrganizationListing
from preview.model.findings import Finding, FindingCode, FindingCollector
from preview.reports.reconcile import ReportConfig, reconcile
from preview.storage import organizations
from preview.storage.database import Connection
from preview.storage.organizations import OrganizationRow


class ListingImporter:
    """Creates or renames the organisations of the organisations files of one delivery, line by line.

    Attributes:
        imported_lines: Number of lines of each file that were imported, until they are taken out.
    """

    def __init__(self, report_config: ReportConfig) -> None:
        self._report_config = report_config
        self._listings: Iterator[OrganizationListing] = iter(())
        self._collectors: dict[int, FindingCollector] = {}
        self.imported_lines: dict[int, int] = {}

    def begin(self, listings: Iterable[OrganizationListing]) -> None:
        """Continue with these lines."""
        self._listings = iter(listings)

    def pop_findings(self) -> list[Finding]:
        """Return the findings since the last call: one for each line that was left out, as far as they are stored."""
        findings: list[Finding] = []
        for collector in self._collectors.values():
            findings += collector.findings
            collector.findings.clear()
        return findings

    def import_next(self, connection: Connection) -> str | None:
        """Import the next line and reconcile its organisation if it changed.

        An id never changes once it is assigned (rule 3.2). A line whose id belongs to another organisation number is
        left out.

        Returns:
            Its organisation, empty for a line that was left out; None if there is no further line.
        """
        listing = next(self._listings, None)
        if listing is None:
            return None
        known = organizations.organization_by_number(connection, listing.organisasjonsnummer, listing.bydelsnummer)
        if known is None and organizations.organization(connection, listing.organization_id) is not None:
            collector = self._collectors.setdefault(listing.file, FindingCollector(listing.file))
            collector.add(FindingCode.CSV_ORGANIZATION_TAKEN, listing.line, "organization_id")
            return ""
        self.imported_lines[listing.file] = self.imported_lines.get(listing.file, 0) + 1
        organization_id = known.organization_id if known else listing.organization_id
        number, bydel = listing.organisasjonsnummer, listing.bydelsnummer
        row = OrganizationRow(organization_id, listing.organization_name, number, bydel, 1)
        if row != known:
            organizations.upsert_organization(connection, row)
            reconcile(connection, self._report_config, organization_id)
        return organization_id
