"""Parses one `Sak` of a v4 file into the content that is stored (domain 1.7 to 1.10 and 4, docs/domain.md)."""

from collections.abc import Iterable
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
    """Parse a Sak that is not deleted, and run Statistics Norway's checks on it.

    Args:
        sak: The element.
        extract_day: Day of the DatoUttrekk in Norway, as ISO text.
        collector: Collects the findings of the file.
        count_before: Number of faults of the file that are not those of this case.
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
    """Return whether the person's attributes are on the Sak itself, as in early files (rule 1.10)."""
    return not elements.has("Personalia") and any(
        sak.get(name) is not None for name in ("Fodselsnummer", "Fodseldato", "Kjonn")
    )


def _parse_early_birth_date(sak: Element, values: ValueReader) -> str | None:
    values.add_finding(FindingCode.EARLY_PERSON, sak, "Sak")
    _date_in_fodselsnummer(sak, "Sak", values)
    return _parse_fodseldato(sak, "Sak", values)


def _parse_birth_date(case: CaseCheckContext, values: ValueReader) -> str | None:
    """Return the day of birth of the newest Personalia (rule 1.9)."""
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
        check_person(
            case,
            person,
            start,
            parse_date(person.get("Fodseldato")),
            _date_in_fodselsnummer(person, "Personalia", values),
        )
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
    """Return the date in the Fodselsnummer, for checks only: `Fodseldato` is the birth date that counts."""
    number = person.get("Fodselsnummer")
    if number is None:
        return None
    found = national_id.birth_date(number.strip(), int(values.extract_day[:4]))
    if found is None:
        values.add_finding(FindingCode.FODSELSNUMMER, person, f"{path}@Fodselsnummer")
    return found


def _parse_meldinger(case: CaseCheckContext, values: ValueReader) -> dict[int | str, Melding]:
    """Return the meldinger by id; one without an id has a number instead."""
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


def _parse_undersokelser(
    case: CaseCheckContext, values: ValueReader, meldinger: dict[int | str, Melding]
) -> list[Undersokelse]:
    """Return the undersøkelser; the meldinger that led to one give its deadline (rule 4.5)."""
    incoming = case.elements.incoming("Melding", "Undersokelse")
    found: list[Undersokelse] = []
    for element, name, counts in case.elements.unique_elements("Undersokelse"):
        startet = values.required_date(element, "Undersokelse") if counts else None
        if startet is None:
            continue
        children = children_by_tag(element)
        konkludert, kode = values.parse_konklusjon(
            element, children, "Undersokelse", kodelister.UNDERSOKELSE_KONKLUSJON
        )
        values.check_dates(element, "Undersokelse", startet, konkludert)
        mottatt = _first_receipt(meldinger, incoming.get(name, ()))
        extension = children.get("UtvidetFrist")
        utvidet = extension is not None and _is_extension_granted(extension, values)
        undersokelse = Undersokelse(
            startet, konkludert, kode, frister.undersokelse_deadline(startet, mottatt, utvidet=utvidet)
        )
        found.append(undersokelse)
        check_undersokelse(case, element, children, name, undersokelse, has_melding=name in incoming)
    return found


def _first_receipt(meldinger: dict[int | str, Melding], ids: Iterable[str]) -> str | None:
    return min([meldinger[melding_id].mottatt for melding_id in ids if melding_id in meldinger], default=None)


def _is_extension_granted(extension: Element, values: ValueReader) -> bool:
    """Return whether an extension was granted; a requested one need not be decided yet."""
    if extension.get("Innvilget") is None:
        return False
    return values.parse_code(extension, "Undersokelse/UtvidetFrist", kodelister.INNVILGET, "Innvilget") or False


def _parse_planer(case: CaseCheckContext, values: ValueReader) -> tuple[list[Plan], list[str]]:
    """Return the plans, and the days of their evaluations."""
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
    """Return the measures, and the days of their supervision visits."""
    found: list[Tiltak] = []
    days: list[str] = []
    seen_visits: dict[str, Element] = {}
    for element, name, counts in case.elements.unique_elements("Tiltak"):
        children = children_by_tag(element)
        start = values.required_date(element, "Tiltak") if counts else None
        if start is not None:
            found.append(_parse_tiltak(case, element, children, name, start, values))
        if "Tilsyn" in children:
            for utfort in element.iterfind("Tilsyn/Utfort"):
                # Visits of a deleted tiltak are registered too: of repeated Ids only the first counts (rule 1.8).
                visit_id = normalize_id(utfort.get("Id"))
                is_first = register_unique(seen_visits, visit_id, utfort, "Tiltak/Tilsyn/Utfort", values.collector)
                if is_first and start is not None:
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
    """Return the moves, also those whose reason or place is unknown."""
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
