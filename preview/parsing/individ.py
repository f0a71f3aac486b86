"""One `Individ` of a 15F file, read into what is kept of it (`domain.md` 1.8, 2, 4)."""

from collections.abc import Iterable
from datetime import date

from preview.model.case_records import Flytting, Innhold, Melding, Plan, Tiltak, Undersokelse
from preview.model.findings import Code, Notes
from preview.parsing import fodselsnummer, frister, kodelister, lovhjemmel
from preview.parsing.elements import is_first
from preview.parsing.values import Values, by_tag
from preview.parsing.xml_input import Element, text

_HJEMMEL = ("Lov", "Kapittel", "Paragraf", "Ledd")


def read(individ: Element, aar: int, notes: Notes, since: int, seen: set[tuple[str, str]]) -> Innhold:
    """What is kept of an Individ of the file of that year.

    `since` is how many of the file's findings are not this child's. `seen` are the numbers met with so far; its own are entered.
    """
    values = Values(individ, f"{aar:04}-12-31", notes, "Individ", "@SluttDato")
    fodt = _fodt(individ, aar, values)
    _check_repeated(individ, values, seen)
    meldinger = [(element, values.own_date(element, "Melding")) for element in _once(individ, "Melding", values)]
    planer, evalueringer = _planer(individ, values)
    return Innhold(
        fodt=fodt,
        meldinger=[_melding(element, mottatt, values) for element, mottatt in meldinger if mottatt is not None],
        undersokelser=_undersokelser(meldinger, values),
        planer=planer,
        evalueringer=evalueringer,
        tiltak=[_tiltak(element, start, values) for element, start in _dated(individ, "Tiltak", values)],
        tilsyn=[],
        flyttinger=[_flytting(element, dato, values) for element, dato in _dated(individ, "Flytting", values, "SluttDato")],
        funn=notes.count - since,
    )


def _fodt(individ: Element, aar: int, values: Values) -> str | None:
    """Year and month of birth, by the number (2.6): a DUFnummer holds no date."""
    number = text(individ, "Fodselsnummer")
    if not number:
        values.note(Code.NO_FODSELSNUMMER, individ, "Individ@DUFnummer" if text(individ, "DUFnummer") else "Individ@Fodselsnummer")
        return None
    fodt = fodselsnummer.birth_date(number, date(min(aar + 1, date.max.year), 12, 31))
    if fodt is None:
        values.note(Code.FODSELSNUMMER, individ, "Individ@Fodselsnummer")
        return None
    if fodt.isoformat() > values.uttrekk and not number.endswith(fodselsnummer.UNBORN):
        values.note(Code.AFTER_UTTREKK, individ, "Individ@Fodselsnummer")
    return fodt.isoformat()[:7]


def _check_repeated(individ: Element, values: Values, seen: set[tuple[str, str]]) -> None:
    for name in ("Journalnummer", "Fodselsnummer"):
        number = text(individ, name)
        if (name, number) in seen:
            values.note(Code.REPEATED_NUMBER, individ, f"Individ@{name}")
        elif number:
            seen.add((name, number))


def _once(individ: Element, kind: str, values: Values) -> list[Element]:
    """Each thing of that kind once, the first where its Id repeats (1.8)."""
    first: dict[str, Element] = {}
    return [element for element in individ.iterchildren(kind) if is_first(first, text(element, "Id"), element, kind, values.notes)]


def _dated(individ: Element, kind: str, values: Values, name: str = "StartDato") -> Iterable[tuple[Element, str]]:
    """Of each thing of that kind the element and its own day; one without is left out."""
    for element in _once(individ, kind, values):
        dato = values.own_date(element, kind, name)
        if dato is not None:
            yield element, dato


def _conclusion(element: Element, path: str, codes: dict[str, int], values: Values) -> tuple[str | None, int | None]:
    """Day and code, which stand in the element itself; a code without a day is no conclusion (`domain.md` 10)."""
    if element.get("Konklusjon") is None and element.get("SluttDato") is None:
        return None, None
    slutt = values.own_end(element, path)
    if slutt is None and element.get("SluttDato") is None:
        values.note(Code.NO_END_DATE, element, f"{path}@SluttDato")
    kode = values.code(element, path, codes, "Konklusjon")
    return slutt, kode if slutt is not None else None


