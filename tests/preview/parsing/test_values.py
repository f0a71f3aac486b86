"""Each fault of a value within a case (rule 10)."""

from collections.abc import Callable

import pytest

from preview.model.case_records import Flytting, Melding, Plan, Tiltak, Undersokelse
from preview.parsing import kodelister
from tests.builders.case_xml import element, flytting, konklusjon, melding, plan, tiltak, undersokelse, utfort
from tests.preview.parsing.parser_helpers import case_content, findings

INVALID_DATES = [None, "", "2024-02-30", "10.01.2024", "soon"]
UTTREKK = "2024-12-31T23:59:00+01:00"

CONCLUDED: dict[str, tuple[str, Callable[..., str]]] = {
    "Melding": ("meldinger", melding),
    "Undersokelse": ("undersokelser", undersokelse),
    "Plan": ("planer", plan),
    "Tiltak": ("tiltak", tiltak),
}


# An element that counts without a readable date of its own: an error, and the element is dropped.


@pytest.mark.parametrize("text", INVALID_DATES)
@pytest.mark.parametrize("kind", CONCLUDED)
def test_element_without_readable_start_is_dropped(kind: str, text: str | None) -> None:
    group, make = CONCLUDED[kind]
    case = {group: [make(text, "2024-02-01"), make("2024-01-10")]}
    assert len(getattr(case_content(**case), group)) == 1
    assert findings(**case) == [("error", "no_date", f"{kind}@StartDato")]


@pytest.mark.parametrize("text", INVALID_DATES)
def test_flytting_without_readable_day_is_dropped(text: str | None) -> None:
    case = {"flyttinger": [flytting(text), flytting("2024-01-10")]}
    assert len(case_content(**case).flyttinger) == 1
    assert findings(**case) == [("error", "no_date", "Flytting@SluttDato")]


@pytest.mark.parametrize("text", INVALID_DATES)
def test_evaluation_without_readable_day_is_dropped(text: str | None) -> None:
    end = element("Evaluering", UtfortDato=text) + element("Evaluering", UtfortDato="2024-03-01")
    case = {"planer": [plan("2024-01-10", end=end)]}
    assert case_content(**case).evalueringer == ["2024-03-01"]
    assert findings(**case) == [("error", "no_date", "Plan/Evaluering@UtfortDato")]


@pytest.mark.parametrize("text", INVALID_DATES)
def test_tilsyn_without_readable_day_is_dropped(text: str | None) -> None:
    case = {"tiltak": [tiltak("2024-01-10", tilsyn=[utfort(text), utfort("2024-03-01")])]}
    assert case_content(**case).tilsyn == ["2024-03-01"]
    assert findings(**case) == [("error", "no_date", "Tiltak/Tilsyn/Utfort@UtfortDato")]


@pytest.mark.parametrize("text", INVALID_DATES)
def test_sak_without_readable_start_is_parsed(text: str | None) -> None:
    case = {"start": text, "personer": [], "meldinger": [melding("1990-01-10")]}
    assert findings(**case) == [("error", "sak_start", "Sak@StartDato")]
    assert len(case_content(**case).meldinger) == 1


# A Konklusjon without readable SluttDato, an unreadable SluttDato elsewhere: an error, and not concluded or ended.


@pytest.mark.parametrize("text", INVALID_DATES)
def test_konklusjon_without_readable_day_concludes_nothing(text: str | None) -> None:
    case = {
        "meldinger": [melding("2024-01-10", end=konklusjon(text, "2"))],
        "undersokelser": [undersokelse("2024-01-10", end=konklusjon(text, "1"))],
        "planer": [plan("2024-01-10", end=konklusjon(text))],
        "tiltak": [tiltak("2024-01-10", end=konklusjon(text))],
    }
    stored = case_content(**case)
    assert stored.meldinger == [Melding("2024-01-10", None, None, "2024-01-17")]
    assert stored.undersokelser == [Undersokelse("2024-01-10", None, None, "2024-04-10")]
    assert (stored.planer[0].slutt, stored.tiltak[0].slutt) == (None, None)
    assert findings(**case) == [("error", "no_end_date", f"{kind}/Konklusjon@SluttDato") for kind in CONCLUDED]


@pytest.mark.parametrize("text", INVALID_DATES[1:])
def test_invalid_end_date_of_sak_is_ignored(text: str) -> None:
    case = {"slutt": text, "meldinger": [melding("2024-01-10")]}
    assert findings(**case) == [("error", "no_end_date", "Sak@SluttDato")]
    assert len(case_content(**case).meldinger) == 1


