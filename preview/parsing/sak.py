"""One `Sak` of a case folder, read into what is kept of it (`domain.md` 1.7 to 1.10, 4)."""

from datetime import date

from preview.core import national_id
from preview.model.case_records import CaseContent, Flytting, Melding, Plan, Tiltak, Undersokelse
from preview.model.findings import FindingCode, FindingCollector
from preview.parsing import frister, kodelister, lovhjemmel
from preview.parsing.dates import parse_date
from preview.parsing.elements import ElementIndex, register_unique
from preview.parsing.lovhjemmel import Hjemmel
from preview.parsing.pseudonyms import normalize_id
from preview.parsing.ssb_checks.case import CaseCheckContext
from preview.parsing.ssb_checks.meldinger import check_melding
from preview.parsing.ssb_checks.personalia import check_person
from preview.parsing.ssb_checks.sak import check_sak
from preview.parsing.ssb_checks.tiltak import check_tiltak
from preview.parsing.ssb_checks.undersokelser import check_undersokelse
from preview.parsing.ssb_checks.vedtak import check_unread_elements
from preview.parsing.values import ValueReader, children_by_tag
from preview.parsing.xml_input import Element


def parse_sak(sak: Element, extract_day: str, collector: FindingCollector, count_before: int) -> CaseContent:
    """What is kept of a Sak that is not deleted.

    `uttrekk` is the day of its DatoUttrekk in Norway. `since` is how many of the file's findings are not this case's.
    """
    elements = ElementIndex(sak, collector)
    values = ValueReader(sak, extract_day, collector)
    case = CaseCheckContext(sak, elements, values)
    early = _carries_person(sak, elements)
    fodt = case.fodt = _parse_early_birth_date(sak, values) if early else _parse_birth_date(case, values)
    check_unread_elements(case)
    meldinger = _parse_meldinger(case, values)
    undersokelser = _parse_undersokelser(case, values, meldinger)
    planer, evalueringer = _parse_planer(case, values)
    tiltak, tilsyn = _parse_all_tiltak(case, values)
    flyttinger = _parse_flyttinger(elements, values)
    check_sak(case, early=early)
    return CaseContent(
        fodt=fodt[:7] if fodt else None,
        meldinger=list(meldinger.values()),
        undersokelser=undersokelser,
        planer=planer,
        evalueringer=evalueringer,
        tiltak=tiltak,
        tilsyn=tilsyn,
        flyttinger=flyttinger,
        finding_count=collector.count - count_before,
    )


def _carries_person(sak: Element, elements: ElementIndex) -> bool:
    """Whether the Sak carries the person itself (`domain.md` 1.10)."""
    return not elements.has("Personalia") and any(sak.get(name) is not None for name in ("Fodselsnummer", "Fodseldato", "Kjonn"))


def _parse_early_birth_date(sak: Element, values: ValueReader) -> str | None:
    values.add_finding(FindingCode.EARLY_PERSON, sak, "Sak")
    _date_in_fodselsnummer(sak, "Sak", values)
    return _parse_fodseldato(sak, "Sak", values)


def _parse_birth_date(case: CaseCheckContext, values: ValueReader) -> str | None:
    """The day of birth, of the newest Personalia (`domain.md` 1.9)."""
    newest, since = None, ""
    for person, _, counts in case.elements.unique_elements("Personalia"):
        case.has_person |= counts
        start = values.required_date(person, "Personalia") if counts else None
        if start is None:
            continue
        if start > values.extract_day:
            values.add_finding(FindingCode.AFTER_UTTREKK, person, "Personalia@StartDato")
        if start >= since:
            newest, since = person, start
        check_person(case, person, start, parse_date(person.get("Fodseldato")), _date_in_fodselsnummer(person, "Personalia", values))
    return None if newest is None else _parse_fodseldato(newest, "Personalia", values)


