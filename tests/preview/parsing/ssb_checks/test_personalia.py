"""Checks of Personalia. None of the persons exists."""

from typing import Any

import pytest

from tests.builders.case_xml import fodselsnummer, personalia
from tests.preview.parsing.ssb_checks.firing import NO_FINDINGS, fired_checks

BORN = "2010-03-15"


def person(start: str = "2020-01-01", fodt: str | None = BORN, **more: Any) -> list[tuple[str, str, str]]:
    return fired_checks(personer=[personalia(start, fodt, **more)])


def number(last: str, fodt: str = BORN) -> str:
    return f"{fodt[8:10]}{fodt[5:7]}{fodt[2:4]}{last}"


def test_personalia_2f() -> None:
    closed = {"slutt": "2024-06-01"}
    assert fired_checks(**closed, personer=[personalia("2024-06-02")]) == [
        ("warning", "personalia_2f", "Personalia@StartDato")
    ]
    assert (
        fired_checks(**closed, personer=[personalia("2024-06-01")])
        == fired_checks(personer=[personalia("2024-06-02")])
        == NO_FINDINGS
    )


def test_personalia_11() -> None:
    expected = [("warning", "personalia_11", "Sak")]
    assert fired_checks(personer=[]) == fired_checks(personer=[personalia(ErSlettet=True)]) == expected
    # an early file
    assert fired_checks(personer=[], Fodselsnummer=number("00100"), Fodseldato=BORN, Kjonn="1") == NO_FINDINGS


def test_personalia_12() -> None:
    good = fodselsnummer(BORN)
    bad = good[:-1] + str((int(good[-1]) + 1) % 10)
    assert person(Fodselsnummer=bad) == [("warning", "personalia_12", "Personalia@Fodselsnummer")]
    assert person(Fodselsnummer=good) == NO_FINDINGS
    assert "personalia_12" not in {
        code for _, code, _ in person(Fodselsnummer=number("99999"), kjonn="0", start="2010-01-01")
    }
    # none of the source's
    assert person(Fodselsnummer=number("55555")) == [("warning", "personalia_12", "Personalia@Fodselsnummer")]
    assert person(Fodselsnummer="32011000100") == NO_FINDINGS  # no possible date: there is a finding already


def test_personalia_13() -> None:
    assert person(fodt="2010-03-16", Fodselsnummer=fodselsnummer(BORN)) == [
        ("notice", "personalia_13", "Personalia@Fodselsnummer")
    ]
    assert person(fodt="1910-03-15", Fodselsnummer=fodselsnummer(BORN)) == [
        ("notice", "sak_7", "Sak"),
        ("warning", "sak_8", "Sak"),
    ]
    assert person() == NO_FINDINGS


def test_personalia_14() -> None:
    expected = [("warning", "personalia_14", "Personalia@Kjonn")]
    assert (
        person(Fodselsnummer=fodselsnummer(BORN, "2"))
        == person(kjonn="2", Fodselsnummer=fodselsnummer(BORN, "1"))
        == expected
    )
    assert person(kjonn="2") == NO_FINDINGS
    assert "personalia_14" not in {
        code for _, code, _ in person(kjonn="0", start="2010-01-01", Fodselsnummer=number("99999"))
    }
    assert ("notice", "personalia_18", "Personalia@Fodselsnummer") in person(kjonn="2", Fodselsnummer=number("00200"))


def test_personalia_15() -> None:
    expected = ("warning", "personalia_15", "Personalia@Fodselsnummer")
    assert expected in person(start="2010-03-16", kjonn="0", Fodselsnummer=number("99999"))
    assert expected not in person(start=BORN, kjonn="0", Fodselsnummer=number("99999"))
    assert expected not in person(start="2010-03-16", Fodselsnummer=number("00100"))


def test_personalia_16() -> None:
    expected = ("warning", "personalia_16", "Personalia@StartDato")
    assert expected in person(start="2009-06-14")
    assert expected not in person(start="2009-06-15")
    assert expected not in person(start="2010-03-16")


def test_personalia_17() -> None:
    expected = [("warning", "personalia_17", "Personalia@DUFnummer")]
    assert person(DUFnummer="202412345611") == person(DUFnummer="1234") == expected
    assert person(DUFnummer="202412345610") == person(DUFnummer=None) == NO_FINDINGS


@pytest.mark.parametrize("last", ["00100", "00200", "99999"])
def test_personalia_18(last: str) -> None:
    expected = ("notice", "personalia_18", "Personalia@Fodselsnummer")
    assert expected in person(start="2010-01-01", kjonn="0", Fodselsnummer=number(last))
    assert expected not in person()


def test_personalia_18_dnummer() -> None:
    expected = ("notice", "personalia_18_dnummer", "Personalia@Fodselsnummer")
    assert expected in person(fodt="1901-01-01", Fodselsnummer="41810100352")
    assert expected not in person()
    assert expected not in person(fodt="2010-03-31", start="2020-01-01")
