"""Checks of Tiltak and Plan."""

from typing import Any

import pytest

from tests.builders.case_xml import element, lovhjemmel, personalia, plan, relasjon, tiltak, uid, vedtak
from tests.preview.parsing.ssb_checks.firing import NO_FINDINGS, fired_checks

T, V = uid(31), uid(32)
KATEGORI = "Tiltak/Kategori"
TO_TILTAK = relasjon("Vedtak", V, "Tiltak", T)


def fired_for(*measures: str, **case: Any) -> list[tuple[str, str, str]]:
    return fired_checks(tiltak=measures, **case)


def other_tiltak(kategori: str, **more: Any) -> str:
    """Return a tiltak whose Kategori has a Presisering."""
    return tiltak("2024-02-01", kategori=kategori, **more).replace(
        f'Kode="{kategori}"', f'Kode="{kategori}" Presisering="x"'
    )


@pytest.mark.parametrize(("kategori", "check_id", "last"), [("4.1", "tiltak_5", 7), ("4.2", "tiltak_6", 11)])
def test_child_above_age_limit_is_reported(kategori: str, check_id: str, last: int) -> None:
    """The age is that at the end of the tiltak, or at the extract (2024-12-31) if it is running."""
    expected = [("notice", check_id, KATEGORI)]
    born = f"{2024 - last - 1}-12-31"
    younger = f"{2024 - last}-01-01"
    assert fired_for(tiltak("2022-02-01", kategori=kategori), personer=[personalia(fodt=born)]) == expected
    assert fired_for(tiltak("2022-02-01", kategori=kategori), personer=[personalia(fodt=younger)]) == NO_FINDINGS
    assert fired_for(tiltak("2022-02-01", "2024-12-30", kategori), personer=[personalia(fodt=born)]) == NO_FINDINGS
    assert fired_for(tiltak("2022-02-01", kategori="4.3"), personer=[personalia(fodt=born)]) == NO_FINDINGS


def test_tiltak_5() -> None:
    test_child_above_age_limit_is_reported("4.1", "tiltak_5", 7)


def test_tiltak_6() -> None:
    test_child_above_age_limit_is_reported("4.2", "tiltak_6", 11)


@pytest.mark.parametrize("kategori", ["1.99", "2.99", "3.7", "3.99", "4.99", "5.99", "6.99", "7.99", "8.99"])
def test_tiltak_7(kategori: str) -> None:
    expected = ("warning", "tiltak_7", KATEGORI)
    assert expected in fired_for(tiltak("2024-02-01", kategori=kategori))
    assert expected not in fired_for(other_tiltak(kategori))
    assert fired_for(tiltak("2024-02-01", kategori="3.10")) == NO_FINDINGS


