"""A store with a service in every state of the overview, and changes to it while a server runs."""

import atexit
import itertools
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import msgspec

from preview.model.reviews import ReviewDocument
from preview.runtime.application import Application
from preview.storage.jobs import JobRow
from tests.builders import case_xml
from tests.support import pipeline

NO_AUTO_AGGREGATE = {"BUFDIR_PREVIEW_AUTO_AGGREGATE": "false"}
FIRST_EXTRACT, EXTRACT, LATER = "2022-06-01", "2025-01-15", "2025-01-20"
BEFORE_THE_END = "2024-08-15"
"""The last extract of a service whose report of 2024 is provisional."""
APPROVER = "Kari Nordmann"


@dataclass(frozen=True)
class SampleService:
    """A service with one case. `late` and `summed_wrong` give its report deviations; `number` is unique."""

    name: str
    number: int
    system: str = "CIS"
    late: bool = False
    summed_wrong: bool = False

    @property
    def organization_id(self) -> str:
        """The id that an unlisted organization gets."""
        return f"org-{self.number}"

    @property
    def full_name(self) -> str:
        """The name that an unlisted organization gets."""
        return f"Barnevernstjenesten {self.name}"

    @property
    def organisasjonsnummer(self) -> str:
        """The organization number, nine digits."""
        return f"{911_000_000 + self.number}"

    def folder(self, day: str = EXTRACT, meldinger: int = 1) -> bytes:
        """Return the case as of a day, with a number of meldinger in 2024."""
        conclusion = "2024-02-20" if self.late else "2024-02-05"
        return case_xml.folder(
            case_xml.uid(self.number),
            uttrekk=f"{day}T12:00:00+01:00",
            fagsystem=self.system,
            org=self.organisasjonsnummer,
            kommune=f"{self.number}",
            kommunenavn=self.name,
            meldinger=[
                case_xml.melding("2023-02-01", "2023-02-05", id=case_xml.uid(100 * self.number)),
                *(
                    case_xml.melding("2024-02-01", conclusion, id=case_xml.uid(100 * self.number + nr + 1))
                    for nr in range(meldinger)
                ),
            ],
            undersokelser=[
                case_xml.undersokelse("2024-02-20", "2024-04-01", None, id=case_xml.uid(100 * self.number + 50))
            ]
            if self.summed_wrong
            else [],
        )

    def listing(self) -> str:
        """Return the line of the service in an organizations file."""
        return f"{self.organization_id},{self.full_name},{self.organisasjonsnummer}"


ALTA = SampleService("Alta", 5601, "Acos")
BODO = SampleService("Bodø", 1804)
DRAMMEN = SampleService("Drammen", 3301, summed_wrong=True)
HAMAR = SampleService("Hamar", 3403, "Familia")
LOM = SampleService("Lom", 3434)
MOSS = SampleService("Moss", 3103, "Acos", late=True)
NESODDEN = SampleService("Nesodden", 3212)
OSLO_SOR = SampleService("Oslo Sør", 3015, late=True)
OSLO_VEST = SampleService("Oslo Vest", 3016)
TROMSO = SampleService("Tromsø", 5501)
VIK = SampleService("Vik", 4639)
AS = SampleService("Ås", 3218, "Familia")

_extra_meldinger = itertools.count(3)
"""The number of meldinger that Hamar has the next time that it becomes stale."""

READY = (ALTA, DRAMMEN, HAMAR, LOM, MOSS, NESODDEN, OSLO_SOR, OSLO_VEST, AS)
DELIVERED = (*READY, BODO, TROMSO)
ALL = (*DELIVERED, VIK)
DEFAULT_ORDER = (BODO, DRAMMEN, HAMAR, NESODDEN, MOSS, OSLO_SOR, ALTA, OSLO_VEST, LOM, TROMSO, VIK, AS)
"""The default order for 2024: failed, with errors, stale, changed, warnings, ready, provisional, waiting, silent,
approved.
"""
ORDER_WITHOUT_2023 = (BODO, DRAMMEN, HAMAR, NESODDEN, ALTA, MOSS, OSLO_SOR, OSLO_VEST, LOM, TROMSO, VIK, AS)
"""The default order for 2024 in a store without reports of 2023, which give Moss and Oslo Sør their warnings."""


