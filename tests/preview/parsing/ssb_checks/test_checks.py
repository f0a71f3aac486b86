"""Every heading of the source is a row: decided, told by another finding, or with the reason why not. And no control changes anything."""

import ast
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from preview.model.findings import Code, Finding, Notes, Severity
from preview.parsing.ssb_checks import case, rules
from preview.parsing.ssb_checks.rules import CONTROLS, RULES
from tests.builders.case_xml import barnevern, flytting, melding, plan, sak, slettet, tiltak, uid, undersokelse
from tests.preview.parsing.parser_helpers import contents, controls_in, findings
from tests.preview.parsing.ssb_checks.firing import NOTHING, fired
from tests.support.server_process import REPOSITORY

HERE = Path(__file__).parent
HEADING = re.compile(r"^#{3,4} (?:### |UTGÅR: )?((?:[^:<#\n]*[Kk]ontroll \d|Validéring)[^:\n]*)", re.MULTILINE)
SOURCE = Path(os.environ.get("BUFDIR_KRAVSPESIFIKASJON", REPOSITORY.parent / "shared" / "Kravspesifikasjon.md"))
BEFORE, FIRST, LAST, AFTER = "2019-12-31", "2020-01-01", "2024-06-01", "2024-06-02"  # days of a case, and those beside them
CLOSED: dict[str, Any] = {"slutt": LAST}
MIGRATED: list[dict[str, Any]] = [
    {"tiltak": [tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 5-1", MigrertId="17")]},
    {"tiltak": [tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 5-1")], "migrert": "17"},
]


def headings() -> list[str]:
    return (HERE / "headings.txt").read_text(encoding="utf-8").splitlines()


def test_every_heading_is_a_row_and_no_row_is_without_a_heading() -> None:
    assert list(dict.fromkeys(control.name for control in CONTROLS.values())) == headings()
    assert len(headings()) == 80


@pytest.mark.skipif(not SOURCE.exists(), reason="BUFDIR_KRAVSPESIFIKASJON does not name the source.")
def test_the_headings_are_those_of_the_source() -> None:
    assert HEADING.findall(SOURCE.read_text(encoding="utf-8")) == headings()


def test_headings_are_found_as_the_source_writes_them() -> None:
    lines = (
        "### Melding Kontroll 2a: x",
        "### ### Personalia kontroll 11: y",
        "### UTGÅR: Sak Kontroll 6: z",
        "#### Melder Kontroll 2: Mangler",
    )
    written = "\n".join([*lines, "## <a name='sak'>Sak</a>", ""])
    assert HEADING.findall(written) == ["Melding Kontroll 2a", "Personalia kontroll 11", "Sak Kontroll 6", "Melder Kontroll 2"]


def test_a_row_is_evaluated_or_told_elsewhere_or_says_why_not() -> None:
    for name, control in CONTROLS.items():
        assert [bool(control.asks), bool(control.finding), bool(control.why)].count(True) == 1, name
        assert bool(control.element) == bool(control.asks), name
    assert {control.finding for control in CONTROLS.values()} - {""} <= {code.value for code in Code}
    assert [name for name, control in CONTROLS.items() if control.why] == ["filbeskrivelse", "sak_6"]


def test_every_control_that_is_evaluated_has_a_test_of_its_own() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in HERE.glob("test_*.py")]
    tests = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {f"test_{name}" for name in RULES} - tests == set()


KINDS: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "melding": ("meldinger", melding),
    "undersokelse": ("undersokelser", undersokelse),
    "tiltak": ("tiltak", tiltak),
    "plan": ("planer", plan),
}


def told_elsewhere() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By control, a case of which another finding tells the same, and the nearest of which it does not."""
    there = {"meldinger": [melding("2024-01-01", id=uid(1))]}

    def evaluated(day: str) -> list[str]:
        return [plan("2024-01-01", "2024-05-01", evaluert=[day])]

    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "sak_2a": ({"slutt": BEFORE}, {"slutt": FIRST}),
        "sak_22": ({**there, "slettinger": [slettet("Melding", uid(2))]}, {**there, "slettinger": [slettet("Melding", uid(1))]}),
        "flytting_2c": ({**CLOSED, "flyttinger": [flytting(AFTER)]}, {**CLOSED, "flyttinger": [flytting(LAST)]}),
        "flytting_2f": ({"flyttinger": [flytting(BEFORE)]}, {"flyttinger": [flytting(FIRST)]}),
        "plan_2f": ({**CLOSED, "planer": evaluated(AFTER)}, {**CLOSED, "planer": evaluated(LAST)}),
        "plan_2g": ({"planer": evaluated(BEFORE)}, {"planer": evaluated(FIRST)}),
    }
    for kind, (kinds, make) in KINDS.items():
        found[f"{kind}_2a"] = ({kinds: [make("2024-02-02", "2024-02-01")]}, {kinds: [make("2024-02-02", "2024-02-02")]})
        found[f"{kind}_2c"] = ({**CLOSED, kinds: [make("2024-02-02", AFTER)]}, {**CLOSED, kinds: [make("2024-02-02", LAST)]})
        found[f"{kind}_2e"] = ({kinds: [make(BEFORE, "2024-02-01")]}, {kinds: [make(FIRST, "2024-02-01")]})
    return found


@pytest.mark.parametrize("name", [name for name, control in CONTROLS.items() if control.finding])
def test_what_another_finding_tells(name: str) -> None:
    bad, good = told_elsewhere()[name]
    code = CONTROLS[name].finding
    assert code in {each for _, each, _ in findings(**bad)}
    assert code not in {each for _, each, _ in findings(**good)}


def test_none_refuses_and_none_is_an_error() -> None:
    assert {rule.severity for rule in RULES.values()} | {rule.lesser for rule in RULES.values()} == {Severity.WARNING, Severity.NOTICE}
    assert {name for name, control in CONTROLS.items() if control.severity == "FATAL"} & RULES.keys() == set()


@pytest.mark.parametrize("migrated", MIGRATED)
def test_what_was_migrated_is_told_more_mildly(migrated: dict[str, Any]) -> None:
    assert fired(tiltak=[tiltak("2024-02-01", "2024-03-01", "2.2", lov="BVL2021 5-1")]) == [("warning", "tiltak_12", "Tiltak")]
    assert fired(**migrated) == [("notice", "tiltak_12", "Tiltak")]


def test_a_control_holds_from_its_first_day_on() -> None:
    """Tiltak Kontroll 22 is from 2023-01-01."""
    measure = tiltak("2022-02-01", kategori="1.99").replace('Kode="1.99"', 'Kode="1.99" Presisering="x"')
    of = {"tiltak": [measure]}
    assert fired(uttrekk="2023-01-01T00:00:00+01:00", **of) == [("notice", "tiltak_22", "Tiltak/Kategori")]
    assert fired(uttrekk="2022-12-31T23:59:59+01:00", **of) == NOTHING


def test_a_control_changes_nothing_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    data = barnevern([sak(uid(1), meldinger=[melding("2024-01-10", "2024-01-30")]), sak(uid(2))]).encode()
    assert controls_in(data) == [("notice", "melding_3", "Melding"), ("warning", "sak_21", "Sak")]
    kept = contents(data).mapper
    monkeypatch.setattr(
        case, "RULES", {name: rules.Rule("", rule.severity, rule.lesser, "9999-12-31", "", "") for name, rule in RULES.items()}
    )
    assert controls_in(data) == NOTHING
    assert contents(data).mapper == kept


def test_controls_take_no_room_from_faults() -> None:
    notes = Notes(1)
    for line in range(Notes.KEPT + 5):
        notes.add_control(Finding(Severity.NOTICE, "kontroll_x", 1, line, "Melding", ""))
    notes.add(Code.NO_DATE, 1, "Melding@StartDato")
    assert [each.code for each in notes.findings[-2:]] == ["more_findings", "no_date"]
    assert (len(notes.findings), notes.count) == (Notes.KEPT + 2, 1)
