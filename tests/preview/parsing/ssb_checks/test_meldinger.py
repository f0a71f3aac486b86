"""Checks of Melding, Melder and Saksinnhold."""

import pytest

from tests.builders.case_xml import element, konklusjon, melding, slettet, uid
from tests.preview.parsing.parser_helpers import check_findings
from tests.preview.parsing.ssb_checks.firing import NO_FINDINGS, fired_checks

DAY, LATER = "2024-01-10", "2024-01-17"


def bare_melding(*children: str, slutt: str | None = LATER, id: str | None = None) -> str:  # noqa: A002, the format calls it id
    """Return a melding with these children and nothing else."""
    return element("Melding", [*children, konklusjon(slutt, "2") if slutt else None], Id=id or uid(), StartDato=DAY)


def test_melding_3() -> None:
    assert fired_checks(meldinger=[melding(DAY, "2024-01-18")]) == [("notice", "melding_3", "Melding")]
    assert fired_checks(meldinger=[melding(DAY, "2024-01-17")]) == fired_checks(meldinger=[melding(DAY)]) == NO_FINDINGS


def test_melding_4() -> None:
    without = '<Saksinnhold Kode="20"/>'
    assert fired_checks(meldinger=[bare_melding(without)]) == [("warning", "melding_4", "Melding")]
    assert (
        fired_checks(meldinger=[bare_melding(without, slutt=None)])
        == fired_checks(meldinger=[melding(DAY, LATER)])
        == NO_FINDINGS
    )


def test_melding_5() -> None:
    without = '<Melder Kode="1"/>'
    assert fired_checks(meldinger=[bare_melding(without)]) == [("warning", "melding_5", "Melding")]
    assert (
        fired_checks(meldinger=[bare_melding(without, slutt=None)])
        == fired_checks(meldinger=[melding(DAY, LATER)])
        == NO_FINDINGS
    )


def test_melding_19() -> None:
    """All duplicates but the first are reported; ids and layout make no difference, everything else does."""
    expected = [("notice", "melding_19", "Melding")]
    assert fired_checks(meldinger=[melding(DAY, LATER), melding(DAY, LATER)]) == expected
    assert fired_checks(meldinger=[melding(DAY, LATER), melding(DAY, LATER), melding(DAY, LATER)]) == expected * 2
    assert fired_checks(meldinger=[melding(DAY, LATER), melding(DAY, LATER, "1")]) == NO_FINDINGS
    assert fired_checks(meldinger=[melding(DAY), melding(DAY)]) == NO_FINDINGS
    assert fired_checks(meldinger=[melding(DAY, LATER), melding(DAY, LATER, ErSlettet=True)]) == NO_FINDINGS
    assert (
        fired_checks(
            meldinger=[melding(DAY, LATER), melding(DAY, LATER, id=uid(1))], slettinger=[slettet("Melding", uid(1))]
        )
        == NO_FINDINGS
    )
    # one and the same thing
    assert fired_checks(meldinger=[melding(DAY, LATER, id=uid(1)), melding(DAY, LATER, id=uid(1))]) == NO_FINDINGS


@pytest.mark.parametrize("slutt", [LATER, None])
def test_melder_2(slutt: str | None) -> None:
    expected = [("warning", "melder_2", "Melding/Melder")]
    content = '<Saksinnhold Kode="20"/>'
    assert fired_checks(meldinger=[bare_melding('<Melder Kode="22"/>', content, slutt=slutt)]) == expected
    assert (
        fired_checks(
            meldinger=[bare_melding('<Melder Kode="22" Presisering=""/>', '<Melder Kode="1"/>', content, slutt=slutt)]
        )
        == expected
    )
    assert (
        fired_checks(
            meldinger=[bare_melding('<Melder Kode="22" Presisering="x"/>', '<Melder Kode="1"/>', content, slutt=slutt)]
        )
        == NO_FINDINGS
    )


@pytest.mark.parametrize("kode", ["18", "19"])
def test_saksinnhold_2(kode: str) -> None:
    expected = ("warning", "saksinnhold_2", "Melding/Saksinnhold")
    reporter = '<Melder Kode="1"/>'
    assert fired_checks(meldinger=[bare_melding(reporter, f'<Saksinnhold Kode="{kode}"/>')]) == [expected]
    assert (
        fired_checks(
            meldinger=[bare_melding(reporter, f'<Saksinnhold Kode="{kode}"/>', f'<Saksinnhold Kode="{kode}"/>')]
        )
        == [expected] * 2
    )
    assert (
        fired_checks(
            meldinger=[
                bare_melding(reporter, f'<Saksinnhold Kode="{kode}" Presisering="x"/>', '<Saksinnhold Kode="20"/>')
            ]
        )
        == NO_FINDINGS
    )


def test_deleted_melding_is_not_checked() -> None:
    assert check_findings(meldinger=[melding(DAY, "2024-02-01", ErSlettet=True), melding(DAY, LATER)]) == NO_FINDINGS
