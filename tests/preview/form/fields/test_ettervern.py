"""No. 32, computed by hand for 2024."""

from tests.preview.form.case_fixtures import CaseBase, sak, tiltak


def test_antall_unge_med_ettervern(base: CaseBase) -> None:
    measure = tiltak("2024-02-01")
    counted = base.values_by_case(
        "antall_unge_med_ettervern",
        turns_18_in_the_last_month=sak("2006-12", tiltak=[measure]),
        turns_18_the_month_after=sak("2007-01", tiltak=[measure]),
        turns_25_the_month_after=sak("2000-01", tiltak=[measure]),
        turns_25_in_the_last_month=sak("1999-12", tiltak=[measure]),
        no_birth_date=sak(None, tiltak=[measure]),
        started_on_last_day=sak("2005-05", tiltak=[tiltak("2024-12-31", omsorg=1)]),
        started_day_after=sak("2005-05", tiltak=[tiltak("2025-01-01")]),
        ended_on_last_day=sak("2005-05", tiltak=[tiltak("2024-02-01", "2024-12-31")]),
        ended_day_after=sak("2005-05", tiltak=[tiltak("2024-02-01", "2025-01-01")]),
        two_of_one_child=sak("2005-05", tiltak=[measure, measure]),
        no_tiltak=sak("2005-05"),
    )
    assert counted == {
        "turns_18_in_the_last_month": 1,
        "turns_18_the_month_after": 0,
        "turns_25_the_month_after": 1,
        "turns_25_in_the_last_month": 0,
        "no_birth_date": 0,
        "started_on_last_day": 1,
        "started_day_after": 0,
        "ended_on_last_day": 0,
        "ended_day_after": 1,
        "two_of_one_child": 1,
        "no_tiltak": 0,
    }


def test_antall_unge_med_ettervern_uses_age_at_period_end(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_unge_med_ettervern",
        "2024-H1",
        turns_18_in_the_last_month=sak("2006-06", tiltak=[tiltak("2024-02-01")]),
        turns_18_the_month_after=sak("2006-07", tiltak=[tiltak("2024-02-01")]),
        turns_25_the_month_after=sak("1999-07", tiltak=[tiltak("2024-02-01")]),
        turns_25_in_the_last_month=sak("1999-06", tiltak=[tiltak("2024-02-01")]),
    )
    assert list(counted.values()) == [1, 0, 1, 0]
