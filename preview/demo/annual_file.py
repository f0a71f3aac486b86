"""Writes the cases of a year as a KOSTRA 15F file (KostraBarnevern.xsd), as of 31 December and in the order of the
schema.

The XML is written by string formatting, as in `folder.py`. A code that a later list introduced is written as the code
that it was split from.
"""

from collections.abc import Iterable

from preview.demo.codes import hjemmel
from preview.demo.days import day, iso
from preview.demo.service_profiles import DemoService
from preview.demo.simulated_cases import Flytting, Melding, Plan, SimulatedCase, Tiltak, Undersokelse


def annual_file_xml(service: DemoService, cases: Iterable[SimulatedCase], year: int) -> bytes:
    """Return the file with the cases that ran in the year, in ISO-8859-1 (rule 2.1, docs/domain.md)."""
    first, last = day(year, 1, 1), day(year, 12, 31)
    number, name = service.kommune
    parts = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>',
        "<Barnevern>",
        (
            f'<Avgiver Organisasjonsnummer="{service.organisasjonsnummer}" Versjon="{year}"'
            f' Kommunenummer="{number}" Kommunenavn="{name}"/>'
        ),
        *[
            _individ(service, case, nr, last)
            for nr, case in enumerate(cases, 1)
            if case.start <= last and case.slutt >= first
        ],
        "</Barnevern>\n",
    ]
    return "\n".join(parts).encode("iso-8859-1")


def _individ(service: DemoService, case: SimulatedCase, nr: int, last: int) -> str:
    bydel = f' Bydelsnummer="{service.bydel[0]}" Bydelsnavn="{service.bydel[1]}"' if service.bydel else ""
    undersokelser = {
        undersokelse.melding.id: undersokelse for undersokelse in case.undersokelser if undersokelse.start <= last
    }
    meldinger = [melding for melding in case.meldinger if melding.start <= last < melding.slettet]
    head = (
        f'<Individ Id="I{nr}" StartDato="{iso(case.start)}"{_slutt(case.slutt, last)}'
        f' Journalnummer="{case.journalnummer}" Fodselsnummer="{case.fodselsnummer}"{bydel}'
        f' Saksbehandler="Saksbehandler {nr % 7 + 1}" Avslutta3112="{"1" if case.slutt <= last else "2"}">'
    )
    parts = [
        head,
        *[_melding(melding, undersokelser.get(melding.id), nr, last) for nr, melding in enumerate(meldinger, 1)],
        *[_plan(plan, nr, last) for nr, plan in enumerate(case.planer, 1) if plan.start <= last],
        *[_tiltak(tiltak, nr, last) for nr, tiltak in enumerate(case.tiltak, 1) if tiltak.start <= last],
        *[_flytting(flytting, nr) for nr, flytting in enumerate(case.flyttinger, 1) if flytting.dag <= last],
        "</Individ>",
    ]
    return "\n".join(parts)


def _melding(melding: Melding, undersokelse: Undersokelse | None, nr: int, last: int) -> str:
    konklusjon = f' Konklusjon="{melding.kode if melding.kode in "1234" else "1"}"' if melding.slutt <= last else ""
    return (
        f'<Melding Id="M{nr}" StartDato="{iso(melding.start)}"{_slutt(melding.slutt, last)}{konklusjon}>'
        f'<Melder Kode="{melding.melder}"/>{_grunnlag("Saksinnhold", melding.innhold)}'
        f"{_undersokelse(undersokelse, nr, last) if undersokelse else ''}</Melding>"
    )


def _undersokelse(undersokelse: Undersokelse, nr: int, last: int) -> str:
    concluded = undersokelse.slutt <= last
    konklusjon = f' Konklusjon="{undersokelse.kode if undersokelse.kode in "123456" else "5"}"' if concluded else ""
    grunnlag = _grunnlag("Vedtaksgrunnlag", undersokelse.grunnlag) if concluded else ""
    slutt = _slutt(undersokelse.slutt, last)
    return (
        f'<Undersokelse Id="U{nr}" StartDato="{iso(undersokelse.start)}"{slutt}{konklusjon}>{grunnlag}</Undersokelse>'
    )


def _plan(plan: Plan, nr: int, last: int) -> str:
    """Return a plan with its latest evaluation: the format has room for one."""
    evaluated_on = [dag for dag in plan.evalueringer if dag <= last]
    evaluert = f' EvaluertDato="{iso(evaluated_on[-1])}"' if evaluated_on else ""
    return (
        f'<Plan Id="P{nr}" StartDato="{iso(plan.start)}"{_slutt(plan.slutt, last)}{evaluert} Plantype="{plan.type}"/>'
    )


def _tiltak(tiltak: Tiltak, nr: int, last: int) -> str:
    lov, kapittel, paragraf, ledd, bokstav = hjemmel(tiltak.grunnlag, tiltak.start)
    more = (f' Bokstav="{bokstav}"' if bokstav else "") + (f' Ledd="{ledd}"' if ledd else "")
    kategori = "8.2" if tiltak.kategori in ("8.4", "8.5") else tiltak.kategori
    return (
        f'<Tiltak Id="T{nr}" StartDato="{iso(tiltak.start)}"{_slutt(tiltak.slutt, last)}>'
        f'<Lovhjemmel Lov="{lov}" Kapittel="{kapittel}" Paragraf="{paragraf}"{more}/><Kategori Kode="{kategori}"/>'
        f"{_grunnlag('Tiltaksgrunnlag', (tiltak.innhold,))}{_opphevelse(tiltak, last)}</Tiltak>"
    )


def _opphevelse(tiltak: Tiltak, last: int) -> str:
    if tiltak.opphevelse is None or tiltak.slutt > last:
        return ""
    why = "<Presisering>Nytt hjem</Presisering>" if tiltak.opphevelse == "4" else ""
    return f'<Opphevelse Kode="{tiltak.opphevelse}">{why}</Opphevelse>'


def _flytting(flytting: Flytting, nr: int) -> str:
    return (
        f'<Flytting Id="F{nr}" SluttDato="{iso(flytting.dag)}"><ArsakFra Kode="{flytting.arsak}"/>'
        f'<FlyttingTil Kode="{flytting.til}"/></Flytting>'
    )


def _grunnlag(tag: str, koder: Iterable[str]) -> str:
    """Return the codes without those of the list of 2026, which have dots and are not part of this format."""
    return "".join(f'<{tag} Kode="{kode}"/>' for kode in koder if "." not in kode)


def _slutt(slutt: int, last: int) -> str:
    return f' SluttDato="{iso(slutt)}"' if slutt <= last else ""
