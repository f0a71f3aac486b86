"""The content of one child of a 15F file (rules 1.8, 2, 4.4, 4.5, 5.4 and 10). The year is 2020 by default."""

from typing import Any

import pytest

from preview.model.case_records import CaseContent, Flytting, Melding, Plan, Undersokelse
from tests.builders.kostra_xml import annual_file, flytting, individ, lovhjemmel, melding, plan, tiltak, undersokelse
from tests.preview.parsing.parser_helpers import findings_in, parse_single_annual_file

NO_END = "no_end_date"


def file_of(year: Any = 2020, **child: Any) -> bytes:
    return annual_file(individ(**child), year=year)


def case_content(**child: Any) -> CaseContent:
    """Return the stored content of a child; `child` has the arguments of `kostra_xml.individ`."""
    (part,) = parse_single_annual_file(file_of(**child)).parts
    (only,) = part.individer
    return only.content


def findings(**child: Any) -> list[tuple[str, str, str]]:
    """Return severity, code and element of the findings of a child, without the one that every file has."""
    data = file_of(**child)
    found = findings_in(data)[1:]
    assert parse_single_annual_file(data).parts[0].individer[0].content.finding_count == len(found)
    return found


# Meldinger and their undersøkelser.


def test_melding_is_concluded_by_its_own_attributes() -> None:
    case = {"meldinger": [melding("2020-02-10", "2020-02-17", kode) for kode in "1234"] + [melding("2020-03-01")]}
    assert case_content(**case).meldinger == [
        *[Melding("2020-02-10", "2020-02-17", kode, "2020-02-17") for kode in (1, 2, 3, 4)],
        Melding("2020-03-01", None, None, "2020-03-08"),
    ]
    assert findings(**case) == []


@pytest.mark.parametrize("kode", ["5", "10", "0", "x", " "])
def test_melding_has_four_codes_of_format(kode: str) -> None:
    case = {"meldinger": [melding("2020-02-10", "2020-02-17", kode)]}
    assert case_content(**case).meldinger == [Melding("2020-02-10", "2020-02-17", None, "2020-02-17")]
    assert findings(**case) == [("error", "unknown_code", "Melding@Konklusjon")]


@pytest.mark.parametrize(("kode", "stored"), [*((str(code), code) for code in range(1, 7)), ("7", None), ("9", None)])
def test_undersokelse_has_six_codes_of_format(kode: str, stored: int | None) -> None:
    case = {"meldinger": [melding("2020-02-10", undersokelser=[undersokelse("2020-02-17", "2020-04-01", kode)])]}
    assert case_content(**case).undersokelser == [Undersokelse("2020-02-17", "2020-04-01", stored, "2020-05-17")]
    assert findings(**case) == ([] if stored else [("error", "unknown_code", "Melding/Undersokelse@Konklusjon")])


def test_conclusion_without_its_code_is_error_and_concluded() -> None:
    case = {"meldinger": [melding("2020-02-10", "2020-02-17", None)]}
    assert case_content(**case).meldinger == [Melding("2020-02-10", "2020-02-17", None, "2020-02-17")]
    assert findings(**case) == [("error", "unknown_code", "Melding@Konklusjon")]


@pytest.mark.parametrize("slutt", [None, "", "2020-02-30", "snart"])
def test_conclusion_without_date_is_error_and_dropped(slutt: str | None) -> None:
    case = {"meldinger": [melding("2020-02-10", slutt, "2", [undersokelse("2020-02-17", slutt, "1")])]}
    stored = case_content(**case)
    assert stored.meldinger == [Melding("2020-02-10", None, None, "2020-02-17")]
    assert stored.undersokelser == [Undersokelse("2020-02-17", None, None, "2020-05-17")]
    assert findings(**case) == [
        ("error", NO_END, "Melding@SluttDato"),
        ("error", NO_END, "Melding/Undersokelse@SluttDato"),
    ]


def test_undersokelse_of_undated_melding_counts_from_own_start() -> None:
    case = {"meldinger": [melding(None, undersokelser=[undersokelse("2020-02-17")])]}
    stored = case_content(**case)
    assert (stored.meldinger, stored.undersokelser) == ([], [Undersokelse("2020-02-17", None, None, "2020-05-17")])
    assert findings(**case) == [("error", "no_date", "Melding@StartDato")]


