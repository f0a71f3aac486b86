"""Changes running cases of a demo service after its last extract, according to the law, and writes their case files.

An update has two steps. Either a running undersøkelse is concluded with a decision, and then the tiltak starts; or a
melding is received and then concluded, which can start an undersøkelse; or the case is corrected in the year before
(`late_corrections.py`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from random import Random
from typing import NamedTuple

from preview.core.clock import OSLO
from preview.demo import codes
from preview.demo.case_register import SEED, last_known_day
from preview.demo.days import APEN
from preview.demo.folder import Extract, folder_xml
from preview.demo.identities import random_uuid, seeded_random
from preview.demo.late_corrections import is_correctable, running_tiltak, with_correction
from preview.demo.sent_folders import latest_folders
from preview.demo.service_profiles import DemoService, demo_services
from preview.demo.simulated_cases import Melding, SimulatedCase, Tiltak, Undersokelse, Vedtak

CORRECTED_SERVICE = "org-5601"
"""The service that corrects the last year as soon as its report of that year is approved."""

_DELIVERED_CORRECTIONS = 3


class CaseUpdate(NamedTuple):
    """The days of the two steps of one update of a case; `second_day` is None until the second step.

    A correction is one of the year before `first_day`.
    """

    first_day: date
    second_day: date | None = None
    is_correction: bool = False


def count_running_cases(organization_id: str, today: date, seed: int = SEED) -> int:
    """Return how many cases of a service can change.

    Raises:
        KeyError: The organisation is no service that delivers.
    """
    return len(_running_cases(organization_id, today, seed)[1])


def correctable_cases(organization_id: str, today: date, seed: int = SEED) -> list[int]:
    """Return the ordinals of the running cases that can be corrected in the year before, first those in which the end
    of a tiltak can be registered afterwards.

    Raises:
        KeyError: The organisation is no service that delivers.
    """
    year, running = today.year - 1, _running_cases(organization_id, today, seed)[1]
    correctable = [number for number, case in enumerate(running) if is_correctable(case, year)]
    return sorted(correctable, key=lambda number: running_tiltak(running[number], year) is None)


def delivered_corrections(organization_id: str, today: date, seed: int = SEED) -> dict[int, CaseUpdate]:
    """Return the corrections that are part of the demo data, by the ordinal of the running case.

    Raises:
        KeyError: The organisation is no service that delivers.
    """
    if organization_id != CORRECTED_SERVICE:
        return {}
    corrected = correctable_cases(organization_id, today, seed)[:_DELIVERED_CORRECTIONS]
    return dict.fromkeys(corrected, CaseUpdate(today, today, is_correction=True))


def updated_folder(
    organization_id: str,
    today: date,
    case_index: int,
    updates: Sequence[CaseUpdate],
    extract_at: datetime,
    seed: int = SEED,
) -> bytes:
    """Return the case file of a running case after its updates, without ForrigeId.

    Args:
        organization_id: The service.
        today: The day that the demo data was generated for.
        case_index: Ordinal of the running case, from 0.
        updates: The updates, oldest first.
        extract_at: DatoUttrekk, with a zone; later than the service's last extract, and not before any update.
        seed: Seed of the demo data.

    Raises:
        KeyError: The organisation is no service that delivers.
    """
    service, running = _running_cases(organization_id, today, seed)
    case = running[case_index]
    for number, update in enumerate(updates):
        case = _apply_update(case, number, update, seeded_random(seed, case.sak, number))
    rng = seeded_random(seed, case.sak, extract_at.isoformat())
    day = extract_at.astimezone(OSLO).toordinal()
    return folder_xml(
        service,
        case,
        Extract(random_uuid(rng), None, extract_at.isoformat(), day, service.case_system(extract_at.year)),
    ).encode()


@lru_cache(maxsize=16)
def _running_cases(organization_id: str, today: date, seed: int) -> tuple[DemoService, list[SimulatedCase]]:
    """Return the service and its running cases as they were last sent, without what the simulation has planned for
    later.
    """
    service = {service.organization_id: service for service in demo_services(today)}[organization_id]
    last_day = last_known_day(service)
    return service, [
        _as_known_on(sent_folder.case, last_day)
        for sent_folder in latest_folders(service, seed)
        if sent_folder.case.slutt > last_day
    ]


def _apply_update(case: SimulatedCase, number: int, update: CaseUpdate, rng: Random) -> SimulatedCase:
    if update.is_correction:
        return with_correction(case, update.first_day.year - 1, rng, is_finished=update.second_day is not None)
    first_day, second_day = update.first_day.toordinal(), update.second_day.toordinal() if update.second_day else APEN
    running = next((undersokelse for undersokelse in case.undersokelser if undersokelse.slutt == APEN), None)
    if number == 0 and running is not None:
        return _with_tiltak(case, running, first_day, second_day, rng)
    return _with_melding(case, first_day, second_day, rng)


def _with_tiltak(
    case: SimulatedCase, undersokelse: Undersokelse, konkludert: int, startet: int, rng: Random
) -> SimulatedCase:
    """Return a copy of the case in which an undersøkelse is concluded with a decision on a hjelpetiltak, which is
    started.
    """
    concluded = replace(undersokelse, slutt=konkludert, kode="1")
    vedtak = Vedtak(random_uuid(rng), konkludert, "hjelp")
    kategori = codes.hjemmetiltak(rng, (konkludert - case.fodt) / 365.25)
    tiltak = Tiltak(random_uuid(rng), startet, APEN, "hjelp", kategori, codes.saksinnhold(rng, konkludert)[0])
    relasjoner = [
        (random_uuid(rng), "Undersokelse", undersokelse.id, "Vedtak", vedtak.id, konkludert),
        (random_uuid(rng), "Vedtak", vedtak.id, "Tiltak", tiltak.id, startet),
    ]
    return replace(
        case,
        undersokelser=[concluded if element is undersokelse else element for element in case.undersokelser],
        vedtak=[*case.vedtak, vedtak],
        tiltak=[*case.tiltak, tiltak],
        relasjoner=[*case.relasjoner, *relasjoner],
    )


def _with_melding(case: SimulatedCase, mottatt: int, konkludert: int, rng: Random) -> SimulatedCase:
    """Return a copy of the case with a further melding."""
    innhold = codes.saksinnhold(rng, mottatt)
    under_arbeid = any(undersokelse.slutt == APEN for undersokelse in case.undersokelser)
    har_tiltak = any(tiltak.slutt == APEN for tiltak in case.tiltak)
    henlagt = "3" if har_tiltak else codes.melding_henlagt(rng, konkludert)
    kode = "4" if under_arbeid else "2" if rng.random() < 0.5 else henlagt
    melding = Melding(random_uuid(rng), mottatt, konkludert, kode, codes.melder(rng, mottatt), innhold)
    case = replace(case, meldinger=[*case.meldinger, melding])
    if kode != "2" or konkludert == APEN:
        return case
    start = min(konkludert, mottatt + 7)
    undersokelse = Undersokelse(random_uuid(rng), start, APEN, "", innhold, melding)
    relasjon = (random_uuid(rng), "Melding", melding.id, "Undersokelse", undersokelse.id, start)
    return replace(case, undersokelser=[*case.undersokelser, undersokelse], relasjoner=[*case.relasjoner, relasjon])


def _as_known_on(case: SimulatedCase, until: int) -> SimulatedCase:
    """Return a copy of the case with the elements that had started by the day `until`; ends after that day are open."""

    def end_or_open(slutt: int) -> int:
        return slutt if slutt <= until else APEN

    return replace(
        case,
        slutt=end_or_open(case.slutt),
        meldinger=[
            replace(m, slutt=end_or_open(m.slutt), slettet=end_or_open(m.slettet))
            for m in case.meldinger
            if m.start <= until
        ],
        undersokelser=[
            replace(
                u,
                slutt=end_or_open(u.slutt),
                utvidet=end_or_open(u.utvidet),
                medvirkning=u.medvirkning if u.medvirkning and u.medvirkning[0] <= until else None,
            )
            for u in case.undersokelser
            if u.start <= until
        ],
        planer=[
            replace(p, slutt=end_or_open(p.slutt), evalueringer=[dag for dag in p.evalueringer if dag <= until])
            for p in case.planer
            if p.start <= until
        ],
        tiltak=[
            replace(
                t,
                slutt=end_or_open(t.slutt),
                tilsyn=None if t.tilsyn is None else [visit for visit in t.tilsyn if visit[1] <= until],
            )
            for t in case.tiltak
            if t.start <= until
        ],
        vedtak=[v for v in case.vedtak if v.start <= until],
        ettervern=[e for e in case.ettervern if e.slutt <= until],
        oversendelser=[o for o in case.oversendelser if o.start <= until],
        flyttinger=[f for f in case.flyttinger if f.dag <= until],
        relasjoner=[r for r in case.relasjoner if r[5] <= until],
    )
