"""Writes a case as a v4 case file (Barnevern_v4.xsd), as of the day of the extract and in the order of the schema.

The XML is written by string formatting: every value is a generated code, date or id, and the few names need no
escaping. A test checks the files against the grammar.
"""

from typing import NamedTuple

from preview.demo.codes import hjemmel
from preview.demo.days import iso
from preview.demo.service_profiles import DemoService
from preview.demo.simulated_cases import (
    Ettervern,
    Flytting,
    Melding,
    Oversendelse,
    Plan,
    SimulatedCase,
    Tiltak,
    Undersokelse,
    Vedtak,
)


class Extract(NamedTuple):
    """One extract of a case.

    Attributes:
        id: `Barnevern/@Id`.
        forrige: Id of the previous extract of the case; None for the first one.
        extract_at: `DatoUttrekk`.
        day: Last day that the file covers.
        case_system: `Fagsystem/@Navn`.
    """

    id: str
    forrige: str | None
    extract_at: str
    day: int
    case_system: str


def folder_xml(service: DemoService, case: SimulatedCase, extract: Extract) -> str:
    """Return the case file at that extract."""
    day = extract.day
    forrige = f' ForrigeId="{extract.forrige}"' if extract.forrige else ""
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<Barnevern Id="{extract.id}" DatoUttrekk="{extract.extract_at}"{forrige}>',
        f'<Fagsystem Leverandor="Demoleverandør" Navn="{extract.case_system}" Versjon="4.0.1"/>',
        _avgiver(service),
        _sak(case, day),
    ]
    parts += [_melding(element, day) for element in case.meldinger if element.start <= day]
    parts += [_undersokelse(element, day) for element in case.undersokelser if element.start <= day]
    parts += [_plan(element, day) for element in case.planer if element.start <= day]
    parts += [_tiltak(element, day, service) for element in case.tiltak if element.start <= day]
    parts += [_vedtak(element, case.slutt, day) for element in case.vedtak if element.start <= day]
    parts += [_ettervern(element, day) for element in case.ettervern if element.tilbud <= day]
    parts += [_oversendelse(element) for element in case.oversendelser if element.start <= day]
    parts += [_flytting(element) for element in case.flyttinger if element.dag <= day]
    parts += [
        f'<Relasjon Id="{relasjon_id}" FraId="{fra}" FraType="{fra_type}" TilId="{til}" TilType="{til_type}"/>'
        for relasjon_id, fra_type, fra, til_type, til, known in case.relasjoner
        if known <= day
    ]
    parts += [
        f'<Slettet Id="{m.id}" Type="Melding" SluttDato="{iso(m.slettet)}"/>'
        for m in case.meldinger
        if m.slettet <= day
    ]
    parts.append("</Sak>\n</Barnevern>\n")
    return "\n".join(parts)


def tombstone_xml(service: DemoService, case: SimulatedCase, extract: Extract) -> str:
    """Return the case file that deletes the case (`Sak/@ErSlettet`, rule 1.2, docs/domain.md)."""
    return folder_xml(service, case, extract).replace("<Sak ", '<Sak ErSlettet="true" ', 1)


def _avgiver(service: DemoService) -> str:
    number, name = service.kommune
    bydel = f' Bydelsnummer="{service.bydel[0]}" Bydelsnavn="{service.bydel[1]}"' if service.bydel else ""
    return (
        f'<Avgiver Organisasjonsnummer="{service.organisasjonsnummer}"'
        f' Kommunenummer="{number}" Kommunenavn="{name}"{bydel}/>'
    )


def _sak(case: SimulatedCase, day: int) -> str:
    """Return the start tag of the case and its Personalia."""
    migrert = f' MigrertId="{case.migrert}"' if case.migrert else ""
    closed = case.slutt <= day
    slutt = f' SluttDato="{iso(case.slutt)}"' if closed else ""
    return (
        f'<Sak Id="{case.sak}"{migrert} StartDato="{iso(case.start)}"{slutt} Journalnummer="{case.journalnummer}"'
        f' Avsluttet="{"true" if closed else "false"}">\n'
        f'<Personalia Id="{case.personalia}" StartDato="{iso(case.start)}" Fodselsnummer="{case.fodselsnummer}"'
        f' Fodseldato="{iso(case.fodt)}" Kjonn="{case.kjonn}"/>'
    )


def _melding(melding: Melding, day: int) -> str:
    innhold = "".join(f'<Saksinnhold Kode="{kode}"/>' for kode in melding.innhold)
    slutt = f'<Konklusjon SluttDato="{iso(melding.slutt)}" Kode="{melding.kode}"/>' if melding.slutt <= day else ""
    return (
        f'<Melding Id="{melding.id}" StartDato="{iso(melding.start)}">'
        f'<Melder Kode="{melding.melder}"/>{innhold}{slutt}</Melding>'
    )


