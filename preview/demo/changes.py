"""A case system that goes on working: one running case of a demo service after the other gets a melding, which is then concluded."""

from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from random import Random

from preview.clock import OSLO
from preview.demo import codes
from preview.demo.days import APEN
from preview.demo.folder import Extract, folder
from preview.demo.identities import stream, uuid
from preview.demo.lives import Life, Melding, Undersokelse
from preview.demo.register import SEED, horizon
from preview.demo.sendings import held
from preview.demo.services import Service, services


def next_folder(organization_id: str, today: date, step: int, at: datetime, *, received: date | None = None, seed: int = SEED) -> bytes:
    """The next delivery of one case of that service, as XML with DatoUttrekk `at` (aware, later than the service's last extract).

    Even steps: the next running case gets a melding on the day `at`. Odd steps: the melding of the step before is concluded on the day
    `at`; it was received on `received`, the same day where not given. Some lead to an undersokelse. Once all running cases had their
    turn the first gets a further one, its earlier ones standing as received and concluded on that same day. No ForrigeId.
    Raises `KeyError` for an organisation that does not deliver.
    """
    service, running = _running(organization_id, today, seed)
    turn, nr = divmod(step // 2, len(running))
    day = at.astimezone(OSLO).toordinal()
    mottatt = received.toordinal() if received and step % 2 else day
    life = running[nr]
    for earlier in range(turn + 1):
        konkludert = mottatt if earlier < turn else day if step % 2 else APEN
        life = _with_melding(life, mottatt, konkludert, stream(seed, life.sak, earlier))
    rng = stream(seed, life.sak, step, at.isoformat())
    return folder(service, life, Extract(uuid(rng), None, at.isoformat(), day, service.case_system(at.year))).encode()


@lru_cache(maxsize=4)
def _running(organization_id: str, today: date, seed: int) -> tuple[Service, list[Life]]:
    """The service and its cases that run on, as they were last sent: what the simulation has ahead of them is left out."""
    service = {service.organization_id: service for service in services(today)}[organization_id]
    until = horizon(service)
    return service, [_as_known(sending.life, until) for sending in held(service, seed) if sending.life.slutt > until]


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
