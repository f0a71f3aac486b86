"""Deadlines (rules 4.5 and 5.4): at month ends, over leap days, from the melding or the undersøkelse itself."""

from typing import Any

import pytest

from preview.parsing import frister
from tests.builders.case_xml import melding, relasjon, slettet, uid, undersokelse
from tests.preview.parsing.parser_helpers import case_content

MELDING, OTHER, UNDERSOKELSE = uid(1), uid(2), uid(3)


@pytest.mark.parametrize(
    ("mottatt", "frist"),
    [
        ("2024-01-10", "2024-01-17"),
        ("2024-02-22", "2024-02-29"),
        ("2024-02-23", "2024-03-01"),
        ("2023-02-22", "2023-03-01"),
        ("2024-12-25", "2025-01-01"),
        ("9999-12-30", "9999-12-31"),
    ],
)
def test_melding_deadline_is_seven_days(mottatt: str, frist: str) -> None:
    assert frister.melding_deadline(mottatt) == frist
    assert case_content(uttrekk="2024-12-31T00:00:00Z", meldinger=[melding(mottatt)]).meldinger[0].frist == frist


@pytest.mark.parametrize(
    ("mottatt", "frist", "extended"),
    [
        ("2024-01-10", "2024-04-17", "2024-07-17"),
        ("2023-11-22", "2024-02-29", "2024-05-29"),  # the week ends on the 29th: February has 29 days
        ("2022-11-23", "2023-02-28", "2023-05-30"),  # the week ends on the 30th: February is clipped
        ("2024-08-24", "2024-11-30", "2025-02-28"),  # the week ends on the 31st: both are clipped
        ("2024-08-25", "2024-12-01", "2025-03-01"),
        ("2024-09-25", "2025-01-02", "2025-04-02"),  # over the turn of the year
        ("9999-11-01", "9999-12-31", "9999-12-31"),
    ],
)
def test_undersokelse_deadline_is_three_or_six_months(mottatt: str, frist: str, extended: str) -> None:
    assert frister.undersokelse_deadline("2024-06-01", mottatt, utvidet=False) == frist
    assert frister.undersokelse_deadline("2024-06-01", mottatt, utvidet=True) == extended


@pytest.mark.parametrize(
    ("startet", "frist", "extended"),
    [
        ("2024-11-30", "2025-02-28", "2025-05-30"),
        ("2023-11-30", "2024-02-29", "2024-05-30"),
        ("2024-08-31", "2024-11-30", "2025-02-28"),
        ("2024-10-15", "2025-01-15", "2025-04-15"),
        ("9999-11-01", "9999-12-31", "9999-12-31"),
    ],
)
def test_deadline_without_melding_counts_from_own_start(startet: str, frist: str, extended: str) -> None:
    assert frister.undersokelse_deadline(startet, None, utvidet=False) == frist
    assert frister.undersokelse_deadline(startet, None, utvidet=True) == extended


def deadline(**case: Any) -> str:
    return case_content(uttrekk="2024-12-31T00:00:00Z", **case).undersokelser[0].frist


def relate_melding(fra: str, til: str = UNDERSOKELSE, **more: Any) -> str:
    return relasjon("Melding", fra, "Undersokelse", til, **more)


def test_deadline_counts_from_related_melding() -> None:
    case = {
        "meldinger": [melding("2024-01-10", id=MELDING)],
        "undersokelser": [undersokelse("2024-02-01", id=UNDERSOKELSE)],
    }
    assert deadline(**case) == "2024-05-01"
    assert deadline(**case, relasjoner=[relate_melding(MELDING)]) == "2024-04-17"


def test_deadline_counts_from_earliest_related_melding() -> None:
    case = {
        "meldinger": [melding("2024-01-20", id=MELDING), melding("2024-01-10", id=OTHER)],
        "undersokelser": [undersokelse("2024-02-01", id=UNDERSOKELSE)],
    }
    assert deadline(**case, relasjoner=[relate_melding(MELDING), relate_melding(OTHER)]) == "2024-04-17"
    assert deadline(**case, relasjoner=[relate_melding(MELDING)]) == "2024-04-27"


def test_deleted_melding_or_relasjon_is_ignored() -> None:
    open_case = [undersokelse("2024-02-01", id=UNDERSOKELSE)]
    own = "2024-05-01"
    assert (
        deadline(
            meldinger=[melding("2024-01-10", id=MELDING, ErSlettet=True)],
            undersokelser=open_case,
            relasjoner=[relate_melding(MELDING)],
        )
        == own
    )
    alive = [melding("2024-01-10", id=MELDING)]
    assert (
        deadline(meldinger=alive, undersokelser=open_case, relasjoner=[relate_melding(MELDING, ErSlettet=True)]) == own
    )
    assert (
        deadline(
            meldinger=alive,
            undersokelser=open_case,
            relasjoner=[relate_melding(MELDING)],
            slettinger=[slettet("Melding", MELDING)],
        )
        == own
    )
    relations = {"relasjoner": [relate_melding(MELDING, id=uid(4))], "slettinger": [slettet("Relasjon", uid(4))]}
    assert deadline(meldinger=alive, undersokelser=open_case, **relations) == own


def test_undated_melding_is_ignored() -> None:
    case = {
        "meldinger": [melding("unknown", id=MELDING)],
        "undersokelser": [undersokelse("2024-02-01", id=UNDERSOKELSE)],
    }
    assert deadline(**case, relasjoner=[relate_melding(MELDING)]) == "2024-05-01"


def test_reversed_or_other_relations_are_ignored() -> None:
    case = {
        "meldinger": [melding("2024-01-10", id=MELDING)],
        "undersokelser": [undersokelse("2024-02-01", id=UNDERSOKELSE)],
    }
    assert deadline(**case, relasjoner=[relasjon("Undersokelse", UNDERSOKELSE, "Melding", MELDING)]) == "2024-05-01"


def test_ids_are_compared_without_case_and_space() -> None:
    name = "ABCDEF00-0000-4000-8000-00000000000A"
    case = {
        "meldinger": [melding("2024-01-10", id=name)],
        "undersokelser": [undersokelse("2024-02-01", id=UNDERSOKELSE)],
    }
    assert deadline(**case, relasjoner=[relate_melding(f" {name.lower()} ")]) == "2024-04-17"


@pytest.mark.parametrize(("innvilget", "frist"), [("1", "2024-08-01"), ("2", "2024-05-01")])
def test_only_granted_extension_gives_six_months(innvilget: str, frist: str) -> None:
    assert deadline(undersokelser=[undersokelse("2024-02-01", utvidet=innvilget)]) == frist


def test_undecided_extension_gives_no_extra_time() -> None:
    end = '<UtvidetFrist StartDato="2024-03-01"/>'
    assert deadline(undersokelser=[undersokelse("2024-02-01", end=end)]) == "2024-05-01"
