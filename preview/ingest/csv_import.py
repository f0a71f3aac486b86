"""Imports the two CSV formats: the list of organisations and supplementary figures (rules 3.1, 3.2 and 6.1,
docs/domain.md).
"""

from collections.abc import Iterable

import msgspec

from preview.form.catalogue import Catalogue
from preview.form.numbers import one_decimal
from preview.model.case_records import OrganizationListing, SupplementaryFigure
from preview.model.findings import Finding, FindingCode
from preview.reports.reconcile import ReportConfig, reconcile
from preview.storage import figures, organizations
from preview.storage.database import Connection
from preview.storage.organizations import OrganizationRow


class CsvImportResult(msgspec.Struct, frozen=True):
    """Outcome of importing CSV lines.

    Attributes:
        organization_ids: Organisations that an accepted line names.
        changed_ids: Those of them whose supplementary figures changed.
        findings: One finding for each line that was left out.
    """

    organization_ids: set[str]
    changed_ids: set[str]
    findings: list[Finding]


def import_listings(
    connection: Connection, report_config: ReportConfig, listings: Iterable[OrganizationListing]
) -> CsvImportResult:
    """Create or rename the listed organisations and reconcile each that changed.

    An id never changes once it is assigned (rule 3.2). A line whose id belongs to another organisation number is left
    out.
    """
    organization_ids: set[str] = set()
    findings: list[Finding] = []
    for listing in listings:
        known = organizations.organization_by_number(connection, listing.organisasjonsnummer, listing.bydelsnummer)
        if known is None and organizations.organization(connection, listing.organization_id) is not None:
            findings.append(FindingCode.CSV_ORGANIZATION_TAKEN.finding(listing.file, listing.line, "organization_id"))
            continue
        organization_id = known.organization_id if known else listing.organization_id
        organization_ids.add(organization_id)
        number, bydel = listing.organisasjonsnummer, listing.bydelsnummer
        row = OrganizationRow(organization_id, listing.organization_name, number, bydel, 1)
        if row != known:
            organizations.upsert_organization(connection, row)
            reconcile(connection, report_config, organization_id)
    return CsvImportResult(organization_ids, set(), findings)


def import_figures(
    connection: Connection, catalogue: Catalogue, supplementary_figures: Iterable[SupplementaryFigure]
) -> CsvImportResult:
    """Store figures of known organisations for fields that are not computed (rule 6.1); an empty value removes one."""
    organization_ids: set[str] = set()
    changed_ids: set[str] = set()
    findings: list[Finding] = []
    for figure in supplementary_figures:
        if organizations.organization(connection, figure.organization_id) is None:
            findings.append(FindingCode.CSV_UNKNOWN_ORGANIZATION.finding(figure.file, figure.line, "organization_id"))
            continue
        if figure.field_key not in catalogue or catalogue.field(figure.field_key).computed:
            findings.append(FindingCode.CSV_FIELD.finding(figure.file, figure.line, "field_key"))
            continue
        organization_ids.add(figure.organization_id)
        value = None if figure.value is None else one_decimal(figure.value)
        if figures.set_figure(
            connection, figure.organization_id, figure.period_id, figure.field_key, value, figure.data_source
        ):
            changed_ids.add(figure.organization_id)
    return CsvImportResult(organization_ids, changed_ids, findings)
