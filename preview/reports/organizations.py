"""Organisations: who delivers, and how the API and the dashboard list them, with what is held of each."""

import msgspec

from preview.core.clock import format_rfc3339, parse_timestamp
from preview.model.case_records import Avgiver
from preview.model.resources import OrganizationDocument, SourceDocument
from preview.storage import events, organizations
from preview.storage.database import Connection, Database
from preview.storage.organizations import OrganizationRow, SourceRow


class OrganizationOption(msgspec.Struct, frozen=True):
    """An organisation to choose: who it is, and the period of its newest snapshot, None without one."""

    organization_id: str
    organization_name: str
    number: str
    newest_period_id: str | None


class Organizations:
    """All methods block: call them on a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, page: int, limit: int) -> tuple[list[OrganizationDocument], int, int]:
        """(a page from 1, by id; how many there are; place in the event log)."""

        def load_page(connection: Connection) -> tuple[list[OrganizationDocument], int, int]:
            rows = organizations.organizations(connection, limit, (page - 1) * limit)
            documents = [_organization_document(connection, row) for row in rows]
            return documents, organizations.organization_count(connection), events.last_event_id(connection)

        return self._database.read(load_page)

    def list_options(self) -> list[OrganizationOption]:
        """Every organisation, by name."""
        return self._database.read(lambda connection: [OrganizationOption(*row) for row in organizations.list_options(connection)])


def get_or_create_organization(connection: Connection, avgiver: Avgiver) -> str:
    """The organisation that delivers, made where it is neither listed nor known (`domain.md` 3.2), by its number where its Kommunenummer is unknown."""
    existing = organizations.organization_by_number(connection, avgiver.organisasjonsnummer, avgiver.bydelsnummer)
    if existing is not None:
        return existing.organization_id
    organization_id = "-".join(filter(None, ("org", avgiver.kommunenummer or avgiver.organisasjonsnummer, avgiver.bydelsnummer)))
    while organizations.organization(connection, organization_id) is not None:
        organization_id += f"-{avgiver.organisasjonsnummer}"
    name = " ".join(filter(None, ("Barnevernstjenesten", avgiver.kommunenavn, avgiver.bydelsnavn)))
    organizations.upsert_organization(
        connection, OrganizationRow(organization_id, name, avgiver.organisasjonsnummer, avgiver.bydelsnummer, 0)
    )
    return organization_id


def list_sources(connection: Connection, organization_id: str) -> list[SourceDocument]:
    """What is held of it, by format and year."""
    counts = organizations.case_counts(connection, organization_id)
    return [_source_document(row, counts.get(row.source, 0)) for row in organizations.sources(connection, organization_id)]


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
