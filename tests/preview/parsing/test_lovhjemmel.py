"""The flags of a tiltak (rule 4.4): each of its cases, and the nearest one that is not."""

from typing import Any

import pytest

from preview.model.case_records import Tiltak
from preview.parsing.kodelister import KATEGORI
from tests.builders.case_xml import element, folder, lovhjemmel, tiltak
from tests.preview.parsing.parser_helpers import case_content, findings


def parse_tiltak(**more: Any) -> Tiltak:
    return case_content(tiltak=[tiltak("2024-05-01", **more)]).tiltak[0]


def flags(lov: str, *ledd: str, bokstav: tuple[str, ...] = (), jmfr: tuple[str, ...] = ()) -> tuple[int, int, int]:
    """Return omsorg, akutt and hjelpetiltak."""
    found = parse_tiltak(lov=lov, ledd=ledd, bokstav=bokstav, jmfr=jmfr)
    assert not findings(tiltak=[tiltak("2024-05-01", lov=lov, ledd=ledd, bokstav=bokstav, jmfr=jmfr)])
    return found.omsorg, found.akutt, found.hjelpetiltak


OMSORG, AKUTT, HJELP, AKUTT_OG_HJELP = (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1)


@pytest.mark.parametrize(
    ("lov", "ledd", "expected"),
    [
        # BVL § 4-12
        ("BVL 4-12", (), OMSORG),
        ("BVL 4-12", ("1",), OMSORG),
        ("BVL 5-12", (), HJELP),
        ("BVL 4-11", (), HJELP),
        ("BVL 4-12a", (), HJELP),
        ("BVL2021 4-12", (), HJELP),
        # BVL § 4-8, second or third ledd
        ("BVL 4-8", (), HJELP),
        ("BVL 4-8", ("1",), HJELP),
        ("BVL 4-8", ("2",), OMSORG),
        ("BVL 4-8", ("3",), OMSORG),
        ("BVL 4-8", ("1", "3"), OMSORG),
        ("BVL 4-8", ("4",), HJELP),
        # BVL2021 § 5-1
        ("BVL2021 5-1", (), OMSORG),
        ("BVL2021 5-1", ("1",), OMSORG),
        ("BVL2021 5-1a", (), HJELP),
        ("BVL2021 5-2", (), HJELP),
        ("BVL2021 4-1", (), AKUTT_OG_HJELP),
        ("BVL 5-1", (), HJELP),
        # BVL2021 § 4-1 to § 4-5
        ("BVL2021 4-2", (), AKUTT),
        ("BVL2021 4-3", (), AKUTT),
        ("BVL2021 4-4", (), AKUTT),
        ("BVL2021 4-5", (), AKUTT),
        ("BVL2021 4-6", (), HJELP),
        ("BVL2021 4-2a", (), HJELP),
        ("BVL2021 3-2", (), HJELP),
        # BVL § 4-6, by consent under its first ledd
        ("BVL 4-6", (), AKUTT),
        ("BVL 4-6", ("2",), AKUTT),
        ("BVL 4-6", ("1",), AKUTT_OG_HJELP),
        ("BVL 4-6", ("2", "1"), AKUTT_OG_HJELP),
        # BVL § 4-9, § 4-25 second ledd, § 4-29 fourth ledd
        ("BVL 4-9", (), AKUTT),
        ("BVL 4-10", (), HJELP),
        ("BVL 4-25", (), HJELP),
        ("BVL 4-25", ("1",), HJELP),
        ("BVL 4-25", ("2",), AKUTT),
        ("BVL 4-25", ("1", "2"), AKUTT),
        ("BVL 4-29", ("2",), HJELP),
        ("BVL 4-29", ("4",), AKUTT),
        ("BVL2021 4-25", ("2",), HJELP),
        # the rest
        ("BVL2021 3-1", (), HJELP),
        ("BVL 4-4", (), HJELP),
        ("BL1981 5-1", (), HJELP),
        ("BL1981 4-12", (), HJELP),
    ],
)
def test_flags_by_law_chapter_paragraph_and_ledd(
    lov: str, ledd: tuple[str, ...], expected: tuple[int, int, int]
) -> None:
    assert flags(lov, *ledd) == expected


def test_omsorg_by_5_1_with_or_without_bokstav() -> None:
    assert flags("BVL2021 5-1", bokstav=("a", "d")) == OMSORG


def test_4_8_is_omsorg_if_jmfr_names_4_12() -> None:
    assert flags("BVL 4-8", "1", jmfr=("BVL 4-12",)) == OMSORG
    assert flags("BVL 4-8", "1", jmfr=("BVL 4-4", "BVL 3-1", "BVL 4-12")) == OMSORG
    assert flags("BVL 4-8", "1", jmfr=("BVL 4-11",)) == HJELP
    assert flags("BVL 4-8", "1", jmfr=("BVL2021 4-12",)) == HJELP
    assert flags("BVL 4-4", "1", jmfr=("BVL 4-12",)) == HJELP


