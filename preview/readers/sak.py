"""One `Sak` of a case folder, read into what is kept of it (`domain.md` 1.7 to 1.10, 4)."""

from datetime import date

from preview.readers import fodselsnummer, frister, kodelister, lovhjemmel
from preview.readers.dates import day
from preview.readers.elements import Elements, is_first
from preview.readers.findings import Code, Notes
from preview.readers.folders import Flytting, Innhold, Melding, Plan, Tiltak, Undersokelse
from preview.readers.hashes import same_id
from preview.readers.values import Values, by_tag
from preview.readers.xml_input import Element


def read(sak: Element, uttrekk: str, notes: Notes, since: int) -> Innhold:
    """What is kept of a Sak that is not deleted.

    `uttrekk` is the day of its DatoUttrekk in Norway. `since` is how many of the file's findings are not this case's.
    """
    elements = Elements(sak, notes)
    values = Values(sak, uttrekk, notes)
    fodt = _fodt(sak, elements, values)
    meldinger = _meldinger(elements, values)
    undersokelser = _undersokelser(elements, values, meldinger)
    planer, evalueringer = _planer(elements, values)
    tiltak, tilsyn = _tiltak(elements, values)
    return Innhold(
        fodt=fodt,
        meldinger=list(meldinger.values()),
        undersokelser=undersokelser,
        planer=planer,
        evalueringer=evalueringer,
        tiltak=tiltak,
        tilsyn=tilsyn,
        flyttinger=_flyttinger(elements, values),
        funn=notes.count - since,
    )


def _fodt(sak: Element, elements: Elements, values: Values) -> str | None:
    """Year and month of birth, of the newest Personalia (`domain.md` 1.9) or, in early files, of the Sak itself (1.10)."""
    if not elements.any("Personalia"):
        if all(sak.get(name) is None for name in ("Fodselsnummer", "Fodseldato", "Kjonn")):
            return None
        values.note(Code.EARLY_PERSON, sak, "Sak")
        _check_number(sak, "Sak", values)
        return _birth_month(sak, "Sak", values)
    newest, since = None, ""
    for person, _, counts in elements.things("Personalia"):
        start = values.own_date(person, "Personalia") if counts else None
        if start is None:
            continue
        if start > values.uttrekk:
            values.note(Code.AFTER_UTTREKK, person, "Personalia@StartDato")
        if start >= since:
            newest, since = person, start
        _check_number(person, "Personalia", values)
    return None if newest is None else _birth_month(newest, "Personalia", values)


def _birth_month(person: Element, path: str, values: Values) -> str | None:
    fodt = day(person.get("Fodseldato"))
    if fodt is None:
        values.note(Code.BIRTH_DATE, person, f"{path}@Fodseldato")
        return None
    if fodt > values.uttrekk and person.get("Kjonn") != "0":
        values.note(Code.AFTER_UTTREKK, person, f"{path}@Fodseldato")
    return fodt[:7]


def _check_number(person: Element, path: str, values: Values) -> None:
    """The number must hold a date, though `Fodseldato` is the one that counts."""
    number = person.get("Fodselsnummer")
    latest = date(min(int(values.uttrekk[:4]) + 1, date.max.year), 12, 31)
    if number is not None and fodselsnummer.birth_date(number.strip(), latest) is None:
        values.note(Code.FODSELSNUMMER, person, f"{path}@Fodselsnummer")


def _meldinger(elements: Elements, values: Values) -> dict[int | str, Melding]:
    """By their ids; one without gets a number."""
    found: dict[int | str, Melding] = {}
    for element, name, counts in elements.things("Melding"):
        mottatt = values.own_date(element, "Melding") if counts else None
        if mottatt is None:
            continue
        konkludert, kode = values.conclusion(element, by_tag(element), "Melding", kodelister.MELDING_KONKLUSJON)
        values.check(element, "Melding", mottatt, konkludert)
        found[name or len(found)] = Melding(mottatt, konkludert, kode, frister.melding(mottatt))
    return found


def _undersokelser(elements: Elements, values: Values, meldinger: dict[int | str, Melding]) -> list[Undersokelse]:
    """Each with the deadline that follows from the meldinger that led to it (`domain.md` 4.5)."""
    led_to = elements.led_to("Melding", "Undersokelse")
    found: list[Undersokelse] = []
    for element, name, counts in elements.things("Undersokelse"):
        startet = values.own_date(element, "Undersokelse") if counts else None
        if startet is None:
            continue
        children = by_tag(element)
        konkludert, kode = values.conclusion(element, children, "Undersokelse", kodelister.UNDERSOKELSE_KONKLUSJON)
        values.check(element, "Undersokelse", startet, konkludert)
        mottatt = min([meldinger[each].mottatt for each in led_to.get(name, ()) if each in meldinger], default=None)
        extension = children.get("UtvidetFrist")
        utvidet = extension is not None and _granted(extension, values)
        found.append(Undersokelse(startet, konkludert, kode, frister.undersokelse(startet, mottatt, utvidet=utvidet)))
    return found