def test_undated_undersokelse_is_dropped_but_melding_stays() -> None:
    case = {"meldinger": [melding("2020-02-10", undersokelser=[undersokelse("17.02.2020", "2020-03-01")])]}
    stored = case_content(**case)
    assert (len(stored.meldinger), stored.undersokelser) == (1, [])
    assert findings(**case) == [("error", "no_date", "Melding/Undersokelse@StartDato")]


def test_undersokelse_under_several_meldinger_counts_once() -> None:
    case = {
        "meldinger": [
            melding("2020-02-20", undersokelser=[undersokelse("2020-02-21", id="U1")]),
            melding("2020-02-03", undersokelser=[undersokelse("2020-02-21", id="U1")]),
            melding("2020-02-10", undersokelser=[undersokelse("2020-03-01", id="U2")]),
        ]
    }
    stored = case_content(**case)
    assert len(stored.meldinger) == 3
    assert stored.undersokelser == [
        Undersokelse("2020-02-21", None, None, "2020-05-10"),
        Undersokelse("2020-03-01", None, None, "2020-05-17"),
    ]
    assert findings(**case) == []


def test_undersokelse_uses_only_dated_meldinger() -> None:
    repeated = [melding(day, undersokelser=[undersokelse("2020-02-21", id="U1")]) for day in (None, "2020-02-05")]
    assert case_content(meldinger=repeated).undersokelser == [Undersokelse("2020-02-21", None, None, "2020-05-12")]


def test_deadlines_are_three_months_after_week() -> None:
    case = {"meldinger": [melding("2020-11-23", undersokelser=[undersokelse("2020-11-24")])]}
    assert case_content(**case).undersokelser[0].frist == "2021-02-28"


# Repetitions (rule 1.8).


@pytest.mark.parametrize("kind", ["Melding", "Plan", "Tiltak", "Flytting"])
def test_first_element_of_repeated_id_counts(kind: str) -> None:
    make: dict[str, tuple[str, Any]] = {
        "Melding": ("meldinger", melding),
        "Plan": ("planer", plan),
        "Tiltak": ("tiltak", tiltak),
        "Flytting": ("flyttinger", flytting),
    }
    name, element = make[kind]
    same = {name: [element("2020-02-10", id="X1"), element("2020-02-10", id="X1")]}
    other = {name: [element("2020-02-10", id="X1"), element("2020-02-11", id="X1"), element("2020-02-12", id="x1")]}
    none = {name: [element("2020-02-10", id=None), element("2020-02-10", id=None)]}
    assert [len(getattr(case_content(**case), name)) for case in (same, other, none)] == [1, 2, 2]
    assert findings(**same) == findings(**none) == []
    assert findings(**other) == [("warning", "repeated_id", f"{kind}@Id")]


def test_first_undersokelse_of_repeated_id_counts() -> None:
    twice = [melding("2020-02-10", undersokelser=[undersokelse(day, id="U1")]) for day in ("2020-02-11", "2020-02-12")]
    assert case_content(meldinger=twice).undersokelser == [Undersokelse("2020-02-11", None, None, "2020-05-17")]
    assert findings(meldinger=twice) == [("warning", "repeated_id", "Melding/Undersokelse@Id")]


def test_ids_are_unique_per_individ_and_kind() -> None:
    child: dict[str, Any] = {
        "meldinger": [melding("2020-02-10", id="1", undersokelser=[undersokelse("2020-02-10", id="1")])],
        "planer": [plan("2020-02-10", id="1")],
        "tiltak": [tiltak("2020-02-10", id="1")],
    }
    data = annual_file(individ(**child), individ(**child))
    assert len(findings_in(data)) == 1


# Planer.


def test_plan_and_its_evaluation_are_parsed() -> None:
    case = {"planer": [plan("2020-02-11", "2020-06-17", "4", evaluert="2020-03-01"), plan("2020-02-11", type="8")]}
    stored = case_content(**case)
    assert stored.planer == [Plan("2020-02-11", "2020-06-17", 4), Plan("2020-02-11", None, 8)]
    assert stored.evalueringer == ["2020-03-01"]
    assert findings(**case) == []


