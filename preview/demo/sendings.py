"""When each case is sent: what a case system would have extracted, and which folders of it, in the order of DatoUttrekk."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from preview.core.clock import OSLO
from preview.demo.days import day, year_of
from preview.demo.faults import spoil
from preview.demo.folder import Extract, folder, tombstone
from preview.demo.identities import stream, uuid
from preview.demo.lives import Life
from preview.demo.register import SEED, horizon, lives
from preview.demo.services import Service


class Sending(NamedTuple):
    """One folder under way: extracted `at`; `deleted` where it takes the case out."""

    at: datetime
    life: Life
    extract: Extract
    deleted: bool = False

    def xml(self, service: Service) -> str:
        """The folder."""
        return (tombstone if self.deleted else folder)(service, self.life, self.extract)


def sendings(service: Service, seed: int = SEED) -> list[Sending]:
    """Every folder of the service, in the order of DatoUttrekk."""
    cases = lives(service, seed)
    if service.faulty:
        spoil(cases, service.years[-1] - 1)
    sent = [sending for life in cases for sending in _of_case(service, life, seed)]
    sent.sort(key=lambda sending: sending.at)
    sent[-1] = _sent_at(service, sent[-1], service.last)
    return sent


def full_sendings(service: Service, sent: list[Sending], seed: int = SEED) -> list[Sending]:
    """A full delivery after `sent` (`domain.md` 1.3): each case as it was last sent, but for every fiftieth, which the service has lost."""
    return [
        _sending(service, sending.life, service.last + timedelta(seconds=nr), stream(seed, sending.life.sak, "full"), sending)
        for nr, sending in enumerate(_held(sent), start=1)
        if nr % 50
    ]


def held(service: Service, seed: int = SEED) -> list[Sending]:
    """The last sending of each case that a receiver holds after all deliveries."""
    sent = sendings(service, seed)
    return full_sendings(service, sent, seed) if service.full else _held(sent)


def _held(sent: list[Sending]) -> list[Sending]:
    newest = {sending.life.journalnummer: sending for sending in sent}
    return [sending for sending in newest.values() if not sending.deleted]


def _of_case(service: Service, life: Life, seed: int) -> Iterator[Sending]:
    """The sendings of one case, oldest first. A migrated case has a new id, which names the old one (`domain.md` 1.4)."""
    rng = stream(seed, life.sak)
    previous: Sending | None = None
    for dag in _days(service, life, rng):
        if life.migrert is None and service.case_system(year_of(dag)) != service.case_system(service.year):
            life, previous = replace(life, sak=uuid(rng), migrert=life.sak), None
        previous = _sending(service, life, _moment(service, dag, rng), rng, previous)
        yield previous
    if previous and rng.random() < 0.003 and previous.extract.day < horizon(service) - 30:
        yield _sending(service, life, previous.at + timedelta(days=3), rng, previous)._replace(deleted=True)


def _days(service: Service, life: Life, rng: Random) -> list[int]:
    """The days on which the case is sent: after its last change, and for some after earlier ones.

    The first delivery tells of the cases that were running or have closed since the turn of its year; older ones are never sent.
    """
    first, last = service.first.toordinal(), service.last.astimezone(OSLO).toordinal()
    if life.slutt < day(service.first.year, 1, 1):
        return []
    changes = [dag for dag in life.changes(horizon(service)) if dag >= day(service.year, 1, 1)] or [life.start]
    newest = max(first, changes[-1] + rng.randrange(3))
    days = {last if newest > last - 10 else newest}
    if service.yearly:
        ends = (day(year, 12, 31) for year in range(service.first.year, year_of(last)))
        days.update(end for end in ends if end < newest and any(year_of(dag) == year_of(end) for dag in changes))
    elif rng.random() < service.again:
        days.update(max(first, dag) for dag in rng.sample(changes, min(len(changes), 2)) if max(first, dag) < newest)
    return sorted(days)


def _moment(service: Service, dag: int, rng: Random) -> datetime:
    """Working hours; a batch that ends at `service.last` on that day."""
    seconds = rng.randrange(1200)
    if dag >= service.last.astimezone(OSLO).toordinal():
        return service.last - timedelta(seconds=seconds)
    midnight = datetime.combine(date.fromordinal(dag), datetime.min.time(), OSLO)
    return midnight + timedelta(hours=22 if (midnight.month, midnight.day) == (12, 31) else rng.randrange(8, 21), seconds=seconds)


def _sending(service: Service, life: Life, at: datetime, rng: Random, previous: Sending | None) -> Sending:
    forrige = previous.extract.id if previous else None
    return _sent_at(service, Sending(at, life, Extract(uuid(rng), forrige, "", 0, "")), at)


def _sent_at(service: Service, sending: Sending, at: datetime) -> Sending:
    local = at.astimezone(OSLO)
    tells_of, fagsystem = min(local.toordinal(), horizon(service)), service.case_system(local.year)
    extract = sending.extract._replace(dato_uttrekk=local.isoformat(), day=tells_of, fagsystem=fagsystem)
    return sending._replace(at=at, extract=extract)
