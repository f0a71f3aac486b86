"""Organisations: who delivers, and how the API and the dashboard list them, with what is held of each."""

import msgspec

from preview.core.clock import parse_instant, timestamp
from preview.model.case_records import Avgiver
from preview.model.resources import OrganizationDocument, SourceDocument
from preview.storage import events, organizations
from preview.storage.database import Connection, Database
from preview.storage.organizations import KildeRow, OrganizationRow


class Listed(msgspec.Struct, frozen=True):
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

        def work(connection: Connection) -> tuple[list[OrganizationDocument], int, int]:
            rows = organizations.organizations(connection, limit, (page - 1) * limit)
            told = [_document(connection, row) for row in rows]
            return told, organizations.organization_count(connection), events.newest(connection)

        return self._database.read(work)

    def all(self) -> list[Listed]:
        """Every organisation, by name."""
        return self._database.read(lambda connection: [Listed(*row) for row in organizations.listed(connection)])


def organization_of(connection: Connection, avgiver: Avgiver) -> str:
    """The organisation that delivers, made where it is neither listed nor known (`domain.md` 3.2), by its number where its Kommunenummer is unknown."""
    known = organizations.organization_by_number(connection, avgiver.organisasjonsnummer, avgiver.bydelsnummer)
    if known is not None:
        return known.organization_id
    organization_id = "-".join(filter(None, ("org", avgiver.kommunenummer or avgiver.organisasjonsnummer, avgiver.bydelsnummer)))
    while organizations.organization(connection, organization_id) is not None:
        organization_id += f"-{avgiver.organisasjonsnummer}"
    name = " ".join(filter(None, ("Barnevernstjenesten", avgiver.kommunenavn, avgiver.bydelsnavn)))
    organizations.put_organization(connection, OrganizationRow(organization_id, name, avgiver.organisasjonsnummer, avgiver.bydelsnummer, 0))
    return organization_id


def sources_of(connection: Connection, organization_id: str) -> list[SourceDocument]:
    """What is held of it, by format and year."""
    counts = organizations.case_counts(connection, organization_id)
    return [_source(kilde, counts.get(kilde.kilde, 0)) for kilde in organizations.kilder(connection, organization_id)]


def _document(connection: Connection, row: OrganizationRow) -> OrganizationDocument:
    return OrganizationDocument(
        organization_id=row.organization_id,
        organization_name=row.organization_name,
        organisasjonsnummer=row.organisasjonsnummer,
        bydelsnummer=row.bydelsnummer or None,
        listed=bool(row.listed),
        sources=sources_of(connection, row.organization_id),
    )


def _source(row: KildeRow, case_count: int) -> SourceDocument:
    return SourceDocument(
        format=row.format,  # pyright: ignore[reportArgumentType]  (the column's CHECK)
        year=row.aar or None,
        case_system=row.fagsystem,
        first_extract_at=timestamp(parse_instant(row.forste_uttrekk)),
        last_extract_at=timestamp(parse_instant(row.siste_uttrekk)),
        case_count=case_count,
    )
