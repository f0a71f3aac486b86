"""Checks of the case as a whole, and of Avgiver."""

from typing import Any

import pytest

from tests.builders.case_xml import (
    OLD_PLAN,
    avgiver,
    barnevern,
    element,
    flytting,
    konklusjon,
    melding,
    personalia,
    plan,
    sak,
    slettet,
    tiltak,
    uid,
    undersokelse,
    utfort,
    vedtak,
)
from tests.preview.parsing.parser_helpers import check_findings, check_findings_in
from tests.preview.parsing.ssb_checks.firing import NO_FINDINGS, fired_checks

CLOSED: dict[str, Any] = {"slutt": "2024-12-01"}
OSLO, BERGEN, TRONDHEIM = "958935420", "964338531", "942110464"


def ettervern(sent: str | None, slutt: str | None = None) -> str:
    return element("Ettervern", [konklusjon(slutt, "1") if slutt else None], Id=uid(), TilbudSendtDato=sent)


@pytest.mark.parametrize("org", [OSLO, BERGEN, TRONDHEIM])
def test_avgiver_1(org: str) -> None:
    def check_findings_for(bydel: str | None, org: str, **more: Any) -> list[tuple[str, str, str]]:
        giver = avgiver(org, bydel=bydel, **more)
        return check_findings_in(barnevern([sak(planer=[plan(*OLD_PLAN)])], sender=giver).encode())

    expected = [("warning", "avgiver_1", "Avgiver@Bydelsnummer")]
    assert (
        check_findings_for(None, org)
        == check_findings_for("02", org, Bydelsnavn=None)
        == check_findings_for(None, org, Bydelsnavn="Testbydel")
        == expected
    )
    assert check_findings_for("02", org) == check_findings_for(None, "999999999") == NO_FINDINGS


@pytest.mark.parametrize(
    ("case", "path"),
    [
        ({"start": "1997-12-31", "personer": [personalia("1998-01-01", "1998-01-01")]}, "Sak"),
        ({"meldinger": [melding("1997-12-31", "1998-01-01")]}, "Melding"),
        ({"meldinger": [melding("2024-01-01", "2051-01-01", "1")]}, "Melding"),
        ({"undersokelser": [undersokelse("1997-12-31", "1998-01-01", "3")]}, "Undersokelse"),
        (
            {
                "undersokelser": [
                    undersokelse("2024-01-01", "2024-02-01", "3", utvidet="1").replace(
                        'StartDato="2024-01-01" Innv', 'StartDato="1904-01-01" Innv'
                    )
                ]
            },
            "Undersokelse/UtvidetFrist",
        ),
        ({"planer": [plan("2024-01-01", evaluert=["2051-01-01"])]}, "Plan/Evaluering"),
        ({"tiltak": [tiltak("2024-01-01", tilsyn=[utfort("2051-01-01")])]}, "Tiltak/Tilsyn/Utfort"),
        ({"flyttinger": [flytting("2051-01-01")]}, "Flytting"),
        ({"personer": [personalia("2051-01-01", "2050-12-01")]}, "Personalia"),
        ({"andre": [ettervern("2051-01-01", "2051-01-02")]}, "Ettervern"),
    ],
)
def test_sak_1(case: dict[str, Any], path: str) -> None:
    """The range is 26 years before and after the year of the extract, 2024."""
    assert ("warning", "sak_1", path) in fired_checks(**case)


def test_sak_1_accepts_dates_within_range() -> None:
    first = {
        "start": "1998-01-01",
        "personer": [personalia("1998-01-01", "1998-01-01")],
        "meldinger": [melding("1998-01-01", "1998-01-02")],
    }
    last = {"meldinger": [melding("2024-01-01", "2050-12-31", "1")], "flyttinger": [flytting("2050-12-31")]}
    assert [code for case in (first, last) for _, code, _ in fired_checks(**case) if code == "sak_1"] == []


def test_sak_7() -> None:
    """The day of the extract is 2024-12-31."""
    born: dict[str, Any] = {
        "personer": [personalia("2020-01-01", "1999-12-31")],
        "tiltak": [tiltak("2020-01-01", "2024-12-01")],
    }
    assert fired_checks(**born) == [("notice", "sak_7", "Sak")]
    assert fired_checks(**{**born, "personer": [personalia("2020-01-01", "2000-01-01")]}) == NO_FINDINGS
    assert fired_checks(**born, **CLOSED) == NO_FINDINGS
    left_open = fired_checks(**born, **CLOSED, meldinger=[melding("2020-01-02")])
    assert ("notice", "sak_7", "Sak") in left_open
    assert ("notice", "sak_7", "Sak") not in fired_checks(**born, **CLOSED, andre=[vedtak("2020-01-02")])


def test_sak_8() -> None:
    born: dict[str, Any] = {"personer": [personalia("2020-01-01", "2006-12-31")]}
    assert fired_checks(**born) == [("warning", "sak_8", "Sak")]
    assert fired_checks(personer=[personalia("2020-01-01", "2007-01-01")]) == NO_FINDINGS
    assert fired_checks(**born, tiltak=[tiltak("2020-02-01", "2020-03-01")]) == NO_FINDINGS
    assert fired_checks(**born, **CLOSED) == NO_FINDINGS
    assert ("warning", "sak_8", "Sak") in fired_checks(**born, **CLOSED, meldinger=[melding("2020-01-02")])
    assert fired_checks(**born, tiltak=[tiltak("2020-02-01", ErSlettet=True)]) == [("warning", "sak_8", "Sak")]


def test_sak_21() -> None:
    assert check_findings() == check_findings(flyttinger=[flytting("2024-01-01")]) == [("warning", "sak_21", "Sak")]
    assert check_findings(**CLOSED) == NO_FINDINGS
    for case in (
        {"meldinger": [melding("2024-12-30")]},
        {"andre": [vedtak("2024-12-30")]},
        {"andre": [ettervern("2024-12-30")]},
    ):
        assert check_findings(**case) == NO_FINDINGS


def test_sak_23() -> None:
    inside: dict[str, Any] = {
        "meldinger": [melding("2020-01-02")],
        "undersokelser": [undersokelse("2024-11-01")],
        "planer": [plan("2020-01-02")],
        "tiltak": [tiltak("2020-01-02")],
        "andre": [vedtak("2020-01-02"), ettervern("2020-01-02")],
    }
    found = fired_checks(**inside, **CLOSED)
    assert sorted(path for severity, code, path in found if (severity, code) == ("notice", "sak_23")) == sorted(
        ["Melding", "Undersokelse", "Plan", "Tiltak", "Vedtak", "Ettervern"]
    )
    assert "sak_23" not in {code for _, code, _ in fired_checks(**inside)}
    ended: dict[str, Any] = {
        "meldinger": [melding("2020-01-02", "2020-01-03")],
        "undersokelser": [undersokelse("2020-01-02", "2020-01-03", "3")],
        "tiltak": [tiltak("2020-01-02", "2020-01-03")],
        "andre": [ettervern("2020-01-02", "2020-01-03")],
        "slettinger": [slettet("Melding", uid(1))],
    }
    assert (
        fired_checks(**{**ended, "meldinger": [*ended["meldinger"], melding("2020-01-02", id=uid(1))]}, **CLOSED)
        == NO_FINDINGS
    )
