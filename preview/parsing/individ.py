"""Parses one `Individ` of a KOSTRA 15F file into the content that is stored (domain 2 and 4, docs/domain.md)."""

from collections.abc import Iterable

from preview.core import national_id
from preview.model.case_records import CaseContent, Flytting, Melding, Plan, Tiltak, Undersokelse
from preview.model.findings import FindingCode, FindingCollector
from preview.parsing import frister, kodelister, lovhjemmel
from preview.parsing.elements import register_unique
from preview.parsing.values import ValueReader, children_by_tag
from preview.parsing.xml_input import Element, attribute

_HJEMMEL_ATTRIBUTES = ("Lov", "Kapittel", "Paragraf", "Ledd")


def parse_individ(
    individ: Element, year: int, collector: FindingCollector, count_before: int, seen_numbers: set[tuple[str, str]]
) -> CaseContent:
    """Parse an Individ.

    Args:
        individ: The element.
        year: The year of the file (Versjon).
        collector: Collects the findings of the file.
        count_before: Number of faults of the file that are not those of this child.
        seen_numbers: Names and values of the numbers of earlier children; those of this child are added.
    """
    values = ValueReader(individ, f"{year:04}-12-31", collector, "Individ", "@SluttDato")
    fodt = _parse_birth_month(individ, year, values)
    _check_repeated_numbers(individ, values, seen_numbers)
    meldinger = [
        (element, values.required_date(element, "Melding")) for element in _unique_elements(individ, "Melding", values)
    ]
    planer, evalueringer = _parse_planer(individ, values)
    return CaseContent(
        fodt=fodt,
        meldinger=[_parse_melding(element, mottatt, values) for element, mottatt in meldinger if mottatt is not None],
        undersokelser=_parse_undersokelser(meldinger, values),
        planer=planer,
        evalueringer=evalueringer,
        tiltak=[
            _parse_tiltak(element, start, values) for element, start in _elements_with_date(individ, "Tiltak", values)
        ],
        tilsyn=[],
        flyttinger=[
            _parse_flytting(element, dato, values)
            for element, dato in _elements_with_date(individ, "Flytting", values, "SluttDato")
        ],
        finding_count=collector.count - count_before,
    )


def _parse_birth_month(individ: Element, year: int, values: ValueReader) -> str | None:
    """Return year and month of birth in the Fodselsnummer (rule 2.6); a DUFnummer holds no date."""
    number = attribute(individ, "Fodselsnummer")
    if not number:
        values.add_finding(
            FindingCode.NO_FODSELSNUMMER,
            individ,
            "Individ@DUFnummer" if attribute(individ, "DUFnummer") else "Individ@Fodselsnummer",
        )
        return None
    fodt = national_id.birth_date(number, year)
    if fodt is None:
        values.add_finding(FindingCode.FODSELSNUMMER, individ, "Individ@Fodselsnummer")
        return None
    if fodt.isoformat() > values.extract_day and not number.endswith(national_id.UNBORN_SUFFIX):
        values.add_finding(FindingCode.AFTER_UTTREKK, individ, "Individ@Fodselsnummer")
    return fodt.isoformat()[:7]


def _check_repeated_numbers(individ: Element, values: ValueReader, seen_numbers: set[tuple[str, str]]) -> None:
    for name in ("Journalnummer", "Fodselsnummer"):
        number = attribute(individ, name)
        if (name, number) in seen_numbers:
            values.add_finding(FindingCode.REPEATED_NUMBER, individ, f"Individ@{name}")
        elif number:
            seen_numbers.add((name, number))


def _unique_elements(individ: Element, kind: str, values: ValueReader) -> list[Element]:
    """Return the elements of a kind, of repeated Ids only the first (rule 1.8)."""
    seen: dict[str, Element] = {}
    return [
        element
        for element in individ.iterchildren(kind)
        if register_unique(seen, attribute(element, "Id"), element, kind, values.collector)
    ]


def _elements_with_date(
    individ: Element, kind: str, values: ValueReader, name: str = "StartDato"
) -> Iterable[tuple[Element, str]]:
    """Yield the unique elements of a kind with their day; an element without a day is left out."""
    for element in _unique_elements(individ, kind, values):
        dato = values.required_date(element, kind, name)
        if dato is not None:
            yield element, dato


def _parse_konklusjon(
    element: Element, path: str, codes: dict[str, int], values: ValueReader
) -> tuple[str | None, int | None]:
    """Return day and code of a conclusion, attributes of the element; a code without a day is none (rule 10)."""
    if element.get("Konklusjon") is None and element.get("SluttDato") is None:
        return None, None
    slutt = values.end_date(element, path)
    if slutt is None and element.get("SluttDato") is None:
        values.add_finding(FindingCode.NO_END_DATE, element, f"{path}@SluttDato")
    kode = values.parse_code(element, path, codes, "Konklusjon")
    return slutt, kode if slutt is not None else None