def _melding(element: Element, mottatt: str, values: Values) -> Melding:
    konkludert, kode = _conclusion(element, "Melding", kodelister.KOSTRA_MELDING_KONKLUSJON, values)
    values.check(element, "Melding", mottatt, konkludert)
    return Melding(mottatt, konkludert, kode, frister.melding(mottatt))


def _undersokelser(meldinger: Iterable[tuple[Element, str | None]], values: Values) -> list[Undersokelse]:
    """Each once, with the deadline that follows from the earliest receipt among the meldinger that it stands under (4.5)."""
    path = "Melding/Undersokelse"
    first: dict[str, Element] = {}
    received: dict[str, list[str]] = {}
    found: list[tuple[Element, list[str]]] = []
    for melding, mottatt in meldinger:
        for element in melding.iterchildren("Undersokelse"):
            name = text(element, "Id")
            days = received.setdefault(name, []) if name else []
            if mottatt is not None:
                days.append(mottatt)
            if is_first(first, name, element, path, values.notes):
                found.append((element, days))
    undersokelser: list[Undersokelse] = []
    for element, days in found:
        startet = values.own_date(element, path)
        if startet is None:
            continue
        konkludert, kode = _conclusion(element, path, kodelister.KOSTRA_UNDERSOKELSE_KONKLUSJON, values)
        values.check(element, path, startet, konkludert)
        frist = frister.undersokelse(startet, min(days, default=None), utvidet=False)  # 2.5
        undersokelser.append(Undersokelse(startet, konkludert, kode, frist))
    return undersokelser


def _planer(individ: Element, values: Values) -> tuple[list[Plan], list[str]]:
    """The plans, and the days of their evaluations, of which each has one at most."""
    planer: list[Plan] = []
    days: list[str] = []
    for element, start in _dated(individ, "Plan", values):
        slutt = values.own_end(element, "Plan")
        values.check(element, "Plan", start, slutt)
        planer.append(Plan(start, slutt, values.code(element, "Plan", kodelister.PLANTYPE, "Plantype")))
        if element.get("EvaluertDato") is None:
            continue
        done = values.own_date(element, "Plan", "EvaluertDato")
        if done is not None:
            values.check(element, "Plan", done, name="EvaluertDato")
            days.append(done)
    return planer, days


def _tiltak(element: Element, start: str, values: Values) -> Tiltak:
    children = by_tag(element)
    slutt = values.own_end(element, "Tiltak")
    values.check(element, "Tiltak", start, slutt)
    kategori = values.child_code(element, children, "Tiltak", "Kategori", kodelister.KATEGORI)
    opphevelse = children.get("Opphevelse")
    opphevet = None if opphevelse is None else values.code(opphevelse, "Tiltak/Opphevelse", kodelister.OPPHEVELSE)
    hjemmel = values.hjemmel(_parts(children.get("Lovhjemmel")), element, "Tiltak/Lovhjemmel")
    jmfr = tuple(values.hjemmel(_parts(each), each, "Tiltak/JmfrLovhjemmel") for each in element.iterchildren("JmfrLovhjemmel"))
    omsorg, akutt, hjelpetiltak = lovhjemmel.flagg(hjemmel, jmfr)
    return Tiltak(start, slutt, kategori, omsorg, akutt, hjelpetiltak, lovhjemmel.plassering(kategori), opphevet)


def _parts(element: Element | None) -> list[tuple[str, str]]:
    return [] if element is None else [(name, value) for name in _HJEMMEL if (value := element.get(name)) is not None]


def _flytting(element: Element, dato: str, values: Values) -> Flytting:
    children = by_tag(element)
    values.check(element, "Flytting", dato, name="SluttDato")
    arsak = values.child_code(element, children, "Flytting", "ArsakFra", kodelister.ARSAK_FRA)
    til = values.child_code(element, children, "Flytting", "FlyttingTil", kodelister.FLYTTING_TIL)
    return Flytting(dato, arsak, til)
