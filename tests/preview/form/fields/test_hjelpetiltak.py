"""Nos. 13 to 16, computed by hand for 2024."""

from tests.preview.form.case_fixtures import CaseBase, sak, tiltak


def test_antall_barn_med_hjelpetiltak(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_barn_med_hjelpetiltak",
        ended_day_before=sak(tiltak=[tiltak("2022-01-01", "2023-12-31")]),
        ended_on_first_day=sak(tiltak=[tiltak("2022-01-01", "2024-01-01")]),
        lasts_all_through=sak(tiltak=[tiltak("2022-01-01", "2026-01-01")]),
        started_on_last_day=sak(tiltak=[tiltak("2024-12-31")]),
        started_day_after=sak(tiltak=[tiltak("2025-01-01")]),
        two_of_one_child=sak(tiltak=[tiltak("2024-01-05", "2024-02-01"), tiltak("2024-03-01")]),
        omsorg_alone=sak(tiltak=[tiltak("2024-01-05", omsorg=1)]),
        akutt_by_consent=sak(tiltak=[tiltak("2024-01-05", akutt=1, hjelpetiltak=1)]),
    )
    assert counted == {
        "ended_day_before": 0,
        "ended_on_first_day": 1,
        "lasts_all_through": 1,
        "started_on_last_day": 1,
        "started_day_after": 0,
        "two_of_one_child": 1,
        "omsorg_alone": 0,
        "akutt_by_consent": 1,
    }


def test_antall_barn_med_hjelpetiltak_i_hjemmet(base: CaseBase) -> None:
    at_home = tiltak("2024-02-01")
    counted = base.values_by_case(
        "antall_barn_med_hjelpetiltak_i_hjemmet",
        started_on_last_day=sak(tiltak=[tiltak("2024-12-31")]),
        started_day_after=sak(tiltak=[tiltak("2025-01-01")]),
        ended_on_last_day=sak(tiltak=[tiltak("2024-02-01", "2024-12-31")]),
        ended_day_after=sak(tiltak=[tiltak("2024-02-01", "2025-01-01")]),
        two_of_one_child=sak(tiltak=[at_home, at_home]),
        is_itself_a_plassering=sak(tiltak=[tiltak("2024-02-01", kategori="2.1")]),
        besides_a_plassering=sak(tiltak=[at_home, tiltak("2024-12-31", kategori="8.4", akutt=1)]),
        besides_one_that_ended_on_last_day=sak(
            tiltak=[at_home, tiltak("2024-02-01", "2024-12-31", kategori="1.1", omsorg=1)]
        ),
        besides_one_that_starts_day_after=sak(tiltak=[at_home, tiltak("2025-01-01", kategori="1.1", omsorg=1)]),
        omsorg_at_home=sak(tiltak=[tiltak("2024-02-01", omsorg=1)]),
        besides_omsorg_at_home=sak(tiltak=[at_home, tiltak("2024-02-01", omsorg=1)]),
    )
    assert counted == {
        "started_on_last_day": 1,
        "started_day_after": 0,
        "ended_on_last_day": 0,
        "ended_day_after": 1,
        "two_of_one_child": 1,
        "is_itself_a_plassering": 0,
        "besides_a_plassering": 0,
        "besides_one_that_ended_on_last_day": 1,
        "besides_one_that_starts_day_after": 1,
        "omsorg_at_home": 0,
        "besides_omsorg_at_home": 1,
    }


def test_antall_barn_med_hjelpetiltak_i_hjemmet_per_child(base: CaseBase) -> None:
    cases = [sak(tiltak=[tiltak("2024-02-01")]), sak(tiltak=[tiltak("2024-02-01", kategori="1.1", omsorg=1)])]
    assert base.values(cases)["antall_barn_med_hjelpetiltak_i_hjemmet"] == 1


def test_antall_nye_hjelpetiltak(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_nye_hjelpetiltak",
        day_before=sak(tiltak=[tiltak("2023-12-31")]),
        first_day=sak(tiltak=[tiltak("2024-01-01", "2024-01-01")]),
        last_day=sak(tiltak=[tiltak("2024-12-31")]),
        day_after=sak(tiltak=[tiltak("2025-01-01")]),
        two_of_one_child=sak(tiltak=[tiltak("2024-01-05"), tiltak("2024-01-05")]),
        omsorg=sak(tiltak=[tiltak("2024-01-05", omsorg=1)]),
    )
    assert counted == {
        "day_before": 0,
        "first_day": 1,
        "last_day": 1,
        "day_after": 0,
        "two_of_one_child": 2,
        "omsorg": 0,
    }


def test_antall_avsluttede_hjelpetiltak(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_avsluttede_hjelpetiltak",
        day_before=sak(tiltak=[tiltak("2023-02-01", "2023-12-31")]),
        first_day=sak(tiltak=[tiltak("2023-02-01", "2024-01-01")]),
        last_day=sak(tiltak=[tiltak("2023-02-01", "2024-12-31")]),
        day_after=sak(tiltak=[tiltak("2023-02-01", "2025-01-01")]),
        goes_on=sak(tiltak=[tiltak("2024-02-01")]),
        two_of_one_child=sak(tiltak=[tiltak("2024-01-05", "2024-05-05"), tiltak("2024-01-05", "2024-05-05")]),
        akutt=sak(tiltak=[tiltak("2024-01-05", "2024-05-05", akutt=1)]),
    )
    assert counted == {
        "day_before": 0,
        "first_day": 1,
        "last_day": 1,
        "day_after": 0,
        "goes_on": 0,
        "two_of_one_child": 2,
        "akutt": 0,
    }