def _parse_melding(element: Element, mottatt: str, values: ValueReader) -> Melding:
    konkludert, kode = _parse_konklusjon(element, "Melding", kodelister.KOSTRA_MELDING_KONKLUSJON, values)
    values.check_dates(element, "Melding", mottatt, konkludert)
    return Melding(mottatt, konkludert, kode, frister.melding_deadline(mottatt))


def _parse_undersokelser(meldinger: Iterable[tuple[Element, str | None]], values: ValueReader) -> list[Undersokelse]:
    """Return the unique undersøkelser; the earliest receipt among their meldinger gives the deadline (rule 4.5)."""
    path = "Melding/Undersokelse"
    seen: dict[str, Element] = {}
    receipt_days: dict[str, list[str]] = {}
    unique: list[tuple[Element, list[str]]] = []
    for melding, mottatt in meldinger:
        for element in melding.iterchildren("Undersokelse"):
            element_id = attribute(element, "Id")
            days = receipt_days.setdefault(element_id, []) if element_id else []
            if mottatt is not None:
                days.append(mottatt)
            if register_unique(seen, element_id, element, path, values.collector):
                unique.append((element, days))
    undersokelser: list[Undersokelse] = []
    for element, days in unique:
        startet = values.required_date(element, path)
        if startet is None:
            continue
        konkludert, kode = _parse_konklusjon(element, path, kodelister.KOSTRA_UNDERSOKELSE_KONKLUSJON, values)
        values.check_dates(element, path, startet, konkludert)
        frist = frister.undersokelse_deadline(startet, min(days, default=None), utvidet=False)  # rule 2.5
        undersokelser.append(Undersokelse(startet, konkludert, kode, frist))
    return undersokelser


def _parse_planer(individ: Element, values: ValueReader) -> tuple[list[Plan], list[str]]:
    """Return the plans, and the days of their evaluations, of which each has at most one."""
    planer: list[Plan] = []
    evaluation_days: list[str] = []
    for element, start in _elements_with_date(individ, "Plan", values):
        slutt = values.end_date(element, "Plan")
        values.check_dates(element, "Plan", start, slutt)
        planer.append(Plan(start, slutt, values.parse_code(element, "Plan", kodelister.PLANTYPE, "Plantype")))
        if element.get("EvaluertDato") is None:
            continue
        evaluated = values.required_date(element, "Plan", "EvaluertDato")
        if evaluated is not None:
            values.check_dates(element, "Plan", evaluated, name="EvaluertDato")
            evaluation_days.append(evaluated)
    return planer, evaluation_days


def _parse_tiltak(element: Element, start: str, values: ValueReader) -> Tiltak:
    children = children_by_tag(element)
    slutt = values.end_date(element, "Tiltak")
    values.check_dates(element, "Tiltak", start, slutt)
    kategori = values.parse_child_code(element, children, "Tiltak", "Kategori", kodelister.KATEGORI)
    opphevelse = children.get("Opphevelse")
    opphevet = None if opphevelse is None else values.parse_code(opphevelse, "Tiltak/Opphevelse", kodelister.OPPHEVELSE)
    hjemmel = values.parse_hjemmel(_hjemmel_parts(children.get("Lovhjemmel")), element, "Tiltak/Lovhjemmel")
    jmfr = tuple(
        values.parse_hjemmel(_hjemmel_parts(jmfr_element), jmfr_element, "Tiltak/JmfrLovhjemmel")
        for jmfr_element in element.iterchildren("JmfrLovhjemmel")
    )
    omsorg, akutt, hjelpetiltak = lovhjemmel.flags(hjemmel, jmfr)
    return Tiltak(start, slutt, kategori, omsorg, akutt, hjelpetiltak, lovhjemmel.is_placement(kategori), opphevet)


def _hjemmel_parts(element: Element | None) -> list[tuple[str, str]]:
    return (
        []
        if element is None
        else [(name, value) for name in _HJEMMEL_ATTRIBUTES if (value := element.get(name)) is not None]
    )


def _parse_flytting(element: Element, dato: str, values: ValueReader) -> Flytting:
    children = children_by_tag(element)
    values.check_dates(element, "Flytting", dato, name="SluttDato")
    arsak = values.parse_child_code(element, children, "Flytting", "ArsakFra", kodelister.ARSAK_FRA)
    til = values.parse_child_code(element, children, "Flytting", "FlyttingTil", kodelister.FLYTTING_TIL)
    return Flytting(dato, arsak, til)