@pytest.mark.parametrize(
    ("element", "planer", "found"),
    [
        (plan(None, evaluert="2020-03-01"), [], ("error", "no_date", "Plan@StartDato")),
        (plan("2020-02-11", evaluert="mars"), [Plan("2020-02-11", None, 1)], ("error", "no_date", "Plan@EvaluertDato")),
        (plan("2020-02-11", "juni"), [Plan("2020-02-11", None, 1)], ("error", NO_END, "Plan@SluttDato")),
        (plan("2020-02-11", type="9"), [Plan("2020-02-11", None, None)], ("error", "unknown_code", "Plan@Plantype")),
        (plan("2020-02-11", type=None), [Plan("2020-02-11", None, None)], ("error", "unknown_code", "Plan@Plantype")),
    ],
)
def test_plan_with_fault_is_stored(element: str, planer: list[Plan], found: tuple[str, str, str]) -> None:
    stored = case_content(planer=[element])
    assert (stored.planer, stored.evalueringer) == (planer, [])
    assert findings(planer=[element]) == [found]


# Tiltak (rules 2.1 and 4.4).


@pytest.mark.parametrize(
    ("lov", "ledd", "flags"),
    [
        ("BVL 4-12", None, (1, 0, 0)),
        ("bvl 4-12", None, (1, 0, 0)),
        (" Bvl  4-12", None, (1, 0, 0)),
        ("BVL2021 5-1", None, (1, 0, 0)),
        ("bvl2021 5-1", None, (1, 0, 0)),
        ("BVL 4-8", "2", (1, 0, 0)),
        ("BVL 4-8", "1", (0, 0, 1)),
        ("BVL 4-6", "2", (0, 1, 0)),
        ("BVL 4-6", "1", (0, 1, 1)),
        ("BVL2021 4-2", None, (0, 1, 0)),
        ("BVL 4-4", "3", (0, 0, 1)),
    ],
)
def test_flags_follow_from_hjemmel_ignoring_letter_case(lov: str, ledd: str | None, flags: tuple[int, ...]) -> None:
    law, _, place = lov.rpartition(" ")
    hjemmel = lovhjemmel(f"X {place}", Lov=f"{law} ", Ledd=ledd)
    stored = case_content(tiltak=[tiltak("2020-02-10", hjemmel=hjemmel)]).tiltak[0]
    assert (stored.omsorg, stored.akutt, stored.hjelpetiltak) == flags
    assert findings(tiltak=[tiltak("2020-02-10", hjemmel=hjemmel)]) == []


@pytest.mark.parametrize(
    "hjemmel",
    [
        lovhjemmel("1 1-1"),
        lovhjemmel("Barnevernloven 4-12"),
        lovhjemmel("BVL 4-"),
        lovhjemmel(None),
        lovhjemmel("BVL 4-12", tag="Hjemmel"),
    ],
)
def test_unknown_law_is_error_and_hjelpetiltak(hjemmel: str) -> None:
    case = {"tiltak": [tiltak("2020-02-10", kategori="2.2", hjemmel=hjemmel)]}
    stored = case_content(**case).tiltak[0]
    assert (stored.omsorg, stored.akutt, stored.hjelpetiltak, stored.plassering) == (0, 0, 1, 1)
    assert findings(**case) == [("error", "lovhjemmel", "Tiltak/Lovhjemmel")]


def test_jmfr_lovhjemmel_counts_and_unknown_is_error() -> None:
    def one(*jmfr: str) -> dict[str, Any]:
        return {
            "tiltak": [
                tiltak(
                    "2020-02-10",
                    lov="BVL 4-8",
                    ledd="1",
                    jmfr=[lovhjemmel(related, "JmfrLovhjemmel") for related in jmfr],
                )
            ]
        }

    assert case_content(**one("BVL 4-4", "bvl 4-12")).tiltak[0].omsorg == 1
    assert case_content(**one("BVL 4-4")).tiltak[0].omsorg == 0
    assert findings(**one("2 1-1", "bvl 4-12")) == [("error", "lovhjemmel", "Tiltak/JmfrLovhjemmel")]
    assert case_content(**one("2 1-1", "bvl 4-12")).tiltak[0].omsorg == 1


