"""A case system that goes on working: running cases of a demo service change, lawfully, and are sent anew.

What happens to a case comes in two steps. A running undersokelse is concluded with a decision on a tiltak, and that is started; or a
melding is received, and concluded, which may open an undersokelse.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from random import Random
from typing import NamedTuple

from preview.core.clock import OSLO
from preview.demo import codes
from preview.demo.days import APEN
from preview.demo.folder import Extract, folder
from preview.demo.identities import stream, uuid
from preview.demo.lives import Life, Melding, Tiltak, Undersokelse, Vedtak
from preview.demo.register import SEED, horizon
from preview.demo.sendings import held
from preview.demo.services import Service, services


class Turn(NamedTuple):
    """The days of the two steps of one thing that happened to a case; `then` is None until the second is done."""

    first: date
    then: date | None = None


def running_cases(organization_id: str, today: date, seed: int = SEED) -> int:
    """How many cases of that service can change. Raises `KeyError` for an organisation that does not deliver."""
    return len(_running(organization_id, today, seed)[1])


def changed_folder(organization_id: str, today: date, nr: int, turns: Sequence[Turn], at: datetime, seed: int = SEED) -> bytes:
    """A running case (`nr` from 0) of that service after these turns, oldest first, as XML with DatoUttrekk `at`.

    `today` is the day of the demo, `at` is aware, later than the service's last extract, and not before any day of the turns.
    No ForrigeId. Raises `KeyError` for an organisation that does not deliver.
    """
    service, running = _running(organization_id, today, seed)
    life = running[nr]
    for number, turn in enumerate(turns):
        life = _after(life, number, turn, stream(seed, life.sak, number))
    rng = stream(seed, life.sak, at.isoformat())
    day = at.astimezone(OSLO).toordinal()
    return folder(service, life, Extract(uuid(rng), None, at.isoformat(), day, service.case_system(at.year))).encode()


@lru_cache(maxsize=16)
def _running(organization_id: str, today: date, seed: int) -> tuple[Service, list[Life]]:
    """The service and its cases that run on, as they were last sent: what the simulation has ahead of them is left out."""
    service = {service.organization_id: service for service in services(today)}[organization_id]
    until = horizon(service)
    return service, [_as_known(sending.life, until) for sending in held(service, seed) if sending.life.slutt > until]


def _after(life: Life, number: int, turn: Turn, rng: Random) -> Life:
    first, then = turn.first.toordinal(), turn.then.toordinal() if turn.then else APEN
    running = next((each for each in life.undersokelser if each.slutt == APEN), None)
    if number == 0 and running is not None:
        return _with_tiltak(life, running, first, then, rng)
    return _with_melding(life, first, then, rng)


def _with_tiltak(life: Life, undersokelse: Undersokelse, konkludert: int, startet: int, rng: Random) -> Life:
    """The case with that undersokelse concluded by a decision on a hjelpetiltak, which is started; `life` itself stays as it is."""
    took_part = undersokelse.medvirkning and (min(undersokelse.medvirkning[0], konkludert), undersokelse.medvirkning[1])
    concluded = replace(undersokelse, slutt=konkludert, kode="1", medvirkning=took_part)
    vedtak = Vedtak(uuid(rng), konkludert, "hjelp")
    kategori = codes.hjemmetiltak(rng, (konkludert - life.fodt) / 365.25)
    tiltak = Tiltak(uuid(rng), startet, APEN, "hjelp", kategori, codes.saksinnhold(rng, konkludert)[0])
    relasjoner = [
        (uuid(rng), "Undersokelse", undersokelse.id, "Vedtak", vedtak.id, konkludert),
        (uuid(rng), "Vedtak", vedtak.id, "Tiltak", tiltak.id, startet),
    ]
    return replace(
        life,
        undersokelser=[concluded if each is undersokelse else each for each in life.undersokelser],
        vedtak=[*life.vedtak, vedtak],
        tiltak=[*life.tiltak, tiltak],
        relasjoner=[*life.relasjoner, *relasjoner],
    )


def _with_melding(life: Life, mottatt: int, konkludert: int, rng: Random) -> Life:
    """The case with a further melding; `life` itself stays as it is."""
    innhold = codes.saksinnhold(rng, mottatt)
    under_arbeid = any(undersokelse.slutt == APEN for undersokelse in life.undersokelser)
    har_tiltak = any(tiltak.slutt == APEN for tiltak in life.tiltak)
    henlagt = "3" if har_tiltak else codes.melding_henlagt(rng, konkludert)
    kode = "4" if under_arbeid else "2" if rng.random() < 0.5 else henlagt
    melding = Melding(uuid(rng), mottatt, konkludert, kode, codes.melder(rng, mottatt), innhold)
    life = replace(life, meldinger=[*life.meldinger, melding])
    if kode != "2" or konkludert == APEN:
        return life
    start = min(konkludert, mottatt + 7)
    undersokelse = Undersokelse(uuid(rng), start, APEN, "", innhold, melding)
    relasjon = (uuid(rng), "Melding", melding.id, "Undersokelse", undersokelse.id, start)
    return replace(life, undersokelser=[*life.undersokelser, undersokelse], relasjoner=[*life.relasjoner, relasjon])


def _as_known(life: Life, until: int) -> Life:
    """The case with what had happened by the day `until`, and nothing that ends later."""

    def end(slutt: int) -> int:
        return slutt if slutt <= until else APEN

    return replace(
        life,
        slutt=end(life.slutt),
        meldinger=[replace(m, slutt=end(m.slutt), slettet=end(m.slettet)) for m in life.meldinger if m.start <= until],
        undersokelser=[replace(u, slutt=end(u.slutt), utvidet=end(u.utvidet)) for u in life.undersokelser if u.start <= until],
        planer=[
            replace(p, slutt=end(p.slutt), evalueringer=[dag for dag in p.evalueringer if dag <= until])
            for p in life.planer
            if p.start <= until
        ],
        tiltak=[replace(t, slutt=end(t.slutt)) for t in life.tiltak if t.start <= until],
        vedtak=[v for v in life.vedtak if v.start <= until],
        ettervern=[e for e in life.ettervern if e.slutt <= until],
        oversendelser=[o for o in life.oversendelser if o.start <= until],
        flyttinger=[f for f in life.flyttinger if f.dag <= until],
        relasjoner=[r for r in life.relasjoner if r[5] <= until],
    )
