"""Deviation rules: a case that fires each of them, and the nearest one that does not (docs/domain.md 7)."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from preview.core.languages import LANGUAGES
from preview.form.catalogue import Catalogue
from preview.form.deviations import HIDDEN_MESSAGE, evaluate, redact_hidden
from preview.form.rules.base import Deviation, ReportMetadata
from preview.i18n.catalog import MessageCatalog
from preview.model.resources import Value

_SECTIONS: tuple[tuple[Value, ...], ...] = (
    (600, 400, 150, 20, 95.0),
    (410, 400, 180, 220, 90, 10, 97.5),
    (500, 300, 250, 240),
    (140, 180, 140, 20, 20, 12, 20, 4),
    (260, 130, 20, 380),
    (400,),
    (60, 20),
    (70,),
    (48.0, 3.4),
)
CLEAN_VALUES: dict[int, Value] = dict(enumerate((value for section in _SECTIONS for value in section), 1))
"""By number: values of a report in which no rule finds anything."""

WITH_TILTAK = "antall_barn_med_tiltak"


@dataclass(frozen=True)
class Case:
    """A report and its prior one.

    `now` and `before` replace values of `CLEAN_VALUES`, by number; None is a share with nothing to count. Nothing
    supplies the fields of `missing`. `facts` replace those of an ordinary report.
    """

    now: dict[int, Value] = field(default_factory=dict)
    before: dict[int, Value] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    missing: tuple[int, ...] = ()
    with_tiltak: int | None = 500


def evaluate_case(catalogue: Catalogue, case: Case) -> list[Deviation]:
    keys = {field.number: field.field_key for field in catalogue.fields}
    current = {
        keys[number]: value for number, value in (CLEAN_VALUES | case.now).items() if number not in case.missing
    } | {WITH_TILTAK: case.with_tiltak}
    prior = {keys[number]: value for number, value in (CLEAN_VALUES | case.before).items()}
    facts: dict[str, Any] = {"period_id": "2024", "extract_day": "2025-02-01", **case.facts}
    return evaluate(catalogue, current, prior, ReportMetadata(**facts))


def fired_rules(catalogue: Catalogue, case: Case) -> set[tuple[str, int]]:
    """Return rule and field number of every deviation."""
    return {
        (deviation.rule_id, catalogue.field(deviation.field_key).number) for deviation in evaluate_case(catalogue, case)
    }


FIRING: dict[str, tuple[Case, set[tuple[str, int]]]] = {
    "sum too small": (Case({8: 179}), {("sum_undersokelser", 7)}),
    "sum too large": (Case({9: 221}), {("sum_undersokelser", 7)}),
    "14 above 13": (Case({14: 501, 13: 500}, {14: 501}), {("delmengde", 14)}),
    "19 above 18": (Case({19: 181}, {19: 181}), {("delmengde", 19)}),
    "20 above 18": (Case({20: 181}, {20: 181}), {("delmengde", 20)}),
    "21 above 18": (Case({21: 181}, {21: 181}), {("delmengde", 21)}),
    "26 above 17": (Case({26: 141}, {26: 141}), {("delmengde", 26)}),
    "31 above 30": (Case({31: 61}, {31: 61}), {("delmengde", 31)}),
    "34 above 33": (Case({34: 48.1}, {34: 48.1}), {("delmengde", 34)}),
    "share above 100": (Case({5: 100.1}), {("prosent", 5)}),
    "share below 0": (Case({12: -0.1}, {12: 0.0}), {("prosent", 12), ("frist_undersokelser", 12)}),
    "negative count": (Case({32: -1}, {32: 0}), {("negativ", 32)}),
    "negative figure": (Case({34: -0.1}), {("negativ", 34)}),
    "10 more, 30 % and over": (Case({23: 43}, {23: 33}), {("stor_endring", 23)}),
    "10 fewer": (Case({23: 23}, {23: 33}), {("stor_endring", 23)}),
    "exactly 30 %": (Case({1: 780}), {("stor_endring", 1)}),
    "exactly 30 % fewer": (Case({1: 420}), {("stor_endring", 1)}),
    "10 full-time equivalents": (Case({33: 43.3}, {33: 33.3}), {("stor_endring", 33)}),
    "share 10 points up": (Case({5: 92.3}, {5: 82.3}), {("stor_endring", 5)}),
    "share 10 points down": (Case({5: 90.0}, {5: 100.0}), {("stor_endring", 5)}),
    "from zero": (Case({24: 5}, {24: 0}), {("fra_null", 24)}),
    "share from zero": (Case({5: 5.0}, {5: 0.0}), {("fra_null", 5), ("frist_meldinger", 5)}),
    "from zero by many": (Case({24: 40}, {24: 0}), {("fra_null", 24)}),
    "to zero": (Case({24: 0}, {24: 5}), {("til_null", 24)}),
    "share to zero": (Case({5: 0.0}, {5: 5.0}), {("til_null", 5), ("frist_meldinger", 5)}),
    "to zero from many": (Case({24: 0}, {24: 10}), {("til_null", 24), ("stor_endring", 24)}),
    "value missing": (Case(missing=(34,)), {("mangler", 34)}),
    "missing where it was 0": (Case(before={24: 0}, missing=(24,)), {("mangler", 24)}),
    "share missing": (Case(missing=(5,)), {("mangler", 5)}),
    "no activity": (Case({1: 0}, {1: 4}, {"extract_day": "2024-12-31"}), {("ingen_aktivitet", 1)}),
    "another case system": (Case(facts={"system_changed": True}), {("kilde_endret", 1)}),
    "meldinger in time under 90": (Case({5: 89.9}, {5: 89.9}), {("frist_meldinger", 5)}),
    "undersøkelser in time under 90": (Case({12: 89.9}), {("frist_undersokelser", 12)}),
    "without plan over 10 %": (Case({27: 21}, with_tiltak=209), {("uten_plan", 27)}),
    "extracted the day before the last": (Case(facts={"extract_day": "2024-12-30"}), {("forelopig", 1)}),
    "extracted before the half-year's end": (
        Case(facts={"period_id": "2024-H1", "extract_day": "2024-06-29"}),
        {("forelopig", 1)},
    ),
    "incomplete": (Case(facts={"incomplete": True}), {("ufullstendig", 1)}),
    "one finding": (Case(facts={"findings": 1}), {("funn", 1)}),
    "findings": (Case(facts={"findings": 2}), {("funn", 1)}),
}

NEAREST: dict[str, Case] = {
    "nothing": Case(),
    "share with nothing to count": Case({5: None}),
    "sum that fits": Case({8: 179, 9: 221}),
    "sum with a value missing": Case(before={8: None}, missing=(8,)),
    "14 as large as 13": Case({14: 500}, {14: 500}),
    "19 as large as 18": Case({19: 180}, {19: 180}),
    "20 as large as 18": Case({20: 180}, {20: 180}),
    "21 as large as 18": Case({21: 180}, {21: 180}),
    "26 as large as 17": Case({26: 140}),
    "31 as large as 30": Case({31: 60}, {31: 60}),
    "34 as large as 33": Case({34: 48.0}, {34: 48.0}),
    "34 without 33": Case(before={33: None}, missing=(33,)),
    "parts of undersøkelser are the sum's affair": Case({8: 401, 9: -1, 7: 400}, {8: 401, 9: -1}),
    "share of 100": Case({5: 100.0}),
    "share of none": Case({5: None}, {5: None}),
    "zero": Case({32: 0}, {32: 0}),
    "9 more": Case({23: 33}, {23: 24}),
    "9 fewer": Case({23: 24}, {23: 33}),
    "10 more, not 30 %": Case({23: 44}, {23: 34}),
    "just under 30 %": Case({1: 779}),
    "9.9 full-time equivalents": Case({33: 43.2}, {33: 33.3}),
    "share 9.9 points up": Case({5: 92.2}, {5: 82.3}),
    "4 from zero": Case({24: 4}, {24: 0}),
    "5 from one": Case({24: 5}, {24: 1}),
    "to zero from 4": Case({24: 0}, {24: 4}),
    "missing before too": Case(before={34: None}, missing=(34,)),
    "new value": Case({34: 3.4}, {34: None}),
    "one melding": Case({1: 1}, {1: 1}),
    "undersøkelser in time at 90": Case({12: 90.0}, {12: 90.0}),
    "meldinger in time at 90": Case({5: 90.0}, {5: 90.0}),
    "without plan exactly 10 %": Case({27: 21}, with_tiltak=210),
    "without plan of an unknown number": Case({27: 21}, with_tiltak=None),
    "extracted on the last day": Case(facts={"extract_day": "2024-12-31"}),
    "extracted on the half-year's last day": Case(facts={"period_id": "2024-H1", "extract_day": "2024-06-30"}),
    "no findings": Case(facts={"findings": 0}),
}


@pytest.mark.parametrize(("case", "expected"), FIRING.values(), ids=FIRING)
def test_rule_fires(catalogue: Catalogue, case: Case, expected: set[tuple[str, int]]) -> None:
    assert fired_rules(catalogue, case) == expected


@pytest.mark.parametrize("name", NEAREST)
def test_rule_does_not_fire_just_below_its_limit(catalogue: Catalogue, name: str) -> None:
    allowed = {("negativ", 9)} if name == "parts of undersøkelser are the sum's affair" else set[tuple[str, int]]()
    assert fired_rules(catalogue, NEAREST[name]) == allowed


def test_zero_meldinger_in_open_period_is_only_provisional(catalogue: Catalogue) -> None:
    assert fired_rules(catalogue, Case({1: 0}, {1: 4}, {"extract_day": "2024-12-30"})) == {("forelopig", 1)}


PROVISIONAL = {"extract_day": "2024-11-29"}


@pytest.mark.parametrize(
    "case",
    [
        Case({11: 40}, {11: 100}, PROVISIONAL),
        Case({24: 5}, {24: 0}, PROVISIONAL),
        Case({24: 0}, {24: 5}, PROVISIONAL),
        Case({1: 0}, {1: 4}, PROVISIONAL),
    ],
    ids=["large change", "from zero", "to zero", "no activity"],
)
def test_change_of_accumulating_field_is_not_judged_while_provisional(catalogue: Catalogue, case: Case) -> None:
    assert fired_rules(catalogue, case) == {("forelopig", 1)}
    assert fired_rules(catalogue, Case(case.now, case.before)) != set()


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (Case({10: 100}, {10: 40}, PROVISIONAL), ("stor_endring", 10)),
        (Case({5: 95.0}, {5: 80.0}, PROVISIONAL), ("stor_endring", 5)),
        (Case({32: 0}, {32: 6}, PROVISIONAL), ("til_null", 32)),
        (Case({24: -1}, {24: 30}, PROVISIONAL), ("negativ", 24)),
        (Case(before={24: 30}, facts=PROVISIONAL, missing=(24,)), ("mangler", 24)),
    ],
    ids=["at period end", "share", "to zero at period end", "error", "missing"],
)
def test_other_rules_are_judged_while_provisional(catalogue: Catalogue, case: Case, expected: tuple[str, int]) -> None:
    assert fired_rules(catalogue, case) == {("forelopig", 1), expected}


def test_nothing_is_compared_without_prior_snapshot(catalogue: Catalogue) -> None:
    current = {field.field_key: CLEAN_VALUES[field.number] for field in catalogue.fields}
    facts = ReportMetadata(period_id="2024", extract_day="2025-02-01")
    assert evaluate(catalogue, current | {"antall_flyttinger": 500}, None, facts) == []
    assert [found.rule_id for found in evaluate(catalogue, current | {"antall_flyttinger": 10}, None, facts)] == [
        "delmengde"
    ]


def test_deviations_are_sorted_by_field_and_severity(catalogue: Catalogue) -> None:
    case = Case({1: 0, 5: 101.0, 27: 60, 24: -1}, {1: 6, 5: 60.0}, {"findings": 3, "incomplete": True})
    found = [
        (catalogue.field(deviation.field_key).number, deviation.severity, deviation.rule_id)
        for deviation in evaluate_case(catalogue, case)
    ]
    assert found == [
        (1, "warning", "til_null"),
        (1, "warning", "ingen_aktivitet"),
        (1, "notice", "ufullstendig"),
        (1, "notice", "funn"),
        (5, "error", "prosent"),
        (5, "warning", "stor_endring"),
        (24, "error", "negativ"),
        (27, "warning", "stor_endring"),
        (27, "notice", "uten_plan"),
    ]


def test_every_domain_rule_exists_with_its_severity(catalogue: Catalogue) -> None:
    errors = {"sum_undersokelser", "delmengde", "prosent", "negativ"}
    warnings = {"stor_endring", "fra_null", "til_null", "mangler", "ingen_aktivitet", "kilde_endret"}
    notices = {"frist_meldinger", "frist_undersokelser", "uten_plan", "forelopig", "ufullstendig", "funn"}
    found = {
        severity: {rule.rule_id for rule in catalogue.rules if rule.severity == severity}
        for severity in ("error", "warning", "notice")
    }
    assert found == {"error": errors, "warning": warnings, "notice": notices}
    assert {rule for _, expected in FIRING.values() for rule, _ in expected} == errors | warnings | notices


def test_every_message_fires_and_renders_in_each_language(catalogue: Catalogue) -> None:
    texts = MessageCatalog.load()
    found = [deviation for case, _ in FIRING.values() for deviation in evaluate_case(catalogue, case)]
    every = {f"deviation.{rule.rule_id}.{variant}" for rule in catalogue.rules for variant in rule.variants}
    assert {deviation.message for deviation in found} == every
    for language in LANGUAGES:
        for deviation in found:
            written = texts.get(language, deviation.message, **deviation.params)
            assert "{" not in written
            assert len(texts.get(language, deviation.tag)) <= 13
            assert texts.get(language, deviation.action).endswith(".")


def test_texts_name_only_existing_rules(catalogue: Catalogue) -> None:
    ours = {
        f"deviation.{rule.rule_id}.{ending}"
        for rule in catalogue.rules
        for ending in (*rule.variants, "tag", "definition", "action")
    } | {HIDDEN_MESSAGE}
    assert {key for key in MessageCatalog.load().keys if key.startswith("deviation.")} == ours


@pytest.mark.parametrize(
    ("case", "written"),
    [
        (
            Case({4: 71, 5: 91.0}, {4: 49}),
            (
                "71 er 22 flere enn i 2023, da det var 49 (+45\u00a0%). "
                "Varsles når endringen er minst 10 og minst 30\u00a0%."
            ),
        ),
        (
            Case({23: 18}, {23: 41}),
            (
                "18 er 23 færre enn i 2023, da det var 41 (\u221256\u00a0%). "
                "Varsles når endringen er minst 10 og minst 30\u00a0%."
            ),
        ),
        (
            Case({33: 60.5}, {33: 40.0}),
            (
                "60,5 er 20,5 flere enn i 2023, da det var 40,0 (+51\u00a0%). "
                "Varsles når endringen er minst 10 og minst 30\u00a0%."
            ),
        ),
        (
            Case({12: 98.2}, {12: 75.9}),
            (
                "98,2\u00a0% er 22,3 prosentpoeng mer enn i 2023, da det var 75,9\u00a0%. "
                "Varsles når endringen er minst 10 prosentpoeng."
            ),
        ),
        (Case({7: 414, 8: 176, 9: 234}), "176 med vedtak og 234 henlagte er 410, men 414 er avsluttet."),
        (Case({26: 141}), "141 er mer enn de 140 i nr. 17, som feltet er en del av."),
        (
            Case({27: 58}, {27: 58}, with_tiltak=498),
            "58 av 498 barn med tiltak (11,6\u00a0%) er uten plan. Det er over 10\u00a0%.",
        ),
        (Case(missing=(34,)), "Feltet har ikke verdi. I 2023 var det 3,4."),
        (
            Case(facts={"period_id": "2024-H2", "extract_day": "2024-11-05"}),
            "Dataene er tatt ut 5. november 2024, før perioden er slutt 31. desember 2024.",
        ),
        (
            Case({24: 5}, {24: 0}, {"period_id": "2024-H1", "extract_day": "2024-06-30"}),
            "5 i 1. halvår 2024, men 0 i 1. halvår 2023.",
        ),
        (Case(facts={"findings": 1480}), "Kilden har 1\u00a0480 funn."),
    ],
)
def test_message_contains_numbers(catalogue: Catalogue, case: Case, written: str) -> None:
    (found,) = evaluate_case(catalogue, case)
    assert MessageCatalog.load().get("nb", found.message, **found.params) == written


def test_message_never_reveals_hidden_value(catalogue: Catalogue) -> None:
    case = Case({24: 0, 27: 21, 1: 601}, {24: 6}, {"findings": 1}, with_tiltak=209)
    found = evaluate_case(catalogue, case)
    assert [deviation.rule_id for deviation in found] == ["funn", "til_null", "uten_plan"]
    both = redact_hidden(found, {"antall_barn_med_tiltak_uten_plan"}, {"antall_omsorgsvedtak_opphevet"})
    assert [(deviation.rule_id, deviation.field_key) for deviation in both] == [
        (deviation.rule_id, deviation.field_key) for deviation in found
    ]
    assert [deviation.message for deviation in both] == ["deviation.funn.one", HIDDEN_MESSAGE, HIDDEN_MESSAGE]
    assert [deviation.params for deviation in both] == [{"count": 1}, {}, {}]
    # Hidden now is not hidden before, and the other way round.
    assert redact_hidden(found, {"antall_flyttinger"}, {"antall_barn_med_tiltak_uten_plan"}) == found


def test_message_declares_fields_it_reveals(catalogue: Catalogue) -> None:
    for case, _ in FIRING.values():
        for deviation in evaluate_case(catalogue, case):
            if {"value", "part_1", "whole"} & deviation.params.keys():
                assert deviation.field_key in deviation.current_keys
            assert ("prior" in deviation.params) <= (deviation.field_key in deviation.prior_keys)