@pytest.mark.parametrize(
    ("element", "found"),
    [
        (tiltak("2020-02-10", "juni"), ("error", NO_END, "Tiltak@SluttDato")),
        (tiltak("2020-02-10", kategori=None), ("error", "unknown_code", "Tiltak/Kategori")),
        (tiltak("2020-02-10", kategori="9.1"), ("error", "unknown_code", "Tiltak/Kategori@Kode")),
        (tiltak("2020-02-10", "2020-03-01", opphevelse="5"), ("error", "unknown_code", "Tiltak/Opphevelse@Kode")),
        (tiltak("2020-02-10", lov=None), ("error", "lovhjemmel", "Tiltak/Lovhjemmel")),
    ],
)
def test_tiltak_with_fault_is_stored(element: str, found: tuple[str, str, str]) -> None:
    assert len(case_content(tiltak=[element]).tiltak) == 1
    assert findings(tiltak=[element]) == [found]


def test_undated_tiltak_is_dropped() -> None:
    assert case_content(tiltak=[tiltak(None)]).tiltak == []
    assert findings(tiltak=[tiltak(None)]) == [("error", "no_date", "Tiltak@StartDato")]


def test_tiltak_record_has_dates_flags_and_codes() -> None:
    stored = case_content(tiltak=[tiltak("2020-02-10", "2020-03-01", "2.2", lov="BVL 4-12", opphevelse="3")]).tiltak[0]
    assert (stored.start, stored.slutt, stored.kategori, stored.plassering, stored.opphevet) == (
        "2020-02-10",
        "2020-03-01",
        "2.2",
        1,
        3,
    )
    assert case_content().tilsyn == []


# Flyttinger.


@pytest.mark.parametrize(
    ("element", "stored", "found"),
    [
        (flytting("2022-02-10"), [Flytting("2022-02-10", "1.2.1", "4")], []),
        (
            flytting("2022-02-10", "3.1"),
            [Flytting("2022-02-10", None, "4")],
            [("error", "unknown_code", "Flytting/ArsakFra@Kode")],
        ),
        (
            flytting("2022-02-10", til="0"),
            [Flytting("2022-02-10", "1.2.1", None)],
            [("error", "unknown_code", "Flytting/FlyttingTil@Kode")],
        ),
        (
            flytting("2022-02-10", til=None),
            [Flytting("2022-02-10", "1.2.1", None)],
            [("error", "unknown_code", "Flytting/FlyttingTil")],
        ),
        (flytting(None), [], [("error", "no_date", "Flytting@SluttDato")]),
    ],
)
def test_flytting_is_parsed(element: str, stored: list[Flytting], found: list[tuple[str, str, str]]) -> None:
    assert case_content(year=2022, flyttinger=[element]).flyttinger == stored
    assert findings(year=2022, flyttinger=[element]) == found


# The child, and implausible dates.


