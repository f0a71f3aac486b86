"""One `Sak` of a case folder, read into what is kept of it (`domain.md` 1.7 to 1.10, 4)."""

from datetime import date

from preview.model.case_records import Flytting, Innhold, Melding, Plan, Tiltak, Undersokelse
from preview.model.findings import Code, Notes
from preview.parsing import fodselsnummer, frister, hjemler, kodelister, lovhjemmel
from preview.parsing.dates import day
from preview.parsing.elements import Elements, is_first
from preview.parsing.lovhjemmel import Hjemmel
from preview.parsing.pseudonyms import same_id
from preview.parsing.ssb_checks.case import Case
from preview.parsing.ssb_checks.meldinger import check_melding
from preview.parsing.ssb_checks.personalia import check_person
from preview.parsing.ssb_checks.sak import check_sak
from preview.parsing.ssb_checks.tiltak import check_tiltak
from preview.parsing.ssb_checks.undersokelser import check_undersokelse
from preview.parsing.ssb_checks.vedtak import check_read_over
from preview.parsing.values import Values, by_tag
from preview.parsing.xml_input import Element


def read(sak: Element, uttrekk: str, notes: Notes, since: int) -> Innhold:
    """What is kept of a Sak that is not deleted.

    `uttrekk` is the day of its DatoUttrekk in Norway. `since` is how many of the file's findings are not this case's.
    """
    elements = Elements(sak, notes)
    values = Values(sak, uttrekk, notes)
    case = Case(sak, elements, values)
    early = _is_early(sak, elements)
    fodt = case.fodt = _early_birth(sak, values) if early else _fodt(case, values)
    check_read_over(case)
    meldinger = _meldinger(case, values)
    undersokelser = _undersokelser(case, values, meldinger)
    planer, evalueringer = _planer(case, values)
    tiltak, tilsyn = _tiltak(case, values)
    flyttinger = _flyttinger(elements, values)
    check_sak(case, early=early)
    return Innhold(
        fodt=fodt[:7] if fodt else None,
        meldinger=list(meldinger.values()),
        undersokelser=undersokelser,
        planer=planer,
        evalueringer=evalueringer,
        tiltak=tiltak,
        tilsyn=tilsyn,
        flyttinger=flyttinger,
        funn=notes.count - since,
    )


def _is_early(sak: Element, elements: Elements) -> bool:
    """Whether the Sak carries the person itself (`domain.md` 1.10)."""
    return not elements.any("Personalia") and any(sak.get(name) is not None for name in ("Fodselsnummer", "Fodseldato", "Kjonn"))


def _early_birth(sak: Element, values: Values) -> str | None:
    values.note(Code.EARLY_PERSON, sak, "Sak")
    _born(sak, "Sak", values)
    return _birth_day(sak, "Sak", values)


def _fodt(case: Case, values: Values) -> str | None:
    """The day of birth, of the newest Personalia (`domain.md` 1.9)."""
    newest, since = None, ""
    for person, _, counts in case.elements.things("Personalia"):
        case.has_person |= counts
        start = values.own_date(person, "Personalia") if counts else None
        if start is None:
            continue
        if start > values.uttrekk:
            values.note(Code.AFTER_UTTREKK, person, "Personalia@StartDato")
        if start >= since:
            newest, since = person, start
        check_person(case, person, start, day(person.get("Fodseldato")), _born(person, "Personalia", values))
    return None if newest is None else _birth_day(newest, "Personalia", values)


def _birth_day(person: Element, path: str, values: Values) -> str | None:
    fodt = day(person.get("Fodseldato"))
    if fodt is None:
        values.note(Code.BIRTH_DATE, person, f"{path}@Fodseldato")
        return None
    if fodt > values.uttrekk and person.get("Kjonn") != "0":
        values.note(Code.AFTER_UTTREKK, person, f"{path}@Fodseldato")
    return fodt


def _born(person: Element, path: str, values: Values) -> date | None:
    """The date in the number, which must hold one, though `Fodseldato` is the one that counts."""
    number = person.get("Fodselsnummer")
    if number is None:
        return None
    latest = date(min(int(values.uttrekk[:4]) + 1, date.max.year), 12, 31)
    found = fodselsnummer.birth_date(number.strip(), latest)
    if found is None:
        values.note(Code.FODSELSNUMMER, person, f"{path}@Fodselsnummer")
    return found


def _meldinger(case: Case, values: Values) -> dict[int | str, Melding]:
    """By their ids; one without gets a number."""
    found: dict[int | str, Melding] = {}
    for element, name, counts in case.elements.things("Melding"):
        mottatt = values.own_date(element, "Melding") if counts else None
        if mottatt is None:
            continue
        children = by_tag(element)
        konkludert, kode = values.conclusion(element, children, "Melding", kodelister.MELDING_KONKLUSJON)
        values.check(element, "Melding", mottatt, konkludert)
        melding = found[name or len(found)] = Melding(mottatt, konkludert, kode, frister.melding(mottatt))
        check_melding(case, element, children, melding)
    return found


