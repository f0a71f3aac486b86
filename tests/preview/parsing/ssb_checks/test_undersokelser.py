"""The controls of Undersokelse."""

import pytest

from tests.builders.case_xml import element, konklusjon, melding, relasjon, uid, undersokelse, vedtak
from tests.preview.parsing.ssb_checks.firing import NOTHING, fired

M, U, V = uid(11), uid(12), uid(13)
FROM_MELDING = relasjon("Melding", M, "Undersokelse", U)
TO_VEDTAK = relasjon("Undersokelse", U, "Vedtak", V)
MELDING = melding("2024-01-02", "2024-01-09", id=M)


def one(*children: str, slutt: str | None = "2024-03-01", kode: str = "1") -> str:
    """An undersokelse with these children and nothing else."""
    return element("Undersokelse", [*children, konklusjon(slutt, kode) if slutt else None], Id=U, StartDato="2024-01-09")


@pytest.mark.parametrize("kode", ["18", "19"])
def test_undersokelse_3(kode: str) -> None:
    expected = [("warning", "undersokelse_3", "Undersokelse/Vedtaksgrunnlag")]
    assert fired(undersokelser=[one(f'<Vedtaksgrunnlag Kode="{kode}"/>')]) == expected
    assert fired(undersokelser=[one(f'<Vedtaksgrunnlag Kode="{kode}" Presisering="x"/>', '<Vedtaksgrunnlag Kode="20"/>')]) == NOTHING


@pytest.mark.parametrize("kode", ["1", "2"])
def test_undersokelse_7(kode: str) -> None:
    assert fired(undersokelser=[one(kode=kode)]) == [("warning", "undersokelse_7", "Undersokelse")]
    assert fired(undersokelser=[one('<Vedtaksgrunnlag Kode="20"/>', kode=kode)]) == NOTHING
    assert fired(undersokelser=[one(kode="3")]) == fired(undersokelser=[one(slutt=None)]) == NOTHING


def test_undersokelse_11() -> None:
    """Received on 2 January: the deadline is 9 April; extended, 9 July."""
    expected = [("notice", "undersokelse_11", "Undersokelse")]

    def told(day: str, utvidet: str | None = None, relasjoner: list[str] | None = None) -> list[tuple[str, str, str]]:
        running = undersokelse("2024-01-09", id=U, utvidet=utvidet)
        related = [FROM_MELDING] if relasjoner is None else relasjoner
        return fired(uttrekk=f"{day}T12:00:00+02:00", meldinger=[MELDING], undersokelser=[running], relasjoner=related)

    assert told("2024-04-10") == told("2024-07-10", "1") == told("2024-04-10", "2") == expected
    assert told("2024-04-09") == told("2024-07-09", "1") == told("2024-04-10", relasjoner=[]) == NOTHING


def test_undersokelse_19() -> None:
    twice = [undersokelse("2024-01-09", "2024-03-01", "3"), undersokelse("2024-01-09", "2024-03-01", "3")]
    assert fired(undersokelser=twice) == [("warning", "undersokelse_19", "Undersokelse")]
    assert fired(undersokelser=[twice[0], undersokelse("2024-01-09", "2024-03-02", "3")]) == NOTHING


def test_undersokelse_20() -> None:
    """Where the case has meldinger and relations at all."""
    dismissed = undersokelse("2024-01-09", "2024-03-01", "3", id=U)
    other = undersokelse("2024-01-10", "2024-03-01", "3")
    assert fired(meldinger=[MELDING], undersokelser=[dismissed, other], relasjoner=[FROM_MELDING]) == [
        ("warning", "undersokelse_20", "Undersokelse")
    ]
    assert fired(meldinger=[MELDING], undersokelser=[dismissed], relasjoner=[FROM_MELDING]) == NOTHING
    assert fired(meldinger=[MELDING], undersokelser=[dismissed]) == fired(undersokelser=[dismissed]) == NOTHING


@pytest.mark.parametrize(("kode", "severity"), [("1", "warning"), ("2", "notice")])
def test_undersokelse_21(kode: str, severity: str) -> None:
    """Where the case has Vedtak and relations at all."""
    concluded = undersokelse("2024-01-09", "2024-03-01", kode, id=U)
    made = vedtak("2024-03-01", id=V)
    case = {"meldinger": [MELDING], "undersokelser": [concluded], "andre": [made]}
    assert fired(**case, relasjoner=[FROM_MELDING]) == [(severity, "undersokelse_21", "Undersokelse")]
    assert fired(**case, relasjoner=[FROM_MELDING, TO_VEDTAK]) == fired(**case) == NOTHING
    dismissed = {**case, "undersokelser": [undersokelse("2024-01-09", "2024-03-01", "3", id=U)]}
    assert fired(**dismissed, relasjoner=[FROM_MELDING]) == NOTHING