def _granted(extension: Element, values: Values) -> bool:
    """An extension may be asked for and not decided yet."""
    if extension.get("Innvilget") is None:
        return False
    return values.code(extension, "Undersokelse/UtvidetFrist", kodelister.INNVILGET, "Innvilget") or False


def _planer(elements: Elements, values: Values) -> tuple[list[Plan], list[str]]:
    """The plans, and the days of their evaluations."""
    found: list[Plan] = []
    days: list[str] = []
    for element, _, counts in elements.things("Plan"):
        start = values.own_date(element, "Plan") if counts else None
        if start is None:
            continue
        children = by_tag(element)
        _, slutt = values.end(element, children, "Plan")
        values.check(element, "Plan", start, slutt)
        found.append(Plan(start, slutt, values.code(element, "Plan", kodelister.PLANTYPE, "Plantype")))
        if "Evaluering" in children:
            for evaluering in element.iterchildren("Evaluering"):
                _done(evaluering, "Plan/Evaluering", values, days)
    return found, days


def _tiltak(elements: Elements, values: Values) -> tuple[list[Tiltak], list[str]]:
    """The measures, and the days of their tilsyn."""
    found: list[Tiltak] = []
    days: list[str] = []
    visits: dict[str, Element] = {}
    for element, _, counts in elements.things("Tiltak"):
        children = by_tag(element)
        start = values.own_date(element, "Tiltak") if counts else None
        if start is not None:
            found.append(_one_tiltak(element, children, start, values))
        if "Tilsyn" in children:
            for utfort in element.iterfind("Tilsyn/Utfort"):
                # Those of a deleted tiltak are the first of their Id all the same (`domain.md` 1.8).
                if is_first(visits, same_id(utfort.get("Id")), utfort, "Tiltak/Tilsyn/Utfort", values.notes) and start is not None:
                    _done(utfort, "Tiltak/Tilsyn/Utfort", values, days)
    return found, days


def _one_tiltak(element: Element, children: dict[str, Element], start: str, values: Values) -> Tiltak:
    _, slutt = values.end(element, children, "Tiltak")
    values.check(element, "Tiltak", start, slutt)
    kategori = values.child_code(element, children, "Tiltak", "Kategori", kodelister.KATEGORI)
    opphevelse = children.get("Opphevelse")
    opphevet = None if opphevelse is None else values.code(opphevelse, "Tiltak/Opphevelse", kodelister.OPPHEVELSE)
    hjemmel = values.hjemmel(_parts(children.get("Lovhjemmel")), element, "Tiltak/Lovhjemmel")
    jmfr: tuple[lovhjemmel.Hjemmel | None, ...] = ()
    if "JmfrLovhjemmel" in children:
        jmfr = tuple(values.hjemmel(_parts(each), each, "Tiltak/JmfrLovhjemmel") for each in element.iterchildren("JmfrLovhjemmel"))
    omsorg, akutt, hjelpetiltak = lovhjemmel.flagg(hjemmel, jmfr)
    return Tiltak(start, slutt, kategori, omsorg, akutt, hjelpetiltak, lovhjemmel.plassering(kategori), opphevet)


def _parts(element: Element | None) -> list[tuple[str, str]]:
    return [] if element is None else [(child.tag, child.text or "") for child in element]


def _flyttinger(elements: Elements, values: Values) -> list[Flytting]:
    """The moves, those of unknown cause or goal too."""
    found: list[Flytting] = []
    for element, _, counts in elements.things("Flytting"):
        dato = values.own_date(element, "Flytting", "SluttDato") if counts else None
        if dato is None:
            continue
        children = by_tag(element)
        values.check(element, "Flytting", dato, name="SluttDato")
        arsak = values.child_code(element, children, "Flytting", "ArsakFra", kodelister.ARSAK_FRA)
        til = values.child_code(element, children, "Flytting", "FlyttingTil", kodelister.FLYTTING_TIL)
        found.append(Flytting(dato, arsak, til))
    return found


def _done(element: Element, path: str, values: Values, days: list[str]) -> None:
    done = values.own_date(element, path, "UtfortDato")
    if done is not None:
        values.check(element, path, done, name="UtfortDato")
        days.append(done)