@pytest.mark.parametrize(
    ("child", "found"),
    [
        ({"start": None}, [("error", "sak_start", "Individ@StartDato")]),
        ({"slutt": "desember"}, [("error", NO_END, "Individ@SluttDato")]),
        ({"slutt": "2019-12-31"}, [("warning", "end_before_start", "Individ@SluttDato")]),
        ({"start": "2021-01-01"}, [("warning", "after_uttrekk", "Individ@StartDato")]),
        ({"slutt": "2021-01-01"}, [("warning", "after_uttrekk", "Individ@SluttDato")]),
        ({"meldinger": [melding("2019-12-31")]}, [("warning", "outside_sak", "Melding")]),
        ({"slutt": "2020-06-30", "planer": [plan("2020-02-01", "2020-07-01")]}, [("warning", "outside_sak", "Plan")]),
        ({"slutt": "2020-06-30", "flyttinger": [flytting("2020-07-01")]}, [("warning", "outside_sak", "Flytting")]),
        ({"meldinger": [melding("2020-02-10", "2020-02-09")]}, [("warning", "end_before_start", "Melding@SluttDato")]),
        (
            {"meldinger": [melding("2020-02-10", undersokelser=[undersokelse("2020-02-10", "2020-02-09")])]},
            [("warning", "end_before_start", "Melding/Undersokelse@SluttDato")],
        ),
        ({"planer": [plan("2020-02-10", evaluert="2021-02-10")]}, [("warning", "after_uttrekk", "Plan@EvaluertDato")]),
        ({"tiltak": [tiltak("2021-02-10")]}, [("warning", "after_uttrekk", "Tiltak@StartDato")]),
    ],
)
def test_inconsistent_dates_are_reported_and_stored_unchanged(
    child: dict[str, Any], found: list[tuple[str, str, str]]
) -> None:
    assert findings(**child) == found
    stored = case_content(**child)
    parts = (
        stored.meldinger,
        stored.undersokelser,
        stored.planer,
        stored.evalueringer,
        stored.tiltak,
        stored.flyttinger,
    )
    assert sum(map(len, parts)) >= bool(child.keys() & {"meldinger", "planer", "tiltak", "flyttinger"})


# The birth date (rule 2.6).


@pytest.mark.parametrize(
    ("number", "fodt"),
    [
        ("15031012345", "1910-03"),  # 000 to 499: 19yy
        ("15031049999", "1910-03"),
        ("15035450012", "1854-03"),  # 500 to 749, 54 and later: 18yy
        ("15035350012", None),
        ("15033950012", "2039-03"),  # 500 to 999, before 40: 20yy
        ("15034050012", None),
        ("15034090012", "1940-03"),  # 900 to 999, 40 and later: 19yy
        ("15034089912", None),
        ("55031050012", "2010-03"),  # D-number: day plus 40
        ("15431050012", "2010-03"),  # synthetic: month plus 40 or 80
        ("15831050012", "2010-03"),
        ("55831050012", "2010-03"),
        ("32031050012", None),
        ("15131050012", None),
        ("29022150012", None),
        ("29022050012", "2020-02"),
        ("1503105001", None),
        ("150310500123", None),
        ("1503105001x", None),
    ],
)
def test_birth_number_gives_year_and_month(number: str, fodt: str | None) -> None:
    assert case_content(year=2039, fodselsnummer=number).fodt == fodt
    expected = [] if fodt else [("warning", "fodselsnummer", "Individ@Fodselsnummer")]
    assert findings(year=2039, fodselsnummer=number) == expected


@pytest.mark.parametrize("last", ["00100", "00200", "55555", "99999"])
def test_placeholder_number_century_is_capped_at_next_year(last: str) -> None:
    assert case_content(year=2020, fodselsnummer=f"150310{last}").fodt == "2010-03"
    assert case_content(year=2020, fodselsnummer=f"311221{last}").fodt == "2021-12"
    assert case_content(year=2020, fodselsnummer=f"010122{last}").fodt == "1922-01"
    assert case_content(year=2020, fodselsnummer=f"320122{last}").fodt is None


def test_birth_after_year_is_warning_except_for_unborn() -> None:
    after = [("warning", "after_uttrekk", "Individ@Fodselsnummer")]
    assert findings(year=2020, fodselsnummer="01022199999") == []
    assert findings(year=2020, fodselsnummer="01022100100") == after
    assert findings(year=2020, fodselsnummer="01022150012") == after
    assert case_content(year=2020, fodselsnummer="01022150012").fodt == "2021-02"


def test_duf_number_alone_gives_no_birth_date() -> None:
    alone = {"fodselsnummer": None, "duf": "123456123456"}
    assert case_content(**alone).fodt is None
    assert findings(**alone) == [("warning", "no_fodselsnummer", "Individ@DUFnummer")]
    assert findings(fodselsnummer="", Fodselsnummer=None) == [("warning", "no_fodselsnummer", "Individ@Fodselsnummer")]
    assert case_content(fodselsnummer="01011099293", duf="123456123456").fodt == "2010-01"
