"""Imports the list of organisations (rules 3.1 and 3.2, docs/domain.md)."""

from collections.abc import Iterable

from preview.model.case_records import OrganizationListing
from preview.model.findings import Finding, FindingCode
from preview.reports.reconcile import ReportConfig, reconcile
from preview.storage import organizations
from preview.storage.database import Connection
from preview.storage.organizations import OrganizationRow


class ListingImporter:
    """Creates or renames the organisations of an organisations file, line by line.

    Attributes:
        findings: One finding for each line that was left out.
    """

    def __init__(self, report_config: ReportConfig, listings: Iterable[OrganizationListing]) -> None:
        self._report_config = report_config
        self._listings = iter(listings)
        self.findings: list[Finding] = []

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
            self.findings.append(
                FindingCode.CSV_ORGANIZATION_TAKEN.finding(listing.file, listing.line, "organization_id")
            )
            return ""
        organization_id = known.organization_id if known else listing.organization_id
        number, bydel = listing.organisasjonsnummer, listing.bydelsnummer
        row = OrganizationRow(organization_id, listing.organization_name, number, bydel, 1)
        if row != known:
            organizations.upsert_organization(connection, row)
            reconcile(connection, self._report_config, organization_id)
        return organization_id
