"""Elements that count, repeated ids and dangling references (rules 1.7 to 1.9 and 10)."""

from collections.abc import Callable
from typing import Any

import pytest

from preview.model.case_records import Melding
from tests.builders.case_xml import (
    element,
    flytting,
    konklusjon,
    melding,
    personalia,
    plan,
    relasjon,
    slettet,
    tiltak,
    uid,
    undersokelse,
    utfort,
    vedtak,
)
from tests.preview.parsing.parser_helpers import case_content, findings

# By kind of element: argument of the builder, function that makes an element of a day, and attribute of the record.
KINDS: dict[str, tuple[str, Callable[..., str], str]] = {
    "Melding": ("meldinger", melding, "meldinger"),
    "Undersokelse": ("undersokelser", undersokelse, "undersokelser"),
    "Plan": ("planer", plan, "planer"),
    "Tiltak": ("tiltak", tiltak, "tiltak"),
    "Flytting": ("flyttinger", flytting, "flyttinger"),
}
A, B = uid(1), uid(2)
DANGLING_SLETTET = ("warning", "dangling_slettet", "Slettet")
DANGLING_RELASJON = ("warning", "dangling_relasjon", "Relasjon")


@pytest.mark.parametrize("kind", KINDS)
def test_deleted_element_does_not_count(kind: str) -> None:
    group, make, attribute = KINDS[kind]
    case = {
        group: [
            make("2024-01-10", ErSlettet=True),
            make("2024-01-11", ErSlettet=False),
            make("2024-01-12", ErSlettet="1"),
        ]
    }
    assert len(getattr(case_content(**case), attribute)) == 1
    assert "2024-01-11" in getattr(case_content(**case), attribute)[0].__repr__()
    assert findings(**case) == []


@pytest.mark.parametrize("kind", KINDS)
def test_deleted_element_is_not_parsed(kind: str) -> None:
    group, make, _ = KINDS[kind]
    assert findings(**{group: [make(None, ErSlettet=True)]}) == []


