"""Builds v4 case files as XML for tests: every value can be set, None leaves an attribute out.

    folder(meldinger=[melding("2024-01-10", "2024-01-17", "2")], fodt="2010-03-15")

returns the bytes of one file about a child that does not exist. An element's id is new unless given (`uid(7)`).
"""

# ruff: noqa: A002, the format calls them id and type
import itertools
import re
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import quoteattr

from preview.core.national_id import add_check_digits

_numbers = itertools.count(1_000_000)


def uid(number: int | None = None) -> str:
    """Return the UUID (version 4 in form) of a number; without one, a UUID that was not used before."""
    return f"00000000-0000-4000-8000-{next(_numbers) if number is None else number:012}"


def element(tag: str, children: Iterable[str | None] = (), text: str = "", **attributes: Any) -> str:
    """Return an element. Attributes that are None are left out; True and False are written as XML booleans."""
    parts = [f"<{tag}"]
    for name, value in attributes.items():
        if value is not None:
            parts.append(f" {name}={quoteattr(str(value).lower() if isinstance(value, bool) else str(value))}")
    body = text + "".join(child for child in children if child)
    parts.append(f">{body}</{tag}>" if body else "/>")
    return "".join(parts)


def konklusjon(slutt: str | None, kode: str | None = None, **more: Any) -> str:
    """Return the Konklusjon of a melding, undersøkelse, plan or tiltak."""
    return element("Konklusjon", SluttDato=slutt, Kode=kode, **more)


def fodselsnummer(fodt: str, kjonn: str = "1") -> str:
    """Return a synthetic birth number (80 is added to the month), the same at each call.

    For a text that is no day, return a placeholder number.
    """
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", fodt):
        return f"{fodt[8:10]}{fodt[5:7]}{fodt[2:4]}00100"
    born = f"{fodt[8:10]}{int(fodt[5:7]) + 80}{fodt[2:4]}"
    for individ in range(500 if fodt >= "2000" else 0, 1000):
        number = add_check_digits(f"{born}{individ:03}")
        if number is not None and individ % 2 == int(kjonn) % 2:
            return number
    raise AssertionError("no number is left for that day")


OLD_PLAN = "2020-01-01", "2020-02-01", "7"
"""Of a plan that no field counts: a case with nothing in it is no sensible one."""


def personalia(
    start: str | None = "2020-01-01",
    fodt: str | None = "2010-03-15",
    *,
    id: str | None = "",
    kjonn: str = "1",
    **more: Any,
) -> str:
    """Return a Personalia; the birth number is made from `fodt` and `kjonn`."""
    more = {"Fodselsnummer": fodselsnummer(fodt, kjonn) if fodt else None, **more}
    return element("Personalia", Id=_id(id), StartDato=start, Fodseldato=fodt, Kjonn=kjonn, **more)


def melding(
    start: str | None,
    slutt: str | None = None,
    kode: str | None = "2",
    *,
    id: str | None = "",
    end: str | None = None,
    **more: Any,
) -> str:
    """Return a melding that is concluded on `slutt` with `kode`, or open; `end` is a Konklusjon as XML."""
    end = end or (konklusjon(slutt, kode) if slutt else None)
    return element("Melding", ['<Melder Kode="1"/><Saksinnhold Kode="20"/>', end], Id=_id(id), StartDato=start, **more)


def undersokelse(
    start: str | None,
    slutt: str | None = None,
    kode: str | None = "1",
    *,
    utvidet: str | None = None,
    id: str | None = "",
    end: str | None = None,
    **more: Any,
) -> str:
    """Return an undersøkelse; `utvidet` is the Innvilget of an UtvidetFrist: `1` granted, `2` not."""
    end = end or (konklusjon(slutt, kode) if slutt else None)
    extension = element("UtvidetFrist", StartDato=start, Innvilget=utvidet) if utvidet else None
    return element(
        "Undersokelse", ['<Vedtaksgrunnlag Kode="20"/>', extension, end], Id=_id(id), StartDato=start, **more
    )


