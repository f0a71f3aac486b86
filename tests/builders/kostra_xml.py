"""Builds KOSTRA 15F files as XML for tests: every value can be set, None leaves an attribute out.

    annual_file(individ(meldinger=[melding("2020-02-10", "2020-02-17", "2", [undersokelse("2020-02-17")])]))

returns the bytes of one file about children that do not exist. Ids and journal numbers are new unless given.
"""

# ruff: noqa: A002, the format calls it id
import itertools
from collections.abc import Iterable
from typing import Any

from tests.builders.case_xml import element

_numbers = itertools.count(1)


def _id(value: str | None, letter: str) -> str | None:
    return f"{letter}{next(_numbers)}" if value == "" else value


def undersokelse(
    start: str | None, slutt: str | None = None, kode: str | None = "", *, id: str | None = "", **more: Any
) -> str:
    """Return an undersøkelse, for use in a melding; concluded on `slutt` with `kode` (default 1), or open."""
    attributes: dict[str, Any] = {
        "SluttDato": slutt,
        "Konklusjon": ("1" if slutt else None) if kode == "" else kode,
        **more,
    }
    return element("Undersokelse", ['<Vedtaksgrunnlag Kode="1"/>'], Id=_id(id, "U"), StartDato=start, **attributes)


def melding(
    start: str | None,
    slutt: str | None = None,
    kode: str | None = "",
    undersokelser: Iterable[str] = (),
    *,
    id: str | None = "",
    **more: Any,
) -> str:
    """Return a melding that is concluded on `slutt` with `kode` (default 2), or open."""
    attributes: dict[str, Any] = {
        "SluttDato": slutt,
        "Konklusjon": ("2" if slutt else None) if kode == "" else kode,
        **more,
    }
    children = ['<Melder Kode="1"/><Saksinnhold Kode="20"/>', *undersokelser]
    return element("Melding", children, Id=_id(id, "M"), StartDato=start, **attributes)


def plan(
    start: str | None,
    slutt: str | None = None,
    type: str | None = "1",
    *,
    evaluert: str | None = None,
    id: str | None = "",
    **more: Any,
) -> str:
    """Return a plan of that Plantype that was evaluated on a day."""
    return element(
        "Plan", Id=_id(id, "P"), StartDato=start, SluttDato=slutt, EvaluertDato=evaluert, Plantype=type, **more
    )


def lovhjemmel(lov: str | None, tag: str = "Lovhjemmel", **more: Any) -> str:
    """Return a Lovhjemmel; `lov` is written like `BVL 4-12`. `Ledd` and the like are further attributes."""
    law, _, provision = (lov or "").partition(" ")
    kapittel, _, paragraf = provision.partition("-")
    attributes: dict[str, Any] = {
        "Lov": law or None,
        "Kapittel": kapittel or None,
        "Paragraf": paragraf or None,
        **more,
    }
    return element(tag, **attributes)


def tiltak(
    start: str | None,
    slutt: str | None = None,
    kategori: str | None = "3.10",
    *,
    lov: str | None = "BVL 4-4",
    ledd: str | None = None,
    jmfr: Iterable[str] = (),
    hjemmel: str | None = None,
    opphevelse: str | None = None,
    id: str | None = "",
    **more: Any,
) -> str:
    """Return a tiltak; `hjemmel` is a Lovhjemmel as XML, `jmfr` are JmfrLovhjemmel as XML."""
    children = [
        hjemmel or (lovhjemmel(lov, Ledd=ledd) if lov else None),
        *jmfr,
        element("Kategori", Kode=kategori) if kategori is not None else None,
        element("Opphevelse", Kode=opphevelse) if opphevelse is not None else None,
    ]
    return element("Tiltak", children, Id=_id(id, "T"), StartDato=start, SluttDato=slutt, **more)


def flytting(
    dato: str | None, arsak: str | None = "1.2.1", til: str | None = "4", *, id: str | None = "", **more: Any
) -> str:
    """Return a move on a day; None for a code leaves its element out."""
    children = [
        element("ArsakFra", Kode=arsak) if arsak is not None else None,
        element("FlyttingTil", Kode=til) if til is not None else None,
    ]
    return element("Flytting", children, Id=_id(id, "F"), SluttDato=dato, **more)


def individ(
    *,
    start: str | None = "2020-01-01",
    slutt: str | None = None,
    fodselsnummer: str | None = "",
    duf: str | None = None,
    bydel: str | None = None,
    bydelsnavn: str | None = "Testbydel",
    meldinger: Iterable[str] = (),
    planer: Iterable[str] = (),
    tiltak: Iterable[str] = (),
    flyttinger: Iterable[str] = (),
    id: str | None = "",
    **more: Any,
) -> str:
    """Return one child; its birth number is a synthetic one of March 2010 unless given."""
    number = next(_numbers)
    attributes: dict[str, Any] = {
        "Journalnummer": f"J{number}",
        "Fodselsnummer": f"158310{500 + number % 500:03}{number // 500 % 100:02}"
        if fodselsnummer == ""
        else fodselsnummer,
        "DUFnummer": duf,
        "Bydelsnummer": bydel,
        "Bydelsnavn": bydelsnavn if bydel else None,
        "Saksbehandler": "Testsaksbehandler",
        "Avslutta3112": "1" if slutt else "2",
        **more,
    }
    return element(
        "Individ",
        [*meldinger, *planer, *tiltak, *flyttinger],
        Id=_id(id, "I"),
        StartDato=start,
        SluttDato=slutt,
        **attributes,
    )


def avgiver(
    org: str | None = "999999999",
    year: str | int | None = 2020,
    kommune: str | None = "0301",
    kommunenavn: str | None = "Testkommune",
    **more: Any,
) -> str:
    """Return the Avgiver of a year."""
    return element(
        "Avgiver", Organisasjonsnummer=org, Versjon=year, Kommunenummer=kommune, Kommunenavn=kommunenavn, **more
    )


def annual_file(
    *individer: str,
    sender: str | None = "",
    head: str = '<?xml version="1.0" encoding="ISO-8859-1"?>\n',
    encoding: str = "iso-8859-1",
    **avgiver_attributes: Any,
) -> bytes:
    """Return a whole file. `sender` is an Avgiver as XML, or None for none; else the arguments of `avgiver` apply."""
    children = [avgiver(**avgiver_attributes) if sender == "" else sender, *individer]
    return (head + element("Barnevern", children)).encode(encoding)
