"""The controls of Melding, Melder and Saksinnhold."""

import pytest

from tests.builders.case_xml import element, konklusjon, melding, slettet, uid
from tests.preview.parsing.parser_helpers import controls
from tests.preview.parsing.ssb_checks.firing import NOTHING, fired

DAY, LATER = "2024-01-10", "2024-01-17"


def one(*children: str, slutt: str | None = LATER, id: str | None = None) -> str:  # noqa: A002, the format calls it id
    """A melding with these children and nothing else."""
    return element("Melding", [*children, konklusjon(slutt, "2") if slutt else None], Id=id or uid(), StartDato=DAY)


def test_melding_3() -> None:
    assert fired(meldinger=[melding(DAY, "2024-01-18")]) == [("notice", "melding_3", "Melding")]
    assert fired(meldinger=[melding(DAY, "2024-01-17")]) == fired(meldinger=[melding(DAY)]) == NOTHING


def test_melding_4() -> None:
    without = '<Saksinnhold Kode="20"/>'
    assert fired(meldinger=[one(without)]) == [("warning", "melding_4", "Melding")]
    assert fired(meldinger=[one(without, slutt=None)]) == fired(meldinger=[melding(DAY, LATER)]) == NOTHING


def test_melding_5() -> None:
    without = '<Melder Kode="1"/>'
    assert fired(meldinger=[one(without)]) == [("warning", "melding_5", "Melding")]
    assert fired(meldinger=[one(without, slutt=None)]) == fired(meldinger=[melding(DAY, LATER)]) == NOTHING


def test_melding_19() -> None:
    """Each but the first; ids and layout do not tell them apart, all else does."""
    expected = [("notice", "melding_19", "Melding")]
    assert fired(meldinger=[melding(DAY, LATER), melding(DAY, LATER)]) == expected
    assert fired(meldinger=[melding(DAY, LATER), melding(DAY, LATER), melding(DAY, LATER)]) == expected * 2
    assert fired(meldinger=[melding(DAY, LATER), melding(DAY, LATER, "1")]) == NOTHING
    assert fired(meldinger=[melding(DAY), melding(DAY)]) == NOTHING
    assert fired(meldinger=[melding(DAY, LATER), melding(DAY, LATER, ErSlettet=True)]) == NOTHING
    assert fired(meldinger=[melding(DAY, LATER), melding(DAY, LATER, id=uid(1))], slettinger=[slettet("Melding", uid(1))]) == NOTHING
    assert fired(meldinger=[melding(DAY, LATER, id=uid(1)), melding(DAY, LATER, id=uid(1))]) == NOTHING  # one and the same thing


@pytest.mark.parametrize("slutt", [LATER, None])
def test_melder_2(slutt: str | None) -> None:
    expected = [("warning", "melder_2", "Melding/Melder")]
    content = '<Saksinnhold Kode="20"/>'
    assert fired(meldinger=[one('<Melder Kode="22"/>', content, slutt=slutt)]) == expected
    assert fired(meldinger=[one('<Melder Kode="22" Presisering=""/>', '<Melder Kode="1"/>', content, slutt=slutt)]) == expected
    assert fired(meldinger=[one('<Melder Kode="22" Presisering="x"/>', '<Melder Kode="1"/>', content, slutt=slutt)]) == NOTHING


@pytest.mark.parametrize("kode", ["18", "19"])
def test_saksinnhold_2(kode: str) -> None:
    expected = ("warning", "saksinnhold_2", "Melding/Saksinnhold")
    reporter = '<Melder Kode="1"/>'
    assert fired(meldinger=[one(reporter, f'<Saksinnhold Kode="{kode}"/>')]) == [expected]
    assert fired(meldinger=[one(reporter, f'<Saksinnhold Kode="{kode}"/>', f'<Saksinnhold Kode="{kode}"/>')]) == [expected] * 2
    assert fired(meldinger=[one(reporter, f'<Saksinnhold Kode="{kode}" Presisering="x"/>', '<Saksinnhold Kode="20"/>')]) == NOTHING


def test_a_deleted_one_is_not_looked_at() -> None:
    assert controls(meldinger=[melding(DAY, "2024-02-01", ErSlettet=True), melding(DAY, LATER)]) == NOTHING
