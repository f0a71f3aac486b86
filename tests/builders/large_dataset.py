"""Builds a store of four hundred services with reports for eight years: the largest that the overview is made for."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from preview.core.periods import Period
from preview.model.reviews import ReviewDocument
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.support import pipeline

SERVICES = 400
YEARS = tuple(str(year) for year in range(2017, 2025))
_PAGE_SIZE = 100
SYSTEMS = ("Acos", "CIS", "Familia")


def organization_id(number: int) -> str:
    """Return the id of the service with that number, from 0."""
    return f"org-{3000 + number}"


def folder(number: int, meldinger: int = 1, day: str = "2025-01-15") -> bytes:
    """Return the one case of a service as of a day, with a number of meldinger in each year.

    Every tenth service concludes its meldinger too late.
    """
    return case_xml.folder(
        case_xml.uid(number),
        uttrekk=f"{day}T12:00:00+01:00",
        fagsystem=SYSTEMS[number % len(SYSTEMS)],
        org=f"{900_000_000 + number}",
        kommune=f"{3000 + number}",
        kommunenavn=f"Kommune {number:03}",
        meldinger=[
            case_xml.melding(
                f"{year}-02-01",
                f"{year}-02-{20 if number % 10 == 0 else 5:02}",
                id=case_xml.uid(10_000 * number + 10 * year_index + nr),
            )
            for year_index, year in enumerate(YEARS)
            for nr in range(meldinger)
        ],
    )


def fill_store(data_dir: Path, services: int = SERVICES, years: Sequence[str] = YEARS) -> None:
    """Import one ZIP archive with a case of each service, and wait for the reports."""
    open_periods = tuple(Period.parse(year) for year in years)
    with pipeline.open_application(
        data_dir, auto_aggregate=True, auto_quiet_seconds=0.0, open_periods=open_periods
    ) as application:
        pipeline.deliver(application, *(folder(number) for number in range(services)))
        for number in range(services):  # one by one, so that each has the full time on a slow machine
            service = organization_id(number)
            pipeline.wait_until(partial(_is_complete, application, service, len(years)), service)


def decide_all(data_dir: Path) -> None:
    """Answer the warnings of every report, comment on it, and approve it where nothing else stands in the way."""
    with pipeline.open_application(data_dir, started=False) as application:
        query = application.reviews.query
        _, total, _ = query.page(None, None, None, 1, 1)
        for page in range(1, total // _PAGE_SIZE + 2):
            for review in query.page(None, None, None, page, _PAGE_SIZE)[0]:
                _decide(application, review)


def _decide(application: Application, review: ReviewDocument) -> None:
    report, reviews = (review.organization_id, review.period_id), application.reviews
    for each in review.blocking:
        if each.code == "warning" and each.rule and each.field_key:
            reviews.acknowledgements.acknowledge(*report, (each.rule, each.field_key), "Kontrollert.", "test")
    reviews.comments.add(*report, None, "Ser riktig ut.", "test")
    if {each.code for each in review.blocking} <= {"warning"}:
        etag = application.snapshots.get(review.snapshot_id).etag
        reviews.approvals.approve(*report, review.snapshot_id, etag, "test", is_named=True)


def _is_complete(application: Application, organization_id: str, reports: int) -> bool:
    summaries, _, _ = application.snapshots.page(organization_id, None, None, 1, 100)
    return sum(summary.aggregated_at is not None for summary in summaries) == reports