def _undersokelser(case: Case, values: Values, meldinger: dict[int | str, Melding]) -> list[Undersokelse]:
    """Each with the deadline that follows from the meldinger that led to it (`domain.md` 4.5)."""
    led_to = case.elements.led_to("Melding", "Undersokelse")
    found: list[Undersokelse] = []
    for element, name, counts in case.elements.things("Undersokelse"):
        startet = values.own_date(element, "Undersokelse") if counts else None
        if startet is None:
            continue
        children = by_tag(element)
        konkludert, kode = values.conclusion(element, children, "Undersokelse", kodelister.UNDERSOKELSE_KONKLUSJON)
        values.check(element, "Undersokelse", startet, konkludert)
        mottatt = min([meldinger[each].mottatt for each in led_to.get(name, ()) if each in meldinger], default=None)
        extension = children.get("UtvidetFrist")
        utvidet = extension is not None and _granted(extension, values)
        undersokelse = Undersokelse(startet, konkludert, kode, frister.undersokelse(startet, mottatt, utvidet=utvidet))
        found.append(undersokelse)
        check_undersokelse(case, element, children, name, undersokelse, has_melding=name in led_to)
    return found


def _granted(extension: Element, values: Values) -> bool:
    """An extension may be asked for and not decided yet."""
    if extension.get("Innvilget") is None:
        return False
    return values.code(extension, "Undersokelse/UtvidetFrist", kodelister.INNVILGET, "Innvilget") or False


def _planer(case: Case, values: Values) -> tuple[list[Plan], list[str]]:
    """The plans, and the days of their evaluations."""
    found: list[Plan] = []
    days: list[str] = []
    for element, _, counts in case.elements.things("Plan"):
        start = values.own_date(element, "Plan") if counts else None
        if start is None:
            continue
        children = by_tag(element)
        _, slutt = values.end(element, children, "Plan")
        values.check(element, "Plan", start, slutt)
        case.starts.append(("Plan", start))
        if slutt is None:
            case.apne.append((element, "Plan"))
        found.append(Plan(start, slutt, values.code(element, "Plan", kodelister.PLANTYPE, "Plantype")))
        if "Evaluering" in children:
            for evaluering in element.iterchildren("Evaluering"):
                _done(evaluering, "Plan/Evaluering", values, days)
    return found, days


def _tiltak(case: Case, values: Values) -> tuple[list[Tiltak], list[str]]:
    """The measures, and the days of their tilsyn."""
    found: list[Tiltak] = []
    days: list[str] = []
    visits: dict[str, Element] = {}
    for element, name, counts in case.elements.things("Tiltak"):
        children = by_tag(element)
        start = values.own_date(element, "Tiltak") if counts else None
        if start is not None:
            found.append(_one_tiltak(case, element, children, name, start, values))
        if "Tilsyn" in children:
            for utfort in (each for tilsyn in element.iterchildren("Tilsyn") for each in tilsyn.iterchildren("Utfort")):
                # Those of a deleted tiltak are the first of their Id all the same (`domain.md` 1.8).
                if is_first(visits, same_id(utfort.get("Id")), utfort, "Tiltak/Tilsyn/Utfort", values.notes) and start is not None:
                    _done(utfort, "Tiltak/Tilsyn/Utfort", values, days)
    return found, days


def _one_tiltak(case: Case, element: Element, children: dict[str, Element], name: str, start: str, values: Values) -> Tiltak:
    _, slutt = values.end(element, children, "Tiltak")
    values.check(element, "Tiltak", start, slutt)
    kategori = values.child_code(element, children, "Tiltak", "Kategori", kodelister.KATEGORI)
    opphevelse = children.get("Opphevelse")
    opphevet = None if opphevelse is None else values.code(opphevelse, "Tiltak/Opphevelse", kodelister.OPPHEVELSE)
    written = hjemler.read(children.get("Lovhjemmel"))
    if written.hjemmel is None:
        values.note(Code.LOVHJEMMEL, element, "Tiltak/Lovhjemmel")
    jmfr = _jmfr(element, values) if "JmfrLovhjemmel" in children else ()
    omsorg, akutt, hjelpetiltak = lovhjemmel.flagg(written.hjemmel, jmfr)
    tiltak = Tiltak(start, slutt, kategori, omsorg, akutt, hjelpetiltak, lovhjemmel.plassering(kategori), opphevet)
    check_tiltak(case, element, children, name, tiltak, written)
    return tiltak


def _jmfr(tiltak: Element, values: Values) -> tuple[Hjemmel | None, ...]:
    found: list[Hjemmel | None] = []
    for element in tiltak.iterchildren("JmfrLovhjemmel"):
        found.append(hjemler.read(element).hjemmel)
        if found[-1] is None:
            values.note(Code.LOVHJEMMEL, element, "Tiltak/JmfrLovhjemmel")
    return tuple(found)


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
