"""Checks of Personalia: numbers, dates and sex of the person, none of which is stored."""

from datetime import date

from preview.core.national_id import PLACEHOLDER_SUFFIXES, UNBORN_SUFFIX, is_d_number, is_dufnummer, is_fodselsnummer
from preview.parsing import frister
from preview.parsing.ssb_checks.case import CaseCheckContext
from preview.parsing.xml_input import Element

_CHECKED_SUFFIXES = PLACEHOLDER_SUFFIXES - {"55555"}  # Personalia kontroll 18 does not name 55555
_PREGNANCY_MONTHS = 9


def check_person(
    case: CaseCheckContext, person: Element, start: str, fodt: str | None, date_in_number: date | None
) -> None:
    """Check one Personalia.

    Args:
        case: Context of the case.
        person: The Personalia element.
        start: Its StartDato.
        fodt: Its Fodseldato, if it is readable.
        date_in_number: The date in its Fodselsnummer; None if it holds none, for which there is a finding already.
    """
    if case.slutt is not None and start > case.slutt:
        case.add_finding("personalia_2f", person)
    if fodt is not None and start < fodt:
        _check_unborn(case, person, start, fodt)
    if date_in_number is not None:
        _check_number(case, person, start, date_in_number, fodt)
    if not case.is_within(start, start):
        case.check_plausible_years(person, "Personalia", start)
    duf = person.get("DUFnummer")
    if duf and not is_dufnummer(duf.strip()):
        case.add_finding("personalia_17", person)


def _check_number(case: CaseCheckContext, person: Element, start: str, date_in_number: date, fodt: str | None) -> None:
    number = person.get("Fodselsnummer", "").strip()
    suffix = number[6:]
    if suffix in _CHECKED_SUFFIXES:
        case.add_finding("personalia_18", person)
        if suffix == UNBORN_SUFFIX and fodt is not None and start > fodt:
            case.add_finding("personalia_15", person)
    else:
        if not is_fodselsnummer(number):
            case.add_finding("personalia_12", person)
        if is_d_number(number):
            case.add_finding("personalia_18_dnummer", person)
    if fodt is not None and fodt[2:] != date_in_number.isoformat()[2:]:  # the century is not compared: it is inferred
        case.add_finding("personalia_13", person)
    kjonn = person.get("Kjonn")
    if kjonn is not None and suffix != UNBORN_SUFFIX and kjonn != ("1" if number[8] in "13579" else "2"):
        case.add_finding("personalia_14", person)


def _check_unborn(case: CaseCheckContext, person: Element, start: str, fodt: str) -> None:
    if frister.plus_months(date.fromisoformat(start), _PREGNANCY_MONTHS).isoformat() < fodt:
        case.add_finding("personalia_16", person)
