"""Each heading of the source is evaluated, covered by another finding, or has a reason; no check changes anything."""

import ast
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from preview.model.findings import Finding, FindingCode, FindingCollector, Severity
from preview.parsing.ssb_checks import case, rules
from preview.parsing.ssb_checks.rules import CHECKS, EVALUATED_CHECKS
from tests.builders.case_xml import barnevern, flytting, melding, plan, sak, slettet, tiltak, uid, undersokelse
from tests.preview.parsing.parser_helpers import check_findings_in, findings, parse
from tests.preview.parsing.ssb_checks.firing import NO_FINDINGS, fired_checks
from tests.support.server_process import REPOSITORY

HERE = Path(__file__).parent
HEADING = re.compile(r"^#{3,4} (?:### |UTGÅR: )?((?:[^:<#\n]*[Kk]ontroll \d|Validéring)[^:\n]*)", re.MULTILINE)
SOURCE = Path(os.environ.get("BUFDIR_KRAVSPESIFIKASJON", REPOSITORY.parent / "shared" / "Kravspesifikasjon.md"))
# days of a case, and those beside them
BEFORE, FIRST, LAST, AFTER = (
    "2019-12-31",
    "2020-01-01",
    "2024-06-01",
    "2024-06-02",
)
CLOSED: dict[str, Any] = {"slutt": LAST}
MIGRATED: list[dict[str, Any]] = [
    {"tiltak": [tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 5-1", MigrertId="17")]},
    {"tiltak": [tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 5-1")], "migrert": "17"},
]


def headings() -> list[str]:
    return (HERE / "headings.txt").read_text(encoding="utf-8").splitlines()


def test_checks_and_headings_correspond() -> None:
    assert list(dict.fromkeys(check.name for check in CHECKS.values())) == headings()
    assert len(headings()) == 80


@pytest.mark.skipif(not SOURCE.exists(), reason="BUFDIR_KRAVSPESIFIKASJON does not name the source.")
def test_headings_equal_source_document() -> None:
    assert HEADING.findall(SOURCE.read_text(encoding="utf-8")) == headings()


def test_heading_pattern_matches_source_notation() -> None:
    lines = (
        "### Melding Kontroll 2a: x",
        "### ### Personalia kontroll 11: y",
        "### UTGÅR: Sak Kontroll 6: z",
        "#### Melder Kontroll 2: Mangler",
    )
    written = "\n".join([*lines, "## <a name='sak'>Sak</a>", ""])
    assert HEADING.findall(written) == [
        "Melding Kontroll 2a",
        "Personalia kontroll 11",
        "Sak Kontroll 6",
        "Melder Kontroll 2",
    ]


def test_check_has_message_other_finding_or_reason() -> None:
    for name, check in CHECKS.items():
        assert [bool(check.message), bool(check.finding), bool(check.not_evaluated_reason)].count(True) == 1, name
        assert bool(check.element) == bool(check.message), name
    assert {check.finding for check in CHECKS.values()} - {""} <= {code.value for code in FindingCode}
    assert [name for name, check in CHECKS.items() if check.not_evaluated_reason] == ["filbeskrivelse", "sak_6"]


def test_every_evaluated_check_has_test() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in HERE.glob("test_*.py")]
    tests = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {f"test_{name}" for name in EVALUATED_CHECKS} - tests == set()


KINDS: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "melding": ("meldinger", melding),
    "undersokelse": ("undersokelser", undersokelse),
    "tiltak": ("tiltak", tiltak),
    "plan": ("planer", plan),
}


def cases_by_check() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return by check a case that another finding covers, and the nearest one that it does not."""
    there = {"meldinger": [melding("2024-01-01", id=uid(1))]}

    def evaluated(day: str) -> list[str]:
        return [plan("2024-01-01", "2024-05-01", evaluert=[day])]

    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "sak_2a": ({"slutt": BEFORE}, {"slutt": FIRST}),
        "sak_22": (
            {**there, "slettinger": [slettet("Melding", uid(2))]},
            {**there, "slettinger": [slettet("Melding", uid(1))]},
        ),
        "flytting_2c": ({**CLOSED, "flyttinger": [flytting(AFTER)]}, {**CLOSED, "flyttinger": [flytting(LAST)]}),
        "flytting_2f": ({"flyttinger": [flytting(BEFORE)]}, {"flyttinger": [flytting(FIRST)]}),
        "plan_2f": ({**CLOSED, "planer": evaluated(AFTER)}, {**CLOSED, "planer": evaluated(LAST)}),
        "plan_2g": ({"planer": evaluated(BEFORE)}, {"planer": evaluated(FIRST)}),
    }
    for kind, (kinds, make) in KINDS.items():
        found[f"{kind}_2a"] = ({kinds: [make("2024-02-02", "2024-02-01")]}, {kinds: [make("2024-02-02", "2024-02-02")]})
        found[f"{kind}_2c"] = (
            {**CLOSED, kinds: [make("2024-02-02", AFTER)]},
            {**CLOSED, kinds: [make("2024-02-02", LAST)]},
        )
        found[f"{kind}_2e"] = ({kinds: [make(BEFORE, "2024-02-01")]}, {kinds: [make(FIRST, "2024-02-01")]})
    return found


@pytest.mark.parametrize("name", [name for name, check in CHECKS.items() if check.finding])
def test_check_is_covered_by_other_finding(name: str) -> None:
    bad, good = cases_by_check()[name]
    code = CHECKS[name].finding
    assert code in {finding for _, finding, _ in findings(**bad)}
    assert code not in {finding for _, finding, _ in findings(**good)}


def test_checks_are_only_warnings_and_notices() -> None:
    assert {rule.severity for rule in EVALUATED_CHECKS.values()} | {
        rule.lenient_severity for rule in EVALUATED_CHECKS.values()
    } == {
        Severity.WARNING,
        Severity.NOTICE,
    }
    assert {name for name, check in CHECKS.items() if check.severity == "FATAL"} & EVALUATED_CHECKS.keys() == set()


@pytest.mark.parametrize("migrated", MIGRATED)
def test_migrated_data_gets_lenient_severity(migrated: dict[str, Any]) -> None:
    assert fired_checks(tiltak=[tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 5-1")]) == [
        ("warning", "tiltak_12", "Tiltak")
    ]
    assert fired_checks(**migrated) == [("notice", "tiltak_12", "Tiltak")]


def test_check_applies_from_its_first_day() -> None:
    """Tiltak Kontroll 22 applies from 2023-01-01."""
    measure = tiltak("2022-02-01", kategori="1.99").replace('Kode="1.99"', 'Kode="1.99" Presisering="x"')
    case_ = {"tiltak": [measure]}
    assert fired_checks(uttrekk="2023-01-01T00:00:00+01:00", **case_) == [("notice", "tiltak_22", "Tiltak/Kategori")]
    assert fired_checks(uttrekk="2022-12-31T23:59:59+01:00", **case_) == NO_FINDINGS


def test_checks_do_not_change_stored_content(monkeypatch: pytest.MonkeyPatch) -> None:
    data = barnevern([sak(uid(1), meldinger=[melding("2024-01-10", "2024-01-30")]), sak(uid(2))]).encode()
    assert check_findings_in(data) == [("notice", "melding_3", "Melding"), ("warning", "sak_21", "Sak")]
    folders = parse(data).folders
    monkeypatch.setattr(
        case,
        "EVALUATED_CHECKS",
        {
            name: rules.EvaluatedCheck("", rule.severity, rule.lenient_severity, "9999-12-31", "", "")
            for name, rule in EVALUATED_CHECKS.items()
        },
    )
    assert check_findings_in(data) == NO_FINDINGS
    assert parse(data).folders == folders


def test_check_findings_do_not_displace_other_findings() -> None:
    collector = FindingCollector(1)
    for line in range(FindingCollector.MAX_STORED + 5):
        collector.add_check_finding(Finding(Severity.NOTICE, "kontroll_x", 1, line, "Melding", ""))
    collector.add(FindingCode.NO_DATE, 1, "Melding@StartDato")
    assert [finding.code for finding in collector.findings[-2:]] == ["more_findings", "no_date"]
    assert (len(collector.findings), collector.count) == (FindingCollector.MAX_STORED + 2, 1)