# A code outside its list, or missing: an error, and the element is stored.

INVALID_CODES = [None, "", "0", "99", "2.2.2", "x"]
"""None of these is in any list."""


@pytest.mark.parametrize("kode", INVALID_CODES)
def test_unknown_conclusion_code_still_concludes(kode: str | None) -> None:
    meldinger = [melding("2024-01-10", "2024-01-12", kode)]
    assert case_content(meldinger=meldinger).meldinger == [Melding("2024-01-10", "2024-01-12", None, "2024-01-17")]
    assert findings(meldinger=meldinger) == [("error", "unknown_code", "Melding/Konklusjon@Kode")]
    undersokelser = [undersokelse("2024-01-10", "2024-02-12", kode)]
    assert case_content(undersokelser=undersokelser).undersokelser == [
        Undersokelse("2024-01-10", "2024-02-12", None, "2024-04-10")
    ]
    assert findings(undersokelser=undersokelser) == [("error", "unknown_code", "Undersokelse/Konklusjon@Kode")]


@pytest.mark.parametrize("kode", INVALID_CODES)
def test_plan_of_unknown_type_is_stored(kode: str | None) -> None:
    assert case_content(planer=[plan("2024-01-10", type=kode)]).planer == [Plan("2024-01-10", None, None)]
    assert findings(planer=[plan("2024-01-10", type=kode)]) == [("error", "unknown_code", "Plan@Plantype")]


@pytest.mark.parametrize("kode", INVALID_CODES)
def test_tiltak_of_unknown_kategori_is_not_placement(kode: str | None) -> None:
    case = [tiltak("2024-01-10", "2024-02-01", kode, lov="BVL2021 5-1")]
    expected = Tiltak("2024-01-10", "2024-02-01", None, omsorg=1, akutt=0, hjelpetiltak=0, plassering=0, opphevet=None)
    assert case_content(tiltak=case).tiltak == [expected]
    place = "Tiltak/Kategori" if kode is None else "Tiltak/Kategori@Kode"
    assert findings(tiltak=case) == [("error", "unknown_code", place)]


def test_kategori_without_code_is_error() -> None:
    case = [tiltak("2024-01-10").replace('Kode="3.10"', "")]
    assert findings(tiltak=case) == [("error", "unknown_code", "Tiltak/Kategori@Kode")]


@pytest.mark.parametrize("kode", INVALID_CODES)
def test_unknown_opphevelse_is_dropped(kode: str | None) -> None:
    case = [tiltak("2024-01-10", "2024-02-01", opphevelse="" if kode is None else kode)]
    assert case_content(tiltak=case).tiltak[0].opphevet is None
    assert findings(tiltak=case) == [("error", "unknown_code", "Tiltak/Opphevelse@Kode")]


def test_tiltak_may_have_no_opphevelse() -> None:
    assert findings(tiltak=[tiltak("2024-01-10", "2024-02-01")]) == []


@pytest.mark.parametrize("kode", INVALID_CODES)
def test_flytting_with_unknown_code_is_stored(kode: str | None) -> None:
    assert case_content(flyttinger=[flytting("2024-01-10", kode, "4")]).flyttinger == [
        Flytting("2024-01-10", None, "4")
    ]
    assert findings(flyttinger=[flytting("2024-01-10", kode, "4")]) == [
        ("error", "unknown_code", "Flytting/ArsakFra@Kode")
    ]
    assert case_content(flyttinger=[flytting("2024-01-10", "1.3", kode)]).flyttinger == [
        Flytting("2024-01-10", "1.3", None)
    ]
    assert findings(flyttinger=[flytting("2024-01-10", "1.3", kode)]) == [
        ("error", "unknown_code", "Flytting/FlyttingTil@Kode")
    ]


def test_flytting_without_codes_is_stored() -> None:
    bare = element("Flytting", SluttDato="2024-01-10")
    assert case_content(flyttinger=[bare]).flyttinger == [Flytting("2024-01-10", None, None)]
    assert findings(flyttinger=[bare]) == [
        ("error", "unknown_code", "Flytting/ArsakFra"),
        ("error", "unknown_code", "Flytting/FlyttingTil"),
    ]


@pytest.mark.parametrize("kode", ["", "0", "3", "ja"])
def test_extension_of_unknown_outcome_is_ignored(kode: str) -> None:
    case = [undersokelse("2024-01-10", end=element("UtvidetFrist", StartDato="2024-02-01", Innvilget=kode))]
    assert case_content(undersokelser=case).undersokelser[0].frist == "2024-04-10"
    assert findings(undersokelser=case) == [("error", "unknown_code", "Undersokelse/UtvidetFrist@Innvilget")]


