"""The controls of Personalia: the person's numbers, dates and sex, which are looked at here and kept nowhere."""

from datetime import date

from preview.parsing import frister
from preview.parsing.fodselsnummer import UNBORN
from preview.parsing.ssb_checks import check_digits
from preview.parsing.ssb_checks.case import Case
from preview.parsing.xml_input import Element

_NO_NUMBER_YET = ("00100", "00200", UNBORN)  # the last five digits
_PREGNANCY = 9  # months


def check_person(case: Case, person: Element, start: str, fodt: str | None, born: date | None) -> None:
    """`fodt` is its Fodseldato, `born` the date that its Fodselsnummer holds; None where it holds none, which is told already."""
    if case.slutt is not None and start > case.slutt:
        case.note("personalia_2f", person)
    if fodt is not None and start < fodt:
        _unborn(case, person, start, fodt)
    if born is not None:
        _number(case, person, start, born, fodt)
    if not case.is_within(start, start):
        case.check_years(person, "Personalia", start)
    duf = person.get("DUFnummer")
    if duf and not check_digits.is_dufnummer(duf.strip()):
        case.note("personalia_17", person)


def _number(case: Case, person: Element, start: str, born: date, fodt: str | None) -> None:
    number = person.get("Fodselsnummer", "").strip()
    last = number[6:]
    if last in _NO_NUMBER_YET:
        case.note("personalia_18", person)
        if last == UNBORN and fodt is not None and start > fodt:
            case.note("personalia_15", person)
    else:
        if not check_digits.is_fodselsnummer(number):
            case.note("personalia_12", person)
        if number >= "4":
            case.note("personalia_18_dnummer", person)
    if fodt is not None and not number.startswith(fodt[8:] + fodt[5:7] + fodt[2:4]) and fodt[2:] != born.isoformat()[2:]:
        case.note("personalia_13", person)  # the centuries aside: a number holds none
    kjonn = person.get("Kjonn")
    if kjonn is not None and last != UNBORN and kjonn != ("1" if number[8] in "13579" else "2"):
        case.note("personalia_14", person)


def _unborn(case: Case, person: Element, start: str, fodt: str) -> None:
    if frister.plus_months(date.fromisoformat(start), _PREGNANCY).isoformat() < fodt:
        case.note("personalia_16", person)
