"""Decides when each case is sent and generates its case files, in the order of DatoUttrekk."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from preview.core.clock import OSLO
from preview.demo.case_register import SEED, last_known_day, simulated_cases
from preview.demo.days import day, year_of
from preview.demo.fault_injection import inject_faults
from preview.demo.folder import Extract, folder_xml, tombstone_xml
from preview.demo.identities import random_uuid, seeded_random
from preview.demo.service_profiles import DemoService
from preview.demo.simulated_cases import SimulatedCase


class SentFolder(NamedTuple):
    """One case file that is sent, extracted at `extract_at`; `deleted` if it deletes the case."""

    extract_at: datetime
    case: SimulatedCase
    extract: Extract
    deleted: bool = False

    def xml(self, service: DemoService) -> str:
        """Return the case file."""
        return (tombstone_xml if self.deleted else folder_xml)(service, self.case, self.extract)


def sent_folders(service: DemoService, seed: int = SEED) -> list[SentFolder]:
    """Return every case file of the service, in the order of DatoUttrekk."""
    cases = simulated_cases(service, seed)
    if service.faulty:
        inject_faults(cases, service.years[0], service.years[-1] - 1)
    sent = [sent_folder for case in cases for sent_folder in _folders_of_case(service, case, seed)]
    sent.sort(key=lambda sent_folder: sent_folder.extract_at)
    sent[-1] = _with_extract_time(service, sent[-1], service.last)
    return sent


def full_delivery(service: DemoService, sent: list[SentFolder], seed: int = SEED) -> list[SentFolder]:
    """Return a full delivery after `sent` (rule 1.3, docs/domain.md): each case as it was last sent, without every
    fiftieth case.
    """
    return [
        _build_folder(
            service,
            sent_folder.case,
            service.last + timedelta(seconds=nr),
            seeded_random(seed, sent_folder.case.sak, "full"),
            sent_folder,
        )
        for nr, sent_folder in enumerate(_latest_by_case(sent), start=1)
        if nr % 50
    ]


def latest_folders(service: DemoService, seed: int = SEED) -> list[SentFolder]:
    """Return the last case file of each case that is stored after all deliveries."""
    sent = sent_folders(service, seed)
    return full_delivery(service, sent, seed) if service.full else _latest_by_case(sent)


def _latest_by_case(sent: list[SentFolder]) -> list[SentFolder]:
    newest = {sent_folder.case.journalnummer: sent_folder for sent_folder in sent}
    return [sent_folder for sent_folder in newest.values() if not sent_folder.deleted]


def _folders_of_case(service: DemoService, case: SimulatedCase, seed: int) -> Iterator[SentFolder]:
    """Yield the case files of one case, oldest first. A migrated case has a new id and names the old one (rule 1.4)."""
    rng = seeded_random(seed, case.sak)
    previous: SentFolder | None = None
    for dag in _sending_days(service, case, rng):
        if case.migrert is None and service.case_system(year_of(dag)) != service.case_system(service.year):
            case, previous = replace(case, sak=random_uuid(rng), migrert=case.sak), None
        previous = _build_folder(service, case, _sending_time(service, dag, rng), rng, previous)
        yield previous
    if previous and rng.random() < 0.003 and previous.extract.day < last_known_day(service) - 30:
        yield _build_folder(service, case, previous.extract_at + timedelta(days=3), rng, previous)._replace(
            deleted=True
        )


def _sending_days(service: DemoService, case: SimulatedCase, rng: Random) -> list[int]:
    """Return the days on which the case is sent: after its last change, and for some cases after earlier changes.

    Cases that were closed before the year of the first delivery are never sent.
    """
    first, last = service.first.toordinal(), service.last.astimezone(OSLO).toordinal()
    if case.slutt < day(service.first.year, 1, 1):
        return []
    changes = [dag for dag in case.change_days(last_known_day(service)) if dag >= day(service.year, 1, 1)] or [
        case.start
    ]
    newest = max(first, changes[-1] + rng.randrange(3))
    days = {last if newest > last - 10 else newest}
    if service.yearly:
        ends = (day(year, 12, 31) for year in range(service.first.year, year_of(last)))
        days.update(end for end in ends if end < newest and any(year_of(dag) == year_of(end) for dag in changes))
    elif rng.random() < service.resend_share:
        days.update(max(first, dag) for dag in rng.sample(changes, min(len(changes), 2)) if max(first, dag) < newest)
    return sorted(days)


def _sending_time(service: DemoService, dag: int, rng: Random) -> datetime:
    """Return a time during working hours; on the last day, a time shortly before `service.last`."""
    seconds = rng.randrange(1200)
    if dag >= service.last.astimezone(OSLO).toordinal():
        return service.last - timedelta(seconds=seconds)
    midnight = datetime.combine(date.fromordinal(dag), datetime.min.time(), OSLO)
    return midnight + timedelta(
        hours=22 if (midnight.month, midnight.day) == (12, 31) else rng.randrange(8, 21), seconds=seconds
    )


def _build_folder(
    service: DemoService, case: SimulatedCase, extract_at: datetime, rng: Random, previous: SentFolder | None
) -> SentFolder:
    forrige = previous.extract.id if previous else None
    return _with_extract_time(
        service, SentFolder(extract_at, case, Extract(random_uuid(rng), forrige, "", 0, "")), extract_at
    )


def _with_extract_time(service: DemoService, sent_folder: SentFolder, extract_at: datetime) -> SentFolder:
    local = extract_at.astimezone(OSLO)
    last_day, case_system = min(local.toordinal(), last_known_day(service)), service.case_system(local.year)
    extract = sent_folder.extract._replace(extract_at=local.isoformat(), day=last_day, case_system=case_system)
    return sent_folder._replace(extract_at=extract_at, extract=extract)