# Every code of the lists is known, whatever years it was valid in.


@pytest.mark.parametrize("kode", [str(number) for number in range(1, 11)])
def test_codes_of_melding_konklusjon(kode: str) -> None:
    assert findings(meldinger=[melding("2021-01-10", "2021-01-12", kode)]) == []
    assert case_content(meldinger=[melding("2021-01-10", "2021-01-12", f" {kode} ")]).meldinger[0].konklusjon == int(
        kode
    )


@pytest.mark.parametrize("kode", [str(number) for number in range(1, 10)])
def test_codes_of_undersokelse_konklusjon(kode: str) -> None:
    assert findings(undersokelser=[undersokelse("2021-01-10", "2021-02-12", kode)]) == []
    assert case_content(undersokelser=[undersokelse("2021-01-10", "2021-02-12", kode)]).undersokelser[
        0
    ].konklusjon == int(kode)


@pytest.mark.parametrize("kode", [str(number) for number in range(1, 9)])
def test_codes_of_plantype(kode: str) -> None:
    assert findings(planer=[plan("2024-01-10", type=kode)]) == []
    assert case_content(planer=[plan("2024-01-10", type=kode)]).planer[0].type == int(kode)


def test_code_lists_have_expected_lengths() -> None:
    assert len(kodelister.KATEGORI) == 51
    assert len(kodelister.ARSAK_FRA) == 18
    assert len(kodelister.FLYTTING_TIL) == 9
    assert len(kodelister.OPPHEVELSE) == 4


@pytest.mark.parametrize("kode", kodelister.KATEGORI)
def test_codes_of_kategori(kode: str) -> None:
    assert findings(tiltak=[tiltak("2024-01-10", kategori=kode)]) == []
    assert case_content(tiltak=[tiltak("2024-01-10", kategori=kode)]).tiltak[0].kategori == kode


@pytest.mark.parametrize("kode", ["1", "2.7", "3.11", "8.6", "9.1", "1.10", "2.", "08.2"])
def test_invalid_kategori_is_error(kode: str) -> None:
    assert findings(tiltak=[tiltak("2024-01-10", kategori=kode)]) == [("error", "unknown_code", "Tiltak/Kategori@Kode")]


@pytest.mark.parametrize("kode", ["1", "2", "3", "4"])
def test_codes_of_opphevelse(kode: str) -> None:
    assert case_content(tiltak=[tiltak("2024-01-10", "2024-02-01", opphevelse=kode)]).tiltak[0].opphevet == int(kode)


def test_codes_of_flytting() -> None:
    case = [flytting("2024-01-10", arsak, til) for arsak in kodelister.ARSAK_FRA for til in kodelister.FLYTTING_TIL]
    assert findings(flyttinger=case) == []
    assert len({(flytting.arsak, flytting.til) for flytting in case_content(flyttinger=case).flyttinger}) == 18 * 9


# Warnings: the values are stored as they are.


@pytest.mark.parametrize("kind", CONCLUDED)
def test_end_before_start_is_warning(kind: str) -> None:
    group, make = CONCLUDED[kind]
    case = {group: [make("2024-01-10", "2024-01-09"), make("2024-01-10", "2024-01-10")]}
    assert findings(**case) == [("warning", "end_before_start", f"{kind}/Konklusjon@SluttDato")]
    assert len(getattr(case_content(**case), group)) == 2


def test_sak_ending_before_its_start_is_warning() -> None:
    assert findings(start="2024-01-10", slutt="2024-01-09", personer=[]) == [
        ("warning", "end_before_start", "Sak@SluttDato")
    ]
    assert findings(start="2024-01-10", slutt="2024-01-10", personer=[]) == []


@pytest.mark.parametrize("kind", CONCLUDED)
def test_date_after_extract_is_warning(kind: str) -> None:
    group, make = CONCLUDED[kind]
    assert findings(uttrekk=UTTREKK, **{group: [make("2024-12-31", "2024-12-31")]}) == []
    assert findings(uttrekk=UTTREKK, **{group: [make("2024-12-31", "2025-01-01")]}) == [
        ("warning", "after_uttrekk", f"{kind}/Konklusjon@SluttDato")
    ]
    assert findings(uttrekk=UTTREKK, **{group: [make("2025-01-01")]}) == [
        ("warning", "after_uttrekk", f"{kind}@StartDato")
    ]
    assert len(getattr(case_content(uttrekk=UTTREKK, **{group: [make("2025-01-01")]}), group)) == 1