def _parse_fodseldato(person: Element, path: str, values: ValueReader) -> str | None:
    fodt = parse_date(person.get("Fodseldato"))
    if fodt is None:
        values.add_finding(FindingCode.BIRTH_DATE, person, f"{path}@Fodseldato")
        return None
    if fodt > values.extract_day and person.get("Kjonn") != "0":
        values.add_finding(FindingCode.AFTER_UTTREKK, person, f"{path}@Fodseldato")
    return fodt


def _date_in_fodselsnummer(person: Element, path: str, values: ValueReader) -> date | None:
    """The date in the number, which must hold one, though `Fodseldato` is the one that counts."""
    number = person.get("Fodselsnummer")
    if number is None:
        return None
    found = national_id.birth_date(number.strip(), int(values.extract_day[:4]))
    if found is None:
        values.add_finding(FindingCode.FODSELSNUMMER, person, f"{path}@Fodselsnummer")
    return found


def _parse_meldinger(case: CaseCheckContext, values: ValueReader) -> dict[int | str, Melding]:
    """By their ids; one without gets a number."""
    found: dict[int | str, Melding] = {}
    for element, name, counts in case.elements.unique_elements("Melding"):
        mottatt = values.required_date(element, "Melding") if counts else None
        if mottatt is None:
            continue
        children = children_by_tag(element)
        konkludert, kode = values.parse_konklusjon(element, children, "Melding", kodelister.MELDING_KONKLUSJON)
        values.check_dates(element, "Melding", mottatt, konkludert)
        melding = found[name or len(found)] = Melding(mottatt, konkludert, kode, frister.melding_deadline(mottatt))
        check_melding(case, element, children, melding)
    return found


def _parse_undersokelser(case: CaseCheckContext, values: ValueReader, meldinger: dict[int | str, Melding]) -> list[Undersokelse]:
    """Each with the deadline that follows from the meldinger that led to it (`domain.md` 4.5)."""
    incoming = case.elements.incoming("Melding", "Undersokelse")
    found: list[Undersokelse] = []
    for element, name, counts in case.elements.unique_elements("Undersokelse"):
        startet = values.required_date(element, "Undersokelse") if counts else None
        if startet is None:
            continue
        children = children_by_tag(element)
        konkludert, kode = values.parse_konklusjon(element, children, "Undersokelse", kodelister.UNDERSOKELSE_KONKLUSJON)
        values.check_dates(element, "Undersokelse", startet, konkludert)
        mottatt = min([meldinger[each].mottatt for each in incoming.get(name, ()) if each in meldinger], default=None)
        extension = children.get("UtvidetFrist")
        utvidet = extension is not None and _is_extension_granted(extension, values)
        undersokelse = Undersokelse(startet, konkludert, kode, frister.undersokelse_deadline(startet, mottatt, utvidet=utvidet))
        found.append(undersokelse)
        check_undersokelse(case, element, children, name, undersokelse, has_melding=name in incoming)
    return found


def _is_extension_granted(extension: Element, values: ValueReader) -> bool:
    """An extension may be asked for and not decided yet."""
    if extension.get("Innvilget") is None:
        return False
    return values.parse_code(extension, "Undersokelse/UtvidetFrist", kodelister.INNVILGET, "Innvilget") or False


def _parse_planer(case: CaseCheckContext, values: ValueReader) -> tuple[list[Plan], list[str]]:
    """The plans, and the days of their evaluations."""
    found: list[Plan] = []
    days: list[str] = []
    for element, _, counts in case.elements.unique_elements("Plan"):
        start = values.required_date(element, "Plan") if counts else None
        if start is None:
            continue
        children = children_by_tag(element)
        _, slutt = values.find_konklusjon(element, children, "Plan")
        values.check_dates(element, "Plan", start, slutt)
        case.element_starts.append(("Plan", start))
        if slutt is None:
            case.open_elements.append((element, "Plan"))
        found.append(Plan(start, slutt, values.parse_code(element, "Plan", kodelister.PLANTYPE, "Plantype")))
        if "Evaluering" in children:
            for evaluering in element.iterchildren("Evaluering"):
                _append_utfort_dato(evaluering, "Plan/Evaluering", values, days)
    return found, days