def _undersokelse(undersokelse: Undersokelse, day: int) -> str:
    concluded = undersokelse.slutt <= day
    parts = [f'<Undersokelse Id="{undersokelse.id}" StartDato="{iso(undersokelse.start)}">']
    if concluded:
        parts += [f'<Vedtaksgrunnlag Kode="{kode}"/>' for kode in undersokelse.grunnlag]
    if undersokelse.medvirkning and undersokelse.medvirkning[0] <= day:
        dag, kind = undersokelse.medvirkning
        parts.append(
            f"<BarnetsMedvirkning><StartDato>{iso(dag)}</StartDato><MedvirkningType>{kind}</MedvirkningType></BarnetsMedvirkning>"
        )
    if undersokelse.utvidet <= day:
        parts.append(f'<UtvidetFrist StartDato="{iso(undersokelse.utvidet)}" Innvilget="1"/>')
    if concluded:
        parts.append(f'<Konklusjon SluttDato="{iso(undersokelse.slutt)}" Kode="{undersokelse.kode}"/>')
    parts.append("</Undersokelse>")
    return "".join(parts)


def _plan(plan: Plan, day: int) -> str:
    evaluations = "".join(f'<Evaluering UtfortDato="{iso(dag)}"/>' for dag in plan.evalueringer if dag <= day)
    return (
        f'<Plan Id="{plan.id}" StartDato="{iso(plan.start)}" Plantype="{plan.type}">'
        f"{evaluations}{_slutt(plan.slutt, day)}</Plan>"
    )


def _tiltak(tiltak: Tiltak, day: int, service: DemoService) -> str:
    ended = tiltak.slutt <= day
    return (
        f'<Tiltak Id="{tiltak.id}" StartDato="{iso(tiltak.start)}">'
        f"<Lovhjemmel>{_hjemmel(tiltak.grunnlag, tiltak.start)}</Lovhjemmel>"
        f'<Kategori Kode="{tiltak.kategori}"/><Tiltaksgrunnlag Kode="{tiltak.innhold}"/>'
        f"{_tilsyn(tiltak, day, service) if tiltak.tilsyn is not None else ''}"
        f"{_opphevelse(tiltak.opphevelse) if ended and tiltak.opphevelse else ''}{_slutt(tiltak.slutt, day)}</Tiltak>"
    )


def _hjemmel(grunnlag: str, dato: int) -> str:
    lov, kapittel, paragraf, ledd, bokstav = hjemmel(grunnlag, dato)
    return (
        f"<Lov>{lov}</Lov><Kapittel>{kapittel}</Kapittel><Paragraf>{paragraf}</Paragraf>"
        + (f"<Ledd>{ledd}</Ledd>" if ledd else "")
        + (f"<Bokstav>{bokstav}</Bokstav>" if bokstav else "")
    )


def _tilsyn(tiltak: Tiltak, day: int, service: DemoService) -> str:
    """Return a Tilsyn. Ansvarlig and Hyppighet use the Id of the tiltak: ids are unique per kind of element only."""
    head = f'Id="{tiltak.id}" StartDato="{iso(tiltak.start)}"'
    visits = "".join(
        f'<Utfort Id="{visit}" UtfortDato="{iso(dag)}"/>' for visit, dag in tiltak.tilsyn or () if dag <= day
    )
    return (
        f'<Tilsyn><Ansvarlig {head} Kommunenummer="{service.kommune[0]}"/><Hyppighet {head} Kode="4"/>{visits}</Tilsyn>'
    )


def _opphevelse(kode: str) -> str:
    return f'<Opphevelse Kode="{kode}"{" Presisering=" + chr(34) + "Nytt hjem" + chr(34) if kode == "4" else ""}/>'


def _vedtak(vedtak: Vedtak, slutt: int, day: int) -> str:
    """Return a Vedtak that ends with the case."""
    dato = iso(vedtak.start)
    return (
        f'<Vedtak Id="{vedtak.id}" StartDato="{dato}">'
        f"<Lovhjemmel>{_hjemmel(vedtak.grunnlag, vedtak.start)}</Lovhjemmel>"
        f'<Status Id="{vedtak.id}" EndretDato="{dato}" Kode="1"/>{_slutt(slutt, day)}</Vedtak>'
    )


def _ettervern(ettervern: Ettervern, day: int) -> str:
    answer = f'<Konklusjon SluttDato="{iso(ettervern.slutt)}" Kode="1"/>' if ettervern.slutt <= day else ""
    return f'<Ettervern Id="{ettervern.id}" TilbudSendtDato="{iso(ettervern.tilbud)}">{answer}</Ettervern>'


def _oversendelse(oversendelse: Oversendelse) -> str:
    return (
        f'<OversendelseFylkesnemnd Id="{oversendelse.id}" StartDato="{iso(oversendelse.start)}">'
        f"<Lovhjemmel>{_hjemmel(oversendelse.grunnlag, oversendelse.start)}</Lovhjemmel></OversendelseFylkesnemnd>"
    )


def _flytting(flytting: Flytting) -> str:
    return (
        f'<Flytting Id="{flytting.id}" SluttDato="{iso(flytting.dag)}"><ArsakFra Kode="{flytting.arsak}"/>'
        f'<FlyttingTil Kode="{flytting.til}"/></Flytting>'
    )


def _slutt(slutt: int, day: int) -> str:
    return f'<Konklusjon SluttDato="{iso(slutt)}"/>' if slutt <= day else ""