def test_extract_day_is_norwegian_date() -> None:
    case = {"meldinger": [melding("2025-01-01")]}
    assert findings(uttrekk="2024-12-31T23:30:00Z", **case) == []  # 00:30 in Norway
    assert findings(uttrekk="2024-12-31T22:30:00Z", **case) == [("warning", "after_uttrekk", "Melding@StartDato")]
    assert findings(uttrekk="2025-01-01T00:30:00+02:00", **case) == [("warning", "after_uttrekk", "Melding@StartDato")]
    summer = {"meldinger": [melding("2024-07-01")]}
    assert findings(uttrekk="2024-06-30T22:00:00Z", **summer) == []
    assert findings(uttrekk="2024-06-30T21:59:59Z", **summer) == [("warning", "after_uttrekk", "Melding@StartDato")]


def test_any_date_after_extract_is_warning() -> None:
    later = "2025-01-01"
    assert findings(flyttinger=[flytting(later)]) == [("warning", "after_uttrekk", "Flytting@SluttDato")]
    assert findings(planer=[plan("2024-01-10", evaluert=[later])]) == [
        ("warning", "after_uttrekk", "Plan/Evaluering@UtfortDato")
    ]
    assert findings(tiltak=[tiltak("2024-01-10", tilsyn=[later])]) == [
        ("warning", "after_uttrekk", "Tiltak/Tilsyn/Utfort@UtfortDato")
    ]
    assert findings(slutt=later) == [("warning", "after_uttrekk", "Sak@SluttDato")]
    assert findings(start=later, personer=[]) == [("warning", "after_uttrekk", "Sak@StartDato")]
    assert findings(start="2024-12-31") == []
    assert case_content(planer=[plan("2024-01-10", evaluert=[later])]).evalueringer == [later]


SAK = {"start": "2024-02-01", "slutt": "2024-11-30"}


@pytest.mark.parametrize("kind", CONCLUDED)
def test_element_outside_dates_of_sak_is_warning(kind: str) -> None:
    group, make = CONCLUDED[kind]
    outside = [("warning", "outside_sak", kind)]
    assert findings(**SAK, **{group: [make("2024-02-01", "2024-11-30")]}) == []
    assert findings(**SAK, **{group: [make("2024-01-31", "2024-11-30")]}) == outside
    assert findings(**SAK, **{group: [make("2024-02-01", "2024-12-01")]}) == outside
    assert findings(**SAK, **{group: [make("2024-12-01")]}) == outside
    assert findings(**SAK, **{group: [make("2024-02-01")]}) == []
    assert findings(start="2024-02-01", **{group: [make("2024-02-01", "2024-12-31")]}) == []
    assert len(getattr(case_content(**SAK, **{group: [make("2024-01-31")]}), group)) == 1


def test_other_elements_outside_dates_of_sak_are_warned() -> None:
    assert findings(**SAK, flyttinger=[flytting("2024-01-31")]) == [("warning", "outside_sak", "Flytting")]
    assert findings(**SAK, flyttinger=[flytting("2024-12-01")]) == [("warning", "outside_sak", "Flytting")]
    assert findings(**SAK, planer=[plan("2024-02-01", evaluert=["2024-12-01"])]) == [
        ("warning", "outside_sak", "Plan/Evaluering")
    ]
    assert findings(**SAK, tiltak=[tiltak("2024-02-01", tilsyn=["2024-01-31"])]) == [
        ("warning", "outside_sak", "Tiltak/Tilsyn/Utfort")
    ]


def test_date_can_be_wrong_in_several_ways() -> None:
    case = {"start": "2024-02-01", "slutt": "2025-02-01", "meldinger": [melding("2025-03-01", "2025-02-28")]}
    assert findings(**case) == [
        ("warning", "after_uttrekk", "Sak@SluttDato"),
        ("warning", "end_before_start", "Melding/Konklusjon@SluttDato"),
        ("warning", "after_uttrekk", "Melding@StartDato"),
        ("warning", "after_uttrekk", "Melding/Konklusjon@SluttDato"),
        ("warning", "outside_sak", "Melding"),
    ]


def test_zone_suffix_on_date_is_ignored() -> None:
    case = {"meldinger": [melding("2024-12-31-12:00", "2024-12-31+14:00")]}
    assert findings(**case) == []
    assert case_content(**case).meldinger == [Melding("2024-12-31", "2024-12-31", 2, "2025-01-07")]