def _parse_all_tiltak(case: CaseCheckContext, values: ValueReader) -> tuple[list[Tiltak], list[str]]:
    """The measures, and the days of their tilsyn."""
    found: list[Tiltak] = []
    days: list[str] = []
    visits: dict[str, Element] = {}
    for element, name, counts in case.elements.unique_elements("Tiltak"):
        children = children_by_tag(element)
        start = values.required_date(element, "Tiltak") if counts else None
        if start is not None:
            found.append(_parse_tiltak(case, element, children, name, start, values))
        if "Tilsyn" in children:
            for utfort in (each for tilsyn in element.iterchildren("Tilsyn") for each in tilsyn.iterchildren("Utfort")):
                # Those of a deleted tiltak are the first of their Id all the same (`domain.md` 1.8).
                if (
                    register_unique(visits, normalize_id(utfort.get("Id")), utfort, "Tiltak/Tilsyn/Utfort", values.collector)
                    and start is not None
                ):
                    _append_utfort_dato(utfort, "Tiltak/Tilsyn/Utfort", values, days)
    return found, days


def _parse_tiltak(
    case: CaseCheckContext, element: Element, children: dict[str, Element], name: str, start: str, values: ValueReader
) -> Tiltak:
    _, slutt = values.find_konklusjon(element, children, "Tiltak")
    values.check_dates(element, "Tiltak", start, slutt)
    kategori = values.parse_child_code(element, children, "Tiltak", "Kategori", kodelister.KATEGORI)
    opphevelse = children.get("Opphevelse")
    opphevet = None if opphevelse is None else values.parse_code(opphevelse, "Tiltak/Opphevelse", kodelister.OPPHEVELSE)
    parsed_hjemmel = lovhjemmel.parse_hjemmel_element(children.get("Lovhjemmel"))
    if parsed_hjemmel.hjemmel is None:
        values.add_finding(FindingCode.LOVHJEMMEL, element, "Tiltak/Lovhjemmel")
    jmfr = _parse_jmfr(element, values) if "JmfrLovhjemmel" in children else ()
    omsorg, akutt, hjelpetiltak = lovhjemmel.flags(parsed_hjemmel.hjemmel, jmfr)
    tiltak = Tiltak(start, slutt, kategori, omsorg, akutt, hjelpetiltak, lovhjemmel.is_placement(kategori), opphevet)
    check_tiltak(case, element, children, name, tiltak, parsed_hjemmel)
    return tiltak


def _parse_jmfr(tiltak: Element, values: ValueReader) -> tuple[Hjemmel | None, ...]:
    found: list[Hjemmel | None] = []
    for element in tiltak.iterchildren("JmfrLovhjemmel"):
        found.append(lovhjemmel.parse_hjemmel_element(element).hjemmel)
        if found[-1] is None:
            values.add_finding(FindingCode.LOVHJEMMEL, element, "Tiltak/JmfrLovhjemmel")
    return tuple(found)


def _parse_flyttinger(elements: ElementIndex, values: ValueReader) -> list[Flytting]:
    """The moves, those of unknown cause or goal too."""
    found: list[Flytting] = []
    for element, _, counts in elements.unique_elements("Flytting"):
        dato = values.required_date(element, "Flytting", "SluttDato") if counts else None
        if dato is None:
            continue
        children = children_by_tag(element)
        values.check_dates(element, "Flytting", dato, name="SluttDato")
        arsak = values.parse_child_code(element, children, "Flytting", "ArsakFra", kodelister.ARSAK_FRA)
        til = values.parse_child_code(element, children, "Flytting", "FlyttingTil", kodelister.FLYTTING_TIL)
        found.append(Flytting(dato, arsak, til))
    return found


def _append_utfort_dato(element: Element, path: str, values: ValueReader, days: list[str]) -> None:
    done = values.required_date(element, path, "UtfortDato")
    if done is not None:
        values.check_dates(element, path, done, name="UtfortDato")
        days.append(done)