def test_tiltak_8() -> None:
    ended = tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 5-1", opphevelse="4")
    assert fired_for(ended) == [("warning", "tiltak_8", "Tiltak/Opphevelse")]
    assert fired_for(ended.replace('Opphevelse Kode="4"', 'Opphevelse Kode="4" Presisering="x"')) == NO_FINDINGS
    assert fired_for(tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 5-1", opphevelse="1")) == NO_FINDINGS


def test_tiltak_9() -> None:
    """The later one of two is reported; 91 days from 1 March end on 31 May; a running one lasts until the extract."""
    expected = [("notice", "tiltak_9", "Tiltak")]
    first = tiltak("2024-01-01", "2024-05-31", "2.2")
    assert fired_for(first, tiltak("2024-03-01", "2024-07-01", "1.1")) == expected
    assert fired_for(first, tiltak("2024-03-02", "2024-07-01", "1.1")) == NO_FINDINGS
    assert fired_for(tiltak("2024-03-01", kategori="1.1"), tiltak("2024-01-01", kategori="2.2")) == expected
    assert fired_for(tiltak("2024-10-02", kategori="1.1"), tiltak("2024-01-01", kategori="2.2")) == NO_FINDINGS
    assert fired_for(first, tiltak("2024-03-01", "2024-07-01", "3.10")) == NO_FINDINGS


def test_tiltak_12() -> None:
    expected = [("warning", "tiltak_12", "Tiltak")]
    assert fired_for(tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 5-1")) == expected
    assert fired_for(tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 5-1", opphevelse="1")) == NO_FINDINGS
    assert fired_for(tiltak("2024-02-01", kategori="2.2", lov="BVL2021 5-1")) == NO_FINDINGS
    assert fired_for(tiltak("2024-02-01", "2024-03-01", "3.10", lov="BVL2021 5-1")) == NO_FINDINGS
    assert fired_for(tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 3-2")) == NO_FINDINGS


def test_tiltak_13() -> None:
    grown: dict[str, Any] = {"personer": [personalia(fodt="2006-12-31")]}
    assert fired_for(tiltak("2024-02-01", kategori="2.2", lov="BVL2021 5-1"), **grown) == [
        ("warning", "tiltak_13", "Tiltak")
    ]
    assert (
        fired_for(tiltak("2024-02-01", kategori="2.2", lov="BVL2021 5-1"), personer=[personalia(fodt="2007-01-01")])
        == NO_FINDINGS
    )
    assert (
        fired_for(tiltak("2024-02-01", "2024-12-30", "2.2", lov="BVL2021 5-1", opphevelse="2"), **grown) == NO_FINDINGS
    )
    assert fired_for(tiltak("2024-02-01", kategori="2.2", lov="BVL2021 3-6"), **grown) == NO_FINDINGS


@pytest.mark.parametrize("part", ["Kapittel", "Paragraf", "Ledd", "Punktum"])
def test_tiltak_14(part: str) -> None:
    parts = {"Lov": "BVL2021", "Kapittel": "3", "Paragraf": "1", "Ledd": "1", "Punktum": "1"}

    def measure(parts: dict[str, str]) -> str:
        hjemmel = element("Lovhjemmel", [element(name, text=text) for name, text in parts.items()])
        return tiltak("2024-02-01", hjemmel=hjemmel)

    assert fired_for(measure(parts | {part: "0"})) == [("warning", "tiltak_14", "Tiltak/Lovhjemmel")]
    assert fired_for(measure(parts)) == fired_for(measure(parts | {part: "10"})) == NO_FINDINGS


def test_tiltak_19() -> None:
    assert fired_for(tiltak("2024-02-01"), tiltak("2024-02-01")) == [("notice", "tiltak_19", "Tiltak")]
    assert fired_for(tiltak("2024-02-01"), tiltak("2024-02-01", kategori="3.9")) == NO_FINDINGS


def test_tiltak_20() -> None:
    """Only cases with Vedtak and relations are checked."""
    made = vedtak("2024-02-01", id=V)
    related, alone = tiltak("2024-02-01", id=T), tiltak("2024-02-02")
    assert fired_for(related, alone, andre=[made], relasjoner=[TO_TILTAK]) == [("warning", "tiltak_20", "Tiltak")]
    assert fired_for(related, andre=[made], relasjoner=[TO_TILTAK]) == NO_FINDINGS
    assert fired_for(alone, andre=[made]) == fired_for(alone) == NO_FINDINGS


@pytest.mark.parametrize("lov", ["BVL 3-1", "BVL2021 4-1", "BVL2021 3-2"])
def test_tiltak_21(lov: str) -> None:
    """Act, chapter and section are compared in any notation; ledd and the rest can differ."""

    def related(lov: str, **more: Any) -> list[tuple[str, str, str]]:
        made = vedtak("2024-02-01", id=V)
        return fired_for(tiltak("2024-02-01", id=T, lov=lov, **more), andre=[made], relasjoner=[TO_TILTAK])

    assert related(lov) == [("warning", "tiltak_21", "Tiltak/Lovhjemmel")]
    assert related("BVL2021 3-1") == related("BVL2021 3-1", ledd=["1", "2"]) == NO_FINDINGS
    written = lovhjemmel("BVL2021 3-1").replace("<Paragraf>1<", "<Paragraf>§ 3-1<")
    assert related("BVL2021 3-1", hjemmel=written) == NO_FINDINGS


@pytest.mark.parametrize(("kategori", "check_id"), [("1.99", "tiltak_22"), ("2.99", "tiltak_23")])
def test_unspecific_placement_is_reported(kategori: str, check_id: str) -> None:
    assert fired_for(other_tiltak(kategori)) == [("notice", check_id, KATEGORI)]
    assert fired_for(other_tiltak("3.99")) == NO_FINDINGS


def test_tiltak_22() -> None:
    test_unspecific_placement_is_reported("1.99", "tiltak_22")


def test_tiltak_23() -> None:
    test_unspecific_placement_is_reported("2.99", "tiltak_23")


def test_plan_19() -> None:
    assert fired_checks(planer=[plan("2024-02-01"), plan("2024-02-01")]) == [("notice", "plan_19", "Plan")]
    assert fired_checks(planer=[plan("2024-02-01"), plan("2024-02-01", type="6")]) == NO_FINDINGS