def plan(
    start: str | None,
    slutt: str | None = None,
    type: str | None = "1",
    *,
    evaluert: Iterable[str] = (),
    id: str | None = "",
    end: str | None = None,
    **more: Any,
) -> str:
    """Return a plan of that Plantype that was evaluated on the days of `evaluert`."""
    end = end or (konklusjon(slutt) if slutt else None)
    evaluations = [element("Evaluering", UtfortDato=day) for day in evaluert]
    return element("Plan", [*evaluations, end], Id=_id(id), StartDato=start, Plantype=type, **more)


def lovhjemmel(lov: str, *, ledd: Iterable[str] = (), bokstav: Iterable[str] = (), tag: str = "Lovhjemmel") -> str:
    """Return a Lovhjemmel; `lov` is written like `BVL2021 5-1`: act, chapter, section."""
    law, _, provision = lov.partition(" ")
    kapittel, _, paragraf = provision.partition("-")
    parts = [("Lov", law), ("Kapittel", kapittel), ("Paragraf", paragraf)]
    parts += [("Ledd", number) for number in ledd] + [("Bokstav", number) for number in bokstav]
    return element(tag, [element(name, text=text) for name, text in parts if text])


def tiltak(
    start: str | None,
    slutt: str | None = None,
    kategori: str | None = "3.10",
    *,
    lov: str | None = "BVL2021 3-1",
    ledd: Iterable[str] = (),
    bokstav: Iterable[str] = (),
    jmfr: Iterable[str] = (),
    hjemmel: str | None = None,
    opphevelse: str | None = None,
    tilsyn: Iterable[str] = (),
    oppfolging: Iterable[str] = (),
    id: str | None = "",
    end: str | None = None,
    **more: Any,
) -> str:
    """Return a tiltak.

    `tilsyn` and `oppfolging` are days or Utfort elements as XML; `hjemmel` is a Lovhjemmel as XML.
    """
    end = end or (konklusjon(slutt) if slutt else None)
    children = [
        hjemmel or (lovhjemmel(lov, ledd=ledd, bokstav=bokstav) if lov else None),
        *(lovhjemmel(related, tag="JmfrLovhjemmel") for related in jmfr),
        element("Kategori", Kode=kategori) if kategori is not None else None,
        _visits("Tilsyn", tilsyn, element("Ansvarlig", Id=uid(), StartDato=start, Kommunenummer="0301")),
        _visits("Oppfolging", oppfolging, ""),
        element("Opphevelse", Kode=opphevelse) if opphevelse is not None else None,
        end,
    ]
    return element("Tiltak", children, Id=_id(id), StartDato=start, **more)


def utfort(day: str | None, *, id: str | None = "") -> str:
    """Return a visit that was carried out."""
    return element("Utfort", Id=_id(id), UtfortDato=day)


def vedtak(start: str, *, id: str | None = "", **more: Any) -> str:
    """Return a Vedtak, which no field reads but relations point at."""
    status = element("Status", Id=uid(), EndretDato=start, Kode="1")
    return element("Vedtak", [lovhjemmel("BVL2021 3-1"), status], Id=_id(id), StartDato=start, **more)


def flytting(
    dato: str | None, arsak: str | None = "1.2.1", til: str | None = "4", *, id: str | None = "", **more: Any
) -> str:
    """Return a move on a day."""
    return element(
        "Flytting",
        [element("ArsakFra", Kode=arsak), element("FlyttingTil", Kode=til)],
        Id=_id(id),
        SluttDato=dato,
        **more,
    )


def relasjon(fra_type: str, fra: str, til_type: str, til: str, *, id: str | None = "", **more: Any) -> str:
    """Return a relation: `relasjon("Melding", id, "Undersokelse", id)` says that the first led to the second."""
    return element("Relasjon", Id=_id(id), FraId=fra, FraType=fra_type, TilId=til, TilType=til_type, **more)


