"""Nos. 25 to 28, computed by hand for 2024."""

from collections.abc import Iterable

from preview.model.case_records import Plan, Tiltak
from tests.preview.form.case_fixtures import CaseBase, plan, sak, tiltak

TYPES = (*range(1, 9), None)


def at_period_end(base: CaseBase, key: str, plantype: int, extra_plans: Iterable[Tiltak] = ()) -> set[str]:
    """Return which plans around the last day of 2024 make a child with the measures `besides` count."""

    def of(start: str, slutt: str | None = None) -> list[Plan]:
        return [plan(plantype, start, slutt)]

    counted = base.values_by_case(
        key,
        started_years_ago=sak(planer=of("2019-05-05"), tiltak=extra_plans),
        started_on_last_day=sak(planer=of("2024-12-31"), tiltak=extra_plans),
        started_day_after=sak(planer=of("2025-01-01"), tiltak=extra_plans),
        ended_on_last_day=sak(planer=of("2024-03-01", "2024-12-31"), tiltak=extra_plans),
        ended_day_after=sak(planer=of("2024-03-01", "2025-01-01"), tiltak=extra_plans),
        two_of_one_child=sak(planer=of("2024-03-01") * 2, tiltak=extra_plans),
        no_plan=sak(tiltak=extra_plans),
    )
    assert set(counted.values()) == {0, 1}
    return {name for name, value in counted.items() if value == 1}


PRESENT = {"started_years_ago", "started_on_last_day", "ended_day_after", "two_of_one_child"}
ABSENT = {"started_day_after", "ended_on_last_day", "no_plan"}


def test_antall_barn_med_tiltaksplan(base: CaseBase) -> None:
    key = "antall_barn_med_tiltaksplan"
    assert at_period_end(base, key, 5) == PRESENT
    assert {code for code in TYPES if base.values([sak(planer=[plan(code, "2024-03-01")])])[key] == 1} == {1, 2, 5}


def test_antall_barn_under_omsorg_med_omsorgsplan(base: CaseBase) -> None:
    key, omsorg, omsorgsplan = (
        "antall_barn_under_omsorg_med_omsorgsplan",
        tiltak("2020-03-01", omsorg=1),
        plan(4, "2024-03-01"),
    )
    assert at_period_end(base, key, 4, [omsorg]) == PRESENT
    with_type = {code: sak(planer=[plan(code, "2024-03-01")], tiltak=[omsorg]) for code in TYPES}
    assert {code for code in TYPES if base.values([with_type[code]])[key] == 1} == {3, 4}
    counted = base.values_by_case(
        key,
        omsorg_ended_on_last_day=sak(planer=[omsorgsplan], tiltak=[tiltak("2020-03-01", "2024-12-31", omsorg=1)]),
        omsorg_ended_day_after=sak(planer=[omsorgsplan], tiltak=[tiltak("2020-03-01", "2025-01-01", omsorg=1)]),
        omsorg_started_on_last_day=sak(planer=[omsorgsplan], tiltak=[tiltak("2024-12-31", omsorg=1)]),
        omsorg_started_day_after=sak(planer=[omsorgsplan], tiltak=[tiltak("2025-01-01", omsorg=1)]),
        two_of_one_child=sak(planer=[omsorgsplan], tiltak=[omsorg, omsorg]),
        hjelpetiltak=sak(planer=[omsorgsplan], tiltak=[tiltak("2024-03-01")]),
        no_tiltak=sak(planer=[omsorgsplan]),
    )
    assert counted == {
        "omsorg_ended_on_last_day": 0,
        "omsorg_ended_day_after": 1,
        "omsorg_started_on_last_day": 1,
        "omsorg_started_day_after": 0,
        "two_of_one_child": 1,
        "hjelpetiltak": 0,
        "no_tiltak": 0,
    }
    assert base.values([sak(planer=[omsorgsplan]), sak(tiltak=[omsorg])])[key] == 0


def test_antall_barn_med_tiltak_uten_plan(base: CaseBase) -> None:
    key, measure = "antall_barn_med_tiltak_uten_plan", tiltak("2020-03-01", akutt=1)
    assert at_period_end(base, key, 1, [measure]) == ABSENT
    with_type = {code: sak(planer=[plan(code, "2024-03-01")], tiltak=[measure]) for code in TYPES}
    assert {code for code in TYPES if base.values([with_type[code]])[key] == 1} == {6, 7, 8, None}
    counted = base.values_by_case(
        key,
        tiltak_ended_on_last_day=sak(tiltak=[tiltak("2020-03-01", "2024-12-31")]),
        tiltak_ended_day_after=sak(tiltak=[tiltak("2020-03-01", "2025-01-01")]),
        tiltak_started_on_last_day=sak(tiltak=[tiltak("2024-12-31", omsorg=1)]),
        tiltak_started_day_after=sak(tiltak=[tiltak("2025-01-01")]),
        two_of_one_child=sak(tiltak=[measure, measure]),
        no_tiltak=sak(),
    )
    assert counted == {
        "tiltak_ended_on_last_day": 0,
        "tiltak_ended_day_after": 1,
        "tiltak_started_on_last_day": 1,
        "tiltak_started_day_after": 0,
        "two_of_one_child": 1,
        "no_tiltak": 0,
    }
    assert base.values([sak(planer=[plan(1, "2024-03-01")]), sak(tiltak=[measure])])[key] == 1


def test_antall_planevalueringer(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_planevalueringer",
        day_before=sak(evalueringer=["2023-12-31"]),
        first_day=sak(evalueringer=["2024-01-01"]),
        last_day=sak(evalueringer=["2024-12-31"]),
        day_after=sak(evalueringer=["2025-01-01"]),
        two_on_one_day=sak(evalueringer=["2024-03-01", "2024-03-01"]),
    )
    assert counted == {"day_before": 0, "first_day": 1, "last_day": 1, "day_after": 0, "two_on_one_day": 2}


def test_antall_barn_med_tiltak(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_barn_med_tiltak",
        ended_on_last_day=sak(tiltak=[tiltak("2020-03-01", "2024-12-31")]),
        ended_day_after=sak(tiltak=[tiltak("2020-03-01", "2025-01-01")]),
        started_on_last_day=sak(tiltak=[tiltak("2024-12-31", akutt=1)]),
        started_day_after=sak(tiltak=[tiltak("2025-01-01")]),
        two_of_one_child=sak(tiltak=[tiltak("2024-03-01"), tiltak("2024-03-01", omsorg=1)]),
    )
    assert counted == {
        "ended_on_last_day": 0,
        "ended_day_after": 1,
        "started_on_last_day": 1,
        "started_day_after": 0,
        "two_of_one_child": 1,
    }