@pytest.mark.parametrize("written", ["12", "4-12", "§ 4-12", "§4-12", " § 4 - 12 ", "§ 12", "4–12"])
def test_paragraf_notations_are_equivalent(written: str) -> None:
    basis = "<Lovhjemmel><Lov>BVL</Lov><Kapittel>4</Kapittel>" + element("Paragraf", text=written) + "</Lovhjemmel>"
    assert parse_tiltak(hjemmel=basis).omsorg == 1


@pytest.mark.parametrize("written", ["20A", "20 a", "4-20a"])
def test_letter_belongs_to_paragraf(written: str) -> None:
    basis = "<Lovhjemmel><Lov>BVL</Lov><Kapittel>4</Kapittel>" + element("Paragraf", text=written) + "</Lovhjemmel>"
    assert findings(tiltak=[tiltak("2024-05-01", hjemmel=basis)]) == []


def test_law_and_chapter_are_read_without_case_and_space() -> None:
    basis = (
        "<Lovhjemmel><Lov> bvl2021 </Lov><Kapittel> 5 </Kapittel>"
        "<Paragraf>\n                              1\n</Paragraf></Lovhjemmel>"
    )
    assert parse_tiltak(hjemmel=basis).omsorg == 1


UNKNOWN = [
    None,
    "<Lovhjemmel/>",
    "<Lovhjemmel><Kapittel>4</Kapittel><Paragraf>12</Paragraf></Lovhjemmel>",
    "<Lovhjemmel><Lov>1</Lov><Kapittel>4</Kapittel><Paragraf>12</Paragraf></Lovhjemmel>",
    "<Lovhjemmel><Lov>BVL</Lov><Paragraf>12</Paragraf></Lovhjemmel>",
    "<Lovhjemmel><Lov>BVL</Lov><Kapittel>4</Kapittel></Lovhjemmel>",
    "<Lovhjemmel><Lov>BVL</Lov><Kapittel>4</Kapittel><Paragraf>tolv</Paragraf></Lovhjemmel>",
    "<Lovhjemmel><Lov>BVL</Lov><Kapittel>fire</Kapittel><Paragraf>12</Paragraf></Lovhjemmel>",
    "<Lovhjemmel><Lov>BVL</Lov><Kapittel>5</Kapittel><Paragraf>4-12</Paragraf></Lovhjemmel>",
    "<Lovhjemmel><Lov>BVL</Lov><Kapittel>4</Kapittel><Paragraf>" + "1" * 30 + "</Paragraf></Lovhjemmel>",
]


@pytest.mark.parametrize("hjemmel", UNKNOWN)
def test_unknown_lovhjemmel_is_error_and_hjelpetiltak(hjemmel: str | None) -> None:
    case = tiltak("2024-05-01", "2024-06-01", "2.2", lov=None, hjemmel=hjemmel)
    assert findings(tiltak=[case]) == [("error", "lovhjemmel", "Tiltak/Lovhjemmel")]
    assert case_content(tiltak=[case]).tiltak == [
        Tiltak("2024-05-01", "2024-06-01", "2.2", omsorg=0, akutt=0, hjelpetiltak=1, plassering=1, opphevet=None)
    ]


def test_unknown_law_in_jmfr_is_separate_error() -> None:
    case = tiltak("2024-05-01", lov="BVL 4-12", jmfr=["X 4-12"])
    assert findings(tiltak=[case]) == [("error", "lovhjemmel", "Tiltak/JmfrLovhjemmel")]
    assert case_content(tiltak=[case]).tiltak[0].omsorg == 1


def test_repeated_ledd_are_all_read() -> None:
    basis = lovhjemmel("BVL 4-8", ledd=("1", "2", "3"), bokstav=("a",))
    assert parse_tiltak(hjemmel=basis).omsorg == 1


def test_plassering_by_kategori() -> None:
    placements = {code for code in KATEGORI if parse_tiltak(kategori=code).plassering}
    assert placements == {"1.1", "1.2", "1.99", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.99", "8.2", "8.4", "8.5"}


def test_plassering_akutt_and_omsorg_are_independent() -> None:
    found = parse_tiltak(kategori="2.5", lov="BVL2021 4-2")
    assert (found.plassering, found.akutt, found.omsorg, found.hjelpetiltak) == (1, 1, 0, 0)
    found = parse_tiltak(kategori="4.1", lov="BVL2021 5-1")
    assert (found.plassering, found.akutt, found.omsorg, found.hjelpetiltak) == (0, 0, 1, 0)


def test_builder_output_parses_to_its_input() -> None:
    assert b"<Paragraf>12</Paragraf><Ledd>2</Ledd>" in folder(tiltak=[tiltak("2024-05-01", lov="BVL 4-12", ledd=["2"])])