def slettet(type: str | None, id: str | None, slutt: str | None = "2024-12-01") -> str:
    """Return a Slettet, which deletes the element of that kind and id."""
    return element("Slettet", Id=id, Type=type, SluttDato=slutt)


def sak(
    id: str | None = "",
    *,
    start: str | None = "2020-01-01",
    slutt: str | None = None,
    fodt: str | None = "2010-03-15",
    personer: Iterable[str] | None = None,
    meldinger: Iterable[str] = (),
    undersokelser: Iterable[str] = (),
    planer: Iterable[str] = (),
    tiltak: Iterable[str] = (),
    andre: Iterable[str] = (),
    flyttinger: Iterable[str] = (),
    relasjoner: Iterable[str] = (),
    slettinger: Iterable[str] = (),
    migrert: str | None = None,
    slettet: bool | None = None,
    **more: Any,
) -> str:
    """Return a Sak; `personer` (instead of `fodt`) and `andre` (Vedtak and the like) are elements as XML."""
    persons = [personalia(start or "2020-01-01", fodt)] if personer is None else personer
    children = [*persons, *meldinger, *undersokelser, *planer, *tiltak, *andre, *flyttinger, *relasjoner, *slettinger]
    more = {"Journalnummer": "2020-0001", **more}
    return element(
        "Sak", children, Id=_id(id), MigrertId=migrert, StartDato=start, SluttDato=slutt, ErSlettet=slettet, **more
    )


def avgiver(
    org: str | None = "999999999",
    kommune: str | None = "0301",
    kommunenavn: str | None = "Testkommune",
    bydel: str | None = None,
    **more: Any,
) -> str:
    """Return the Avgiver."""
    more = {"Bydelsnavn": "Testbydel" if bydel else None, **more}
    return element(
        "Avgiver", Organisasjonsnummer=org, Kommunenummer=kommune, Kommunenavn=kommunenavn, Bydelsnummer=bydel, **more
    )


def barnevern(
    saker: Iterable[str],
    *,
    id: str | None = "",
    uttrekk: str | None = "2024-12-31T23:59:00+01:00",
    forrige: str | None = None,
    fagsystem: str | None = "Testsystem",
    sender: str | None = "",
    head: str = '<?xml version="1.0" encoding="UTF-8"?>\n',
) -> str:
    """Return a whole file as text.

    `sender` is an Avgiver as XML, or None for none; `head` is what precedes the root element.
    """
    children = [
        element("Fagsystem", Leverandor="Testleverandor", Navn=fagsystem, Versjon="4.0.1")
        if fagsystem is not None
        else None,
        avgiver() if sender == "" else sender,
        *saker,
    ]
    return head + element("Barnevern", children, Id=_id(id), DatoUttrekk=uttrekk, ForrigeId=forrige)


def folder(
    sak_id: str | None = "",
    *,
    delivery_id: str | None = "",
    uttrekk: str | None = "2024-12-31T23:59:00+01:00",
    forrige: str | None = None,
    fagsystem: str | None = "Testsystem",
    org: str = "999999999",
    kommune: str = "0301",
    kommunenavn: str = "Testkommune",
    bydel: str | None = None,
    **case: Any,
) -> bytes:
    """Return the bytes of a file with one Sak; `case` has the arguments of `sak`."""
    sender = avgiver(org, kommune, kommunenavn, bydel)
    text = barnevern(
        [sak(sak_id, **case)], id=delivery_id, uttrekk=uttrekk, forrige=forrige, fagsystem=fagsystem, sender=sender
    )
    return text.encode()


def _id(value: str | None) -> str | None:
    return uid() if value == "" else value


def _visits(tag: str, visits: Iterable[str], before: str) -> str | None:
    done = [visit if visit.startswith("<") else utfort(visit) for visit in visits]
    if not done:
        return None
    return element(tag, [before, element("Hyppighet", Id=uid(), StartDato="2020-01-01", Kode="4"), *done])
