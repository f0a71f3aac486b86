"""Reads the deliveries page: deliveries that a search leaves, with the first places of each kind of finding."""

from typing import Literal

import msgspec

from preview.core.ids import format_delivery_id, parse_delivery_id
from preview.i18n.name_search import matches_search, search_text
from preview.ingest.delivery_view import DeliveryView, FindingCount, FindingPlace, sort_by_severity, to_view
from preview.model.findings import Finding
from preview.storage import deliveries, organizations
from preview.storage.database import Connection, Database
from preview.storage.searches import deliveries as search
from preview.storage.searches.deliveries import DeliveryConditions, SearchedDeliveries, SeverityFilter

DELIVERIES_PER_PAGE = 25
MAX_EXPORTED_FINDINGS = 50_000
"""The findings of the newest deliveries are exported; a narrower search leads to the others."""
_PLACES_PER_CODE = 3
_PLACES_PER_CODE_OF_ONE = 1000

DeliveryStatus = Literal["received", "reading", "taken", "refused"]


class DeliverySearch(msgspec.Struct, frozen=True):
    """What deliveries are searched for. All that is given must hold.

    Attributes:
        q: Terms that must all occur in the name, numbers or municipalities of a service in the delivery; or the id of a
            delivery.
        organization_id: A service that is in the delivery.
        delivery_id: The delivery itself.
        status: Its status.
        severity: The severity of a finding in it; `none` for imported deliveries without any finding.
        code: The code of a stored finding in it.
        held: `v4`, or the year of a 15F file: files of it are held in that source of the service, and have faults. Only
            these faults are shown: those that the rule `funn` counts.
        page: The number of the page, from 1.
    """

    q: str = ""
    organization_id: str = ""
    delivery_id: str = ""
    status: DeliveryStatus | None = None
    severity: SeverityFilter | None = None
    code: str = ""
    held: str = ""
    page: int = 1


class DeliveryPage(msgspec.Struct, frozen=True):
    """One page of the deliveries that a search leaves, newest first.

    Attributes:
        search: The search. Its page is the last one if there are not as many.
        deliveries: The deliveries. Their findings are those of the search's severity and code.
        total: The number of deliveries on all pages.
        page_count: The number of pages, at least 1.
        codes: The codes that stored findings of any delivery have.
        organization_name: The name of the search's service; empty without one.
        is_store_empty: Whether there is no delivery at all.
        unplaced: Faults of the held files whose delivery is not known, so that they are not listed.
    """

    search: DeliverySearch
    deliveries: list[DeliveryView]
    total: int
    page_count: int
    codes: list[str]
    organization_name: str
    is_store_empty: bool
    unplaced: int = 0


class ExportedFinding(msgspec.Struct, frozen=True):
    """A finding with the delivery that it was made in.

    Attributes:
        services: The names of the services in the delivery.
    """

    delivery_id: str
    received_at: str
    services: list[str]
    finding: Finding


class DeliveryQuery:
    """Read access for the deliveries page. All methods block: call them on a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: DeliverySearch) -> DeliveryPage:
        """Return one page of the deliveries that a search leaves."""
        return self._database.read(lambda connection: _read_page(connection, wanted))

    def findings(self, wanted: DeliverySearch) -> tuple[list[ExportedFinding], bool]:
        """Return the findings of all deliveries that a search leaves, newest delivery first.

        Returns:
            The findings of the search's severity and code, at most `MAX_EXPORTED_FINDINGS`; and whether these are all.
        """
        return self._database.read(lambda connection: _read_findings(connection, wanted))


def _read_page(connection: Connection, wanted: DeliverySearch) -> DeliveryPage:
    conditions = _conditions(connection, wanted)
    total = search.count(connection, conditions)
    page_count = max(1, -(-total // DELIVERIES_PER_PAGE))
    wanted = msgspec.structs.replace(wanted, page=min(wanted.page, page_count))
    rows = search.page(connection, conditions, DELIVERIES_PER_PAGE, (wanted.page - 1) * DELIVERIES_PER_PAGE)
    limit = _PLACES_PER_CODE_OF_ONE if wanted.delivery_id else _PLACES_PER_CODE
    organization = organizations.organization(connection, wanted.organization_id) if wanted.organization_id else None
    return DeliveryPage(
        search=wanted,
        deliveries=[
            to_view(connection, row, _finding_counts(connection, row.delivery, conditions, limit)) for row in rows
        ],
        total=total,
        page_count=page_count,
        codes=search.codes(connection),
        organization_name=organization.organization_name if organization else wanted.organization_id,
        is_store_empty=total == 0 and search.is_empty(connection),
        unplaced=search.held_without_place(connection, conditions.held_source) if conditions.held_source else 0,
    )


def _read_findings(connection: Connection, wanted: DeliverySearch) -> tuple[list[ExportedFinding], bool]:
    rows = search.matching_findings(connection, _conditions(connection, wanted), MAX_EXPORTED_FINDINGS + 1)
    services = {
        number: [name for _, name in deliveries.organization_names(connection, number)]
        for number in dict.fromkeys(number for number, _, _ in rows)
    }
    found = [
        ExportedFinding(format_delivery_id(number), received_at, services[number], finding)
        for number, received_at, finding in rows[:MAX_EXPORTED_FINDINGS]
    ]
    return found, len(rows) == len(found)


def _conditions(connection: Connection, wanted: DeliverySearch) -> DeliveryConditions:
    return DeliveryConditions(
        # No delivery has the number 0.
        number=(parse_delivery_id(wanted.delivery_id) or 0) if wanted.delivery_id else None,
        organization_id=wanted.organization_id or None,
        searched=_search_services(connection, wanted.q) if wanted.q.strip() else None,
        status=wanted.status,
        severity=wanted.severity,
        code=wanted.code or None,
        held_source=_held_source(connection, wanted) if wanted.held else None,
    )


def _held_source(connection: Connection, wanted: DeliverySearch) -> int:
    """Return the number of the source whose held files are searched; 0, which none has, if there is none."""
    year = int(wanted.held) if wanted.held.isdecimal() else 0
    rows = organizations.sources(connection, wanted.organization_id)
    return next((row.source for row in rows if row.year == year and (row.format == "v4") == (year == 0)), 0)


def _search_services(connection: Connection, q: str) -> SearchedDeliveries:
    """Return the services that search terms find, and the delivery whose id they are."""
    options = organizations.list_options(connection)
    services = [
        organization_id
        for organization_id, name, number, _, kommuner in options
        if matches_search(search_text(name, kommuner, number, organization_id), q)
    ]
    # What all names begin with finds all services: the deliveries need not be collected by service then.
    return SearchedDeliveries(None if len(services) == len(options) else services, parse_delivery_id(q.strip().lower()))


def _finding_counts(
    connection: Connection, number: int, conditions: DeliveryConditions, limit: int
) -> list[FindingCount]:
    """Return the findings of a delivery that satisfy the conditions, by code, most severe first."""
    by_code: dict[tuple[str, str], list[search.FindingPlaceRow]] = {}
    for row in search.first_places(connection, number, conditions, limit):
        by_code.setdefault((row.finding.severity, row.finding.code), []).append(row)
    return sort_by_severity(
        FindingCount(
            severity=str(severity),
            code=code,
            count=rows[0].total,
            file=rows[0].finding.file,
            line=rows[0].finding.line,
            places=tuple(FindingPlace(row.finding.file, row.finding.line, row.finding.element) for row in rows),
        )
        for (severity, code), rows in by_code.items()
    )