@pytest.mark.parametrize("kind", KINDS)
def test_element_is_deleted_by_slettet_with_its_id_and_type(kind: str) -> None:
    group, make, attribute = KINDS[kind]
    first, second = make("2024-01-10", id=A), make("2024-01-11", id=B)
    content = case_content(**{group: [first, second]}, slettinger=[slettet(kind, f" {A.upper()} ")])
    assert getattr(content, attribute) == getattr(case_content(**{group: [second]}), attribute)
    assert findings(**{group: [first, second]}, slettinger=[slettet(kind, A)]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_slettet_of_another_type_deletes_nothing(kind: str) -> None:
    group, make, attribute = KINDS[kind]
    other = next(other for other in KINDS if other != kind)
    case = {group: [make("2024-01-10", id=A)], "slettinger": [slettet(other, A)]}
    assert len(getattr(case_content(**case), attribute)) == 1
    assert findings(**case) == [DANGLING_SLETTET]


@pytest.mark.parametrize(
    ("kind", "name"), [("Melding", B), ("Melding", None), (None, A), ("Saksinnhold", A), ("Melding", "")]
)
def test_dangling_slettet_is_warning(kind: str | None, name: str | None) -> None:
    case = {
        "meldinger": [melding("2024-01-10", id=A), melding("2024-01-10", id=None)],
        "slettinger": [slettet(kind, name)],
    }
    assert findings(**case) == [DANGLING_SLETTET]
    assert len(case_content(**case).meldinger) == 2


def test_slettet_may_name_unread_kinds() -> None:
    others = [
        vedtak("2024-01-10", id=A),
        element("Ettervern", Id=A, TilbudSendtDato="2024-01-10"),
        element("OversendelseFylkesnemnd", Id=A),
    ]
    relations = [relasjon("Vedtak", A, "Ettervern", A, id=A)]
    gone = [slettet(kind, A) for kind in ("Vedtak", "Ettervern", "OversendelseFylkesnemnd", "Relasjon", "Personalia")]
    assert (
        findings(andre=others, personer=[personalia(id=A), personalia()], relasjoner=relations, slettinger=gone) == []
    )


def test_slettet_may_name_status_within_vedtak() -> None:
    one = element("Vedtak", [element("Status", Id=B, EndretDato="2024-01-10", Kode="1")], Id=A, StartDato="2024-01-10")
    assert findings(andre=[one], slettinger=[slettet("Status", B)]) == []
    assert findings(andre=[one], slettinger=[slettet("Status", A)]) == [DANGLING_SLETTET]


def test_slettet_with_invalid_date_still_deletes() -> None:
    case = {"meldinger": [melding("2024-01-10", id=A)], "slettinger": [slettet("Melding", A, "then")]}
    assert findings(**case) == [("error", "no_end_date", "Slettet@SluttDato")]
    assert case_content(**case).meldinger == []


def test_deleted_konklusjon_leaves_melding_unconcluded() -> None:
    end = konklusjon("2024-01-12", "1", ErSlettet=True)
    assert case_content(meldinger=[melding("2024-01-10", end=end)]).meldinger == [
        Melding("2024-01-10", None, None, "2024-01-17")
    ]
    assert findings(meldinger=[melding("2024-01-10", end=konklusjon("x", "99", ErSlettet=True))]) == []


def test_new_konklusjon_beside_deleted_one_counts() -> None:
    old, new = konklusjon("2024-01-12", "1", ErSlettet=True), konklusjon("2024-01-15", "2")
    expected = [Melding("2024-01-10", "2024-01-15", 2, "2024-01-17")]
    assert case_content(meldinger=[melding("2024-01-10", end=old + new)]).meldinger == expected
    assert case_content(meldinger=[melding("2024-01-10", end=new + old)]).meldinger == expected


def test_evaluations_and_tilsyn_of_deleted_element_are_dropped() -> None:
    planer = [plan("2024-01-10", evaluert=["2024-02-01"], ErSlettet=True), plan("2024-01-10", evaluert=["2024-03-01"])]
    measures = [
        tiltak("2024-01-10", tilsyn=["2024-02-01"], ErSlettet=True),
        tiltak("2024-01-10", tilsyn=["2024-03-01"]),
    ]
    stored = case_content(planer=planer, tiltak=measures)
    assert stored.evalueringer == ["2024-03-01"]
    assert stored.tilsyn == ["2024-03-01"]


def test_oppfolging_is_no_tilsyn() -> None:
    assert case_content(tiltak=[tiltak("2024-01-10", tilsyn=["2024-02-01"], oppfolging=["2024-03-01"])]).tilsyn == [
        "2024-02-01"
    ]


# Repetitions (rule 1.8).


@pytest.mark.parametrize("kind", KINDS)
def test_first_element_of_repeated_id_counts(kind: str) -> None:
    group, make, attribute = KINDS[kind]
    first, second = make("2024-01-10", id=A), make("2024-01-11", id=A.upper())
    assert getattr(case_content(**{group: [first, second]}), attribute) == getattr(
        case_content(**{group: [first]}), attribute
    )
    assert findings(**{group: [first, second]}) == [("warning", "repeated_id", f"{kind}@Id")]


@pytest.mark.parametrize("kind", KINDS)
def test_repetition_with_same_content_is_no_finding(kind: str) -> None:
    group, make, attribute = KINDS[kind]
    one = make("2024-01-10", id=A)
    assert (
        len(getattr(case_content(**{group: [one, one.replace(" ", "\n  ").replace("><", ">\n  <")]}), attribute)) == 1
    )
    assert findings(**{group: [one, one.replace(" ", "\n  ").replace("><", ">\n  <")]}) == []


@pytest.mark.parametrize("kind", KINDS)
def test_first_element_of_repeated_id_counts_if_deleted(kind: str) -> None:
    group, make, attribute = KINDS[kind]
    gone, alive = make("2024-01-10", id=A, ErSlettet=True), make("2024-01-10", id=A)
    assert getattr(case_content(**{group: [gone, alive]}), attribute) == []
    assert len(getattr(case_content(**{group: [alive, gone]}), attribute)) == 1
    assert findings(**{group: [gone, alive]}) == [("warning", "repeated_id", f"{kind}@Id")]
    assert getattr(case_content(**{group: [alive, alive]}, slettinger=[slettet(kind, A)]), attribute) == []


@pytest.mark.parametrize("kind", KINDS)
def test_first_element_of_repeated_id_counts_if_undated(kind: str) -> None:
    group, make, attribute = KINDS[kind]
    assert getattr(case_content(**{group: [make(None, id=A), make("2024-01-10", id=A)]}), attribute) == []


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_unique_per_kind_and_optional(kind: str) -> None:
    group, make, attribute = KINDS[kind]
    everything = {other: [make_other("2024-01-10", id=A)] for other, make_other, _ in KINDS.values()}
    assert len(getattr(case_content(**everything), attribute)) == 1
    assert findings(**everything) == []
    assert (
        len(getattr(case_content(**{group: [make("2024-01-10", id=None), make("2024-01-10", id="")]}), attribute)) == 2
    )


def visits(*tiltak_with: list[str], **more: Any) -> dict[str, list[str]]:
    return {"tiltak": [tiltak("2024-01-10", tilsyn=visits, **more) for visits in tiltak_with]}


def test_repeated_tilsyn_id_counts_once_per_case() -> None:
    case = visits(
        [utfort("2024-02-01", id=A), utfort("2024-02-02", id=B)],
        [utfort("2024-02-03", id=A), utfort("2024-02-02", id=B)],
    )
    assert case_content(**case).tilsyn == ["2024-02-01", "2024-02-02"]
    assert findings(**case) == [("warning", "repeated_id", "Tiltak/Tilsyn/Utfort@Id")]


def test_tilsyn_repeated_from_deleted_tiltak_is_not_counted() -> None:
    gone = visits([utfort("2024-02-01", id=A)], ErSlettet=True)["tiltak"]
    alive = visits([utfort("2024-02-01", id=A), utfort("2024-02-05", id=B)])["tiltak"]
    assert case_content(tiltak=gone + alive).tilsyn == ["2024-02-05"]
    assert case_content(tiltak=alive + gone).tilsyn == ["2024-02-01", "2024-02-05"]


def test_evaluations_have_no_id_and_each_counts() -> None:
    assert case_content(planer=[plan("2024-01-10", evaluert=["2024-02-01", "2024-02-01"])]).evalueringer == [
        "2024-02-01",
        "2024-02-01",
    ]


# Relations.


@pytest.mark.parametrize(
    ("fra_type", "fra", "til_type", "til"),
    [
        ("Melding", B, "Undersokelse", A),
        ("Melding", A, "Undersokelse", B),
        ("Undersokelse", B, "Melding", A),
        ("Melding", "", "Undersokelse", A),
        ("Saksinnhold", A, "Undersokelse", A),
        ("", A, "Undersokelse", A),
        ("Vedtak", A, "Undersokelse", A),
    ],
)
def test_dangling_relasjon_is_warning(fra_type: str, fra: str, til_type: str, til: str) -> None:
    case = {"meldinger": [melding("2024-01-10", id=A)], "undersokelser": [undersokelse("2024-01-17", id=A)]}
    assert findings(**case, relasjoner=[relasjon(fra_type, fra, til_type, til)]) == [DANGLING_RELASJON]
    assert findings(**case, relasjoner=[relasjon("Melding", A, "Undersokelse", A)]) == []


def test_deleted_dangling_relasjon_is_no_finding() -> None:
    assert findings(relasjoner=[relasjon("Melding", A, "Undersokelse", A, ErSlettet=True)]) == []


def test_relasjon_to_deleted_element_is_not_dangling() -> None:
    case = {
        "meldinger": [melding("2024-01-10", id=A, ErSlettet=True)],
        "undersokelser": [undersokelse("2024-01-17", id=A)],
    }
    assert findings(**case, relasjoner=[relasjon("Melding", A, "Undersokelse", A)]) == []


def test_relations_among_unread_kinds_are_resolved() -> None:
    case = {"andre": [vedtak("2024-01-10", id=A)], "tiltak": [tiltak("2024-01-10", id=B)]}
    assert findings(**case, relasjoner=[relasjon("Vedtak", A, "Tiltak", B)]) == []
    assert findings(**case, relasjoner=[relasjon("Vedtak", B, "Tiltak", A)]) == [DANGLING_RELASJON]


def test_relations_with_same_id_all_count() -> None:
    case = {
        "meldinger": [melding("2024-01-10", id=A), melding("2024-01-05", id=B)],
        "undersokelser": [undersokelse("2024-01-17", id=A)],
        "relasjoner": [relasjon("Melding", melding_id, "Undersokelse", A, id=A) for melding_id in (A, B)],
    }
    assert case_content(**case).undersokelser[0].frist == "2024-04-12"
    assert findings(**case) == []


# The person (rule 1.9).


def fodt(*personer: str, **more: Any) -> str | None:
    return case_content(personer=list(personer), **more).fodt


def test_newest_personalia_gives_birth_month() -> None:
    assert fodt(personalia("2024-02-01", "2010-03-15"), personalia("2024-01-01", "2011-03-15")) == "2010-03"
    assert fodt(personalia("2024-01-01", "2010-03-15"), personalia("2024-02-01", "2011-03-15")) == "2011-03"
    assert fodt(personalia("2024-01-01", "2010-03-15"), personalia("2024-01-01", "2011-03-15")) == "2011-03"


def test_deleted_personalia_gives_no_birth_month() -> None:
    old, new = personalia("2024-01-01", "2010-03-15"), personalia("2024-02-01", "2011-03-15", id=A)
    assert fodt(old, new, slettinger=[slettet("Personalia", A)]) == "2010-03"
    assert fodt(old, personalia("2024-02-01", "2011-03-15", ErSlettet=True)) == "2010-03"
    assert fodt(personalia("2024-02-01", "2011-03-15", ErSlettet=True)) is None


def test_repeated_personalia_is_first() -> None:
    case = [personalia("2024-01-01", "2010-03-15", id=A), personalia("2024-02-01", "2011-03-15", id=A)]
    assert fodt(*case) == "2010-03"
    assert findings(personer=case) == [("warning", "repeated_id", "Personalia@Id")]


def test_personalia_without_start_is_left_out() -> None:
    assert findings(personer=[personalia(None, "2010-03-15")]) == [("error", "no_date", "Personalia@StartDato")]
    assert fodt(personalia(None, "2010-03-15")) is None


def test_unborn_child_has_due_date() -> None:
    assert fodt(personalia("2024-12-01", "2025-03-15", kjonn="0")) == "2025-03"
    assert findings(personer=[personalia("2024-12-01", "2025-03-15", kjonn="0", Fodselsnummer="15032599999")]) == []
    assert findings(personer=[personalia("2024-12-01", "2025-03-15")]) == [
        ("warning", "after_uttrekk", "Personalia@Fodseldato")
    ]


@pytest.mark.parametrize("date", [None, "", "2010-02-30", "15.03.2010"])
def test_missing_or_invalid_birth_date_is_error(date: str | None) -> None:
    person = personalia(fodt=date, Fodselsnummer="15031000100")
    assert findings(personer=[person]) == [("error", "birth_date", "Personalia@Fodseldato")]
    assert fodt(person) is None


@pytest.mark.parametrize("number", ["32011000100", "01131000100", "123", "abcdefghijk", "29021100100", ""])
def test_birth_number_without_possible_date_is_warning(number: str) -> None:
    case = [personalia(fodt="2010-03-15", Fodselsnummer=number)]
    assert findings(personer=case) == [("warning", "fodselsnummer", "Personalia@Fodselsnummer")]
    assert fodt(*case) == "2010-03"


@pytest.mark.parametrize("number", ["15031000100", "15031099999", "55031050012", "15431050012", "15831050012", None])
def test_valid_or_absent_birth_number_is_no_finding(number: str | None) -> None:
    assert findings(personer=[personalia(fodt="2010-03-15", Fodselsnummer=number)]) == []
