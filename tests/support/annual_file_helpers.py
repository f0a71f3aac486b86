"""Builds the 15F files of a test service, and reads what their deliveries stored."""

from typing import Any

from preview.model.resources import DeliveryDocument, SourceDocument
from preview.runtime.application import Application
from tests.builders import kostra_xml
from tests.builders.kostra_xml import individ, melding
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, document, values

RECEIVED = "antall_meldinger_mottatt"


def arsfil(service: SampleService, *individer_: str, year: int = 2020, **more: Any) -> bytes:
    """Return a 15F file of the service."""
    return kostra_xml.annual_file(
        *individer_, org=service.organisasjonsnummer, kommune=service.kommune, year=year, **more
    )


def child(number: int, *days: str, **more: Any) -> str:
    """Return an Individ with unique numbers and a melding received on each of the days."""
    meldinger = [melding(day, day, "1", id=f"M{nr}") for nr, day in enumerate(days)]
    return individ(
        id=f"i{number}",
        Journalnummer=f"J{number}",
        fodselsnummer=f"158310{500 + number:03}12",
        meldinger=meldinger,
        **more,
    )


def counts(delivery: DeliveryDocument) -> tuple[int, int, int, int]:
    """Return the counts (new, changed, unchanged, removed) of a delivery."""
    assert delivery.delivery_status == "taken"
    return delivery.new_cases, delivery.changed_cases, delivery.unchanged_cases, delivery.removed_cases


def sources(application: Application, organization_id: str) -> list[SourceDocument]:
    """Return the sources of the organisation, as in the API."""
    rows, _, _ = application.organizations.page(1, 100_000)
    (found,) = (row.sources for row in rows if row.organization_id == organization_id)
    return found


def bydel(service: SampleService, number: str) -> str:
    """Return the id of the bydel's organisation."""
    return f"{service.organization_id}-{number}"


def received(application: Application, organization_id: str, period_id: str = "2020") -> object:
    """Aggregate a new snapshot and return its field no. 1."""
    return values(document(application, aggregate(application, organization_id, period_id, force=True).snapshot_id))[
        RECEIVED
    ]