def fill(data_dir: Path, periods: Sequence[str] = ("2023", "2024")) -> None:
    """Fill a new store with a report of 2024 in every state.

    Bodø has failed, Drammen has errors, Hamar is stale, Nesodden has changed after its approval, Moss and Oslo Sør have
    warnings, Alta and Oslo Vest are ready, Lom is provisional, Tromsø has no report, Vik has no data, Ås is approved.
    """
    shutil.copytree(_filled_store(tuple(periods)), data_dir, dirs_exist_ok=True)


@cache
def _filled_store(periods: tuple[str, ...]) -> Path:
    """Return the data folder that is copied."""
    folder = tempfile.mkdtemp(prefix="filled-store-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with pipeline.open_application(Path(folder)) as application:
        listing = "\n".join(
            ["organization_id,organization_name,organisasjonsnummer", *(service.listing() for service in ALL)]
        )
        pipeline.deliver(application, listing.encode())
        pipeline.deliver(
            application,
            *(service.folder(day) for service in DELIVERED for day in (FIRST_EXTRACT, _last_extract(service))),
        )
        _report(application, ALL, periods)
        for service in (AS, NESODDEN):
            approve(application, service)
        application.reviews.comments.add(AS.organization_id, "2024", None, "Ser riktig ut.", "kari")
        pipeline.deliver(application, NESODDEN.folder(LATER, meldinger=2))
        pipeline.aggregate(application, NESODDEN.organization_id, "2024", force=True)
    return Path(folder)


def approve(application: Application, service: SampleService) -> None:
    """Approve the report of 2024 as it is now, as a person who has typed the name `APPROVER`."""
    key = (service.organization_id, "2024")
    review, _ = application.reviews.query.get(*key)
    snapshot_id = msgspec.json.decode(review.body, type=ReviewDocument).snapshot_id
    etag = application.snapshots.get(snapshot_id).etag
    application.reviews.approvals.approve(*key, snapshot_id, etag, "dashboard", is_named=False, stated_name=APPROVER)


def _last_extract(service: SampleService) -> str:
    return BEFORE_THE_END if service is LOM else EXTRACT


@contextmanager
def restored(data_dir: Path) -> Generator[None]:
    """Undo what a block does to 2024, while a server runs: services without an event are as they were."""
    with open_second_application(data_dir) as application:
        start = application.event_log.last_event_id()
        yield
        changed = {event.organization_id for event in application.event_log.read_after(start)}
        for organization_id in changed - {service.organization_id for service in ALL}:
            application.eraser.erase(organization_id, "test")
        services = [service for service in ALL if service.organization_id in changed]
        for service in services:
            for summary in application.snapshots.page(service.organization_id, "2024", None, 1, 100)[0]:
                application.snapshots.delete(summary.snapshot_id, "test")
        _report(application, services, ["2024"])
        approvals = application.reviews.approvals
        for service in set(services) & set(READY) - {AS, NESODDEN}:
            if any(each.withdrawn_at is None for each in approvals.list(service.organization_id, "2024")):
                approvals.withdraw(service.organization_id, "2024", "En prøve.", "test")


def _report(application: Application, services: Sequence[SampleService], periods: Sequence[str]) -> None:
    for service in services:
        for period in periods if service in READY else ():
            pipeline.aggregate(application, service.organization_id, period)
    if BODO in services:
        application.jobs.fail(pipeline.start_job(application, BODO.organization_id, "2024"), "It failed.")
    if HAMAR in services:
        number = next(_extra_meldinger)
        day = date.fromisoformat(LATER) + timedelta(number)  # later than in any test before in this process
        pipeline.deliver(application, HAMAR.folder(day.isoformat(), meldinger=number))


@contextmanager
def open_second_application(data_dir: Path) -> Generator[Application]:
    """Open an application on the store of a running server, without workers."""
    with pipeline.open_application(data_dir, started=False) as application:
        yield application


def start_held_job(application: Application, service: SampleService, completed: float = 0.0) -> JobRow:
    """Start a job for 2024 that runs until the test ends it."""
    job = pipeline.start_job(application, service.organization_id, "2024")
    application.jobs.set_progress(job, completed)
    return job


def finish_job(application: Application, job: JobRow) -> None:
    """Aggregate and complete a job."""
    result = application.jobs.aggregate(job, lambda _: None)
    assert result is not None
    application.jobs.complete(job, result, 0.1)
