"""Checks of Undersokelse."""

import pytest

from tests.builders.case_xml import element, konklusjon, melding, relasjon, uid, undersokelse, vedtak
from tests.preview.parsing.ssb_checks.firing import NO_FINDINGS, fired_checks

M, U, V = uid(11), uid(12), uid(13)
FROM_MELDING = relasjon("Melding", M, "Undersokelse", U)
TO_VEDTAK = relasjon("Undersokelse", U, "Vedtak", V)
MELDING = melding("2024-01-02", "2024-01-09", id=M)


def bare_undersokelse(*children: str, slutt: str | None = "2024-03-01", kode: str = "1") -> str:
    """Return an undersøkelse with these children and nothing else."""
    return element(
        "Undersokelse", [*children, konklusjon(slutt, kode) if slutt else None], Id=U, StartDato="2024-01-09"
    )


@pytest.mark.parametrize("kode", ["18", "19"])
def test_undersokelse_3(kode: str) -> None:
    expected = [("warning", "undersokelse_3", "Undersokelse/Vedtaksgrunnlag")]
    assert fired_checks(undersokelser=[bare_undersokelse(f'<Vedtaksgrunnlag Kode="{kode}"/>')]) == expected
    assert (
        fired_checks(
            undersokelser=[
                bare_undersokelse(f'<Vedtaksgrunnlag Kode="{kode}" Presisering="x"/>', '<Vedtaksgrunnlag Kode="20"/>')
            ]
        )
        == NO_FINDINGS
    )


@pytest.mark.parametrize("kode", ["1", "2"])
def test_undersokelse_7(kode: str) -> None:
    assert fired_checks(undersokelser=[bare_undersokelse(kode=kode)]) == [("warning", "undersokelse_7", "Undersokelse")]
    assert fired_checks(undersokelser=[bare_undersokelse('<Vedtaksgrunnlag Kode="20"/>', kode=kode)]) == NO_FINDINGS
    assert (
        fired_checks(undersokelser=[bare_undersokelse(kode="3")])
        == fired_checks(undersokelser=[bare_undersokelse(slutt=None)])
        == NO_FINDINGS
    )


def test_undersokelse_11() -> None:
    """The deadline of a melding received on 2 January is 9 April, or 9 July with an extension."""
    expected = [("notice", "undersokelse_11", "Undersokelse")]

    def fired_on(
        day: str, utvidet: str | None = None, relasjoner: list[str] | None = None
    ) -> list[tuple[str, str, str]]:
        running = undersokelse("2024-01-09", id=U, utvidet=utvidet)
        related = [FROM_MELDING] if relasjoner is None else relasjoner
        return fired_checks(
            uttrekk=f"{day}T12:00:00+02:00", meldinger=[MELDING], undersokelser=[running], relasjoner=related
        )

    assert fired_on("2024-04-10") == fired_on("2024-07-10", "1") == fired_on("2024-04-10", "2") == expected
    assert fired_on("2024-04-09") == fired_on("2024-07-09", "1") == fired_on("2024-04-10", relasjoner=[]) == NO_FINDINGS


def test_undersokelse_19() -> None:
    twice = [undersokelse("2024-01-09", "2024-03-01", "3"), undersokelse("2024-01-09", "2024-03-01", "3")]
    assert fired_checks(undersokelser=twice) == [("warning", "undersokelse_19", "Undersokelse")]
    assert fired_checks(undersokelser=[twice[0], undersokelse("2024-01-09", "2024-03-02", "3")]) == NO_FINDINGS


def test_undersokelse_20() -> None:
    """Only cases with meldinger and relations are checked."""
    dismissed = undersokelse("2024-01-09", "2024-03-01", "3", id=U)
    other = undersokelse("2024-01-10", "2024-03-01", "3")
    assert fired_checks(meldinger=[MELDING], undersokelser=[dismissed, other], relasjoner=[FROM_MELDING]) == [
        ("warning", "undersokelse_20", "Undersokelse")
    ]
    assert fired_checks(meldinger=[MELDING], undersokelser=[dismissed], relasjoner=[FROM_MELDING]) == NO_FINDINGS
    assert (
        fired_checks(meldinger=[MELDING], undersokelser=[dismissed])
        == fired_checks(undersokelser=[dismissed])
        == NO_FINDINGS
    )


@pytest.mark.parametrize(("kode", "severity"), [("1", "warning"), ("2", "notice")])
def test_undersokelse_21(kode: str, severity: str) -> None:
    """Only cases with Vedtak and relations are checked."""
    concluded = undersokelse("2024-01-09", "2024-03-01", kode, id=U)
    made = vedtak("2024-03-01", id=V)
    case = {"meldinger": [MELDING], "undersokelser": [concluded], "andre": [made]}
    assert fired_checks(**case, relasjoner=[FROM_MELDING]) == [(severity, "undersokelse_21", "Undersokelse")]
    assert fired_checks(**case, relasjoner=[FROM_MELDING, TO_VEDTAK]) == fired_checks(**case) == NO_FINDINGS
    dismissed = {**case, "undersokelser": [undersokelse("2024-01-09", "2024-03-01", "3", id=U)]}
    assert fired_checks(**dismissed, relasjoner=[FROM_MELDING]) == NO_FINDINGS
