"""Create organisations at their first delivery, and list them with their sources (rules 3.1, 3.2; docs/domain.md)."""

import msgspec

from preview.core.clock import format_rfc3339, parse_timestamp
from preview.model.case_records import Avgiver
from preview.model.resources import OrganizationDocument, SourceDocument
from preview.storage import events, organizations
from preview.storage.database import Connection, Database
from preview.storage.organizations import OrganizationRow, SourceRow


class OrganizationOption(msgspec.Struct, frozen=True):
    """An organisation in a selection list.

    Attributes:
        organization_id: Its id.
        organization_name: Its name.
        number: Organisation number, with the number of the bydel if it has one.
        periods: The periods that it has a snapshot of.
        kommuner: Numbers and names of the municipalities that its deliveries name, for the search.
    """

    organization_id: str
    organization_name: str
    number: str
    periods: frozenset[str] = frozenset()
    kommuner: str = ""


class Organizations:
    """Read access to organisations. All methods block: call them on a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, page: int, limit: int) -> tuple[list[OrganizationDocument], int, int]:
        """Return one page of all organisations, ordered by id.

        Args:
            page: Page number from 1.
            limit: Items per page.

        Returns:
            The items of the page, the number of all organisations, and the log position that the answer reflects.
        """

        def load_page(connection: Connection) -> tuple[list[OrganizationDocument], int, int]:
            rows = organizations.organizations(connection, limit, (page - 1) * limit)
            documents = [_organization_document(connection, row) for row in rows]
            return documents, organizations.organization_count(connection), events.last_event_id(connection)

        return self._database.read(load_page)

    def list_options(self) -> list[OrganizationOption]:
        """Return every organisation, ordered by name."""
        return [
            OrganizationOption(organization_id, name, number, frozenset(periods.split()), kommuner)
            for organization_id, name, number, periods, kommuner in self._database.read(organizations.list_options)
        ]


def get_or_create_organization(connection: Connection, avgiver: Avgiver) -> str:
    """Return the id of the organisation that a file comes from. Create the organisation if it is unknown (rule 3.2).

    If the file's Kommunenummer is unknown, the new id is formed from the Organisasjonsnummer instead.
    """
    existing = organizations.organization_by_number(connection, avgiver.organisasjonsnummer, avgiver.bydelsnummer)
    if existing is not None:
        return existing.organization_id
    organization_id = "-".join(
        filter(None, ("org", avgiver.kommunenummer or avgiver.organisasjonsnummer, avgiver.bydelsnummer))
    )
    while organizations.organization(connection, organization_id) is not None:
        organization_id += f"-{avgiver.organisasjonsnummer}"
    name = " ".join(filter(None, ("Barnevernstjenesten", avgiver.kommunenavn, avgiver.bydelsnavn)))
    organizations.upsert_organization(
        connection, OrganizationRow(organization_id, name, avgiver.organisasjonsnummer, avgiver.bydelsnummer, 0)
    )
    return organization_id


def list_sources(connection: Connection, organization_id: str) -> list[SourceDocument]:
    """Return the sources of an organisation that have been read, ordered by format and year."""
    counts = organizations.case_counts(connection, organization_id)
    return [
        _source_document(row, counts.get(row.source, 0)) for row in organizations.sources(connection, organization_id)
    ]


def _organization_document(connection: Connection, row: OrganizationRow) -> OrganizationDocument:
    return OrganizationDocument(
        organization_id=row.organization_id,
        organization_name=row.organization_name,
        organisasjonsnummer=row.organisasjonsnummer,
        bydelsnummer=row.bydelsnummer or None,
        listed=bool(row.listed),
        sources=list_sources(connection, row.organization_id),
    )


def _source_document(row: SourceRow, case_count: int) -> SourceDocument:
    return SourceDocument(
        format=row.format,  # pyright: ignore[reportArgumentType]  (the column's CHECK)
        year=row.year or None,
        case_system=row.case_system,
        first_extract_at=format_rfc3339(parse_timestamp(row.first_extract_at)),
        last_extract_at=format_rfc3339(parse_timestamp(row.last_extract_at)),
        case_count=case_count,
    )
