"""Nos. 6 to 12, computed by hand for 2024."""

from tests.preview.form.case_fixtures import CaseBase, sak, undersokelse


def test_antall_undersokelser_startet(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_undersokelser_startet",
        day_before=sak(undersokelser=[undersokelse("2023-12-31", "2024-02-01", 1)]),
        first_day=sak(undersokelser=[undersokelse("2024-01-01")]),
        last_day=sak(undersokelser=[undersokelse("2024-12-31")]),
        day_after=sak(undersokelser=[undersokelse("2025-01-01")]),
        two_of_one_child=sak(undersokelser=[undersokelse("2024-03-01", "2024-04-01", 3), undersokelse("2024-08-01")]),
    )
    assert counted == {"day_before": 0, "first_day": 1, "last_day": 1, "day_after": 0, "two_of_one_child": 2}


def test_antall_undersokelser_avsluttet(base: CaseBase) -> None:
    assert _days_counted(base, "antall_undersokelser_avsluttet", 1) == {"first_day", "last_day"}
    assert _codes_counted(base, "antall_undersokelser_avsluttet") == {*range(1, 10), None}


def test_antall_undersokelser_med_vedtak(base: CaseBase) -> None:
    assert _days_counted(base, "antall_undersokelser_med_vedtak", 2) == {"first_day", "last_day"}
    assert _codes_counted(base, "antall_undersokelser_med_vedtak") == {1, 2}


def test_antall_undersokelser_henlagt(base: CaseBase) -> None:
    assert _days_counted(base, "antall_undersokelser_henlagt", 9) == {"first_day", "last_day"}
    assert _codes_counted(base, "antall_undersokelser_henlagt") == {3, 4, 5, 6, 7, 8, 9}


def _days_counted(base: CaseBase, key: str, code: int) -> set[str]:
    counted = base.values_by_case(
        key,
        day_before=sak(undersokelser=[undersokelse("2023-10-01", "2023-12-31", code)]),
        first_day=sak(undersokelser=[undersokelse("2023-10-01", "2024-01-01", code)]),
        last_day=sak(undersokelser=[undersokelse("2024-10-01", "2024-12-31", code)]),
        day_after=sak(undersokelser=[undersokelse("2024-10-01", "2025-01-01", code)]),
        open=sak(undersokelser=[undersokelse("2024-10-01", None, None)]),
    )
    return {name for name, value in counted.items() if value == 1}


def _codes_counted(base: CaseBase, key: str) -> set[int | None]:
    """Return the codes with which an undersøkelse concluded in 2024 counts, of all codes and an unlisted one."""
    codes = (*range(1, 10), None)
    return {
        code
        for code in codes
        if base.values([sak(undersokelser=[undersokelse("2024-03-01", "2024-05-03", code)])])[key] == 1
    }


def test_antall_undersokelser_apne(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_undersokelser_apne",
        started_years_ago=sak(undersokelser=[undersokelse("2019-05-05")]),
        started_on_last_day=sak(undersokelser=[undersokelse("2024-12-31")]),
        started_day_after=sak(undersokelser=[undersokelse("2025-01-01")]),
        concluded_on_last_day=sak(undersokelser=[undersokelse("2024-11-01", "2024-12-31", 1)]),
        concluded_day_after=sak(undersokelser=[undersokelse("2024-11-01", "2025-01-01", 1)]),
    )
    assert counted == {
        "started_years_ago": 1,
        "started_on_last_day": 1,
        "started_day_after": 0,
        "concluded_on_last_day": 0,
        "concluded_day_after": 1,
    }


def test_antall_undersokelser_over_frist(base: CaseBase) -> None:
    # A melding received on 2023-11-24 gives 2023-12-01 and three months: the deadline is 2024-03-01.
    counted = base.values_by_case(
        "antall_undersokelser_over_frist",
        deadline_on_last_day_before=sak(undersokelser=[undersokelse("2023-10-01", frist="2023-12-31")]),
        deadline_on_first_day=sak(undersokelser=[undersokelse("2023-10-01", frist="2024-01-01")]),
        deadline_on_last_day=sak(undersokelser=[undersokelse("2024-10-01", frist="2024-12-31")]),
        deadline_on_first_day_after=sak(undersokelser=[undersokelse("2024-10-01", frist="2025-01-01")]),
        concluded_on_the_day=sak(undersokelser=[undersokelse("2023-11-27", "2024-03-01", 1, frist="2024-03-01")]),
        concluded_the_day_after=sak(undersokelser=[undersokelse("2023-11-27", "2024-03-02", 1, frist="2024-03-01")]),
        concluded_late_after_the_period=sak(
            undersokelser=[undersokelse("2024-09-01", "2025-02-02", 1, frist="2024-12-01")]
        ),
    )
    assert counted == {
        "deadline_on_last_day_before": 0,
        "deadline_on_first_day": 1,
        "deadline_on_last_day": 1,
        "deadline_on_first_day_after": 0,
        "concluded_on_the_day": 0,
        "concluded_the_day_after": 1,
        "concluded_late_after_the_period": 1,
    }


def test_antall_undersokelser_over_frist_starts_after_deadline(base: CaseBase) -> None:
    open_case = sak(undersokelser=[undersokelse("2024-06-10", frist="2024-09-17")])
    key = "antall_undersokelser_over_frist"
    assert base.values([open_case], extract_day="2024-09-17")[key] == 0
    assert base.values([open_case], extract_day="2024-09-18")[key] == 1


def test_andel_undersokelser_innen_frist(base: CaseBase) -> None:
    in_time = undersokelse("2023-11-27", "2024-03-01", 1, frist="2024-03-01")
    late = undersokelse("2023-11-27", "2024-03-02", 1, frist="2024-03-01")
    due, not_due = undersokelse("2024-06-10", frist="2024-09-17"), undersokelse("2024-06-11", frist="2024-09-18")
    key = "andel_undersokelser_innen_frist"
    assert base.values([sak(undersokelser=[in_time, late, late])])[key] == 33.3
    assert base.values([sak(undersokelser=[in_time, due, not_due])], extract_day="2024-09-18")[key] == 50.0
    assert base.values([sak(undersokelser=[late, due])])[key] == 0.0
    before, after = (
        undersokelse("2023-09-01", "2023-10-01", 3, "2023-12-31"),
        undersokelse("2024-09-01", "2024-10-01", 3, "2025-01-01"),
    )
    assert base.values([sak(undersokelser=[late, before, after])])[key] == 0.0
    assert base.values([sak(undersokelser=[before, after])])[key] is None
    first, last = (
        undersokelse("2023-09-01", "2023-10-01", 3, "2024-01-01"),
        undersokelse("2024-09-01", "2024-10-01", 3, "2024-12-31"),
    )
    assert base.values([sak(undersokelser=[late, first, last])])[key] == 66.7


def test_antall_undersokelser_med_frist(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_undersokelser_med_frist",
        uttrekk="2024-09-18",
        before=sak(undersokelser=[undersokelse("2023-09-01", "2023-10-01", 3, "2023-12-31")]),
        first_day=sak(undersokelser=[undersokelse("2023-09-01", "2023-10-01", 3, "2024-01-01")]),
        due=sak(undersokelser=[undersokelse("2024-06-10", frist="2024-09-17")]),
        not_due=sak(undersokelser=[undersokelse("2024-06-10", frist="2024-09-18")]),
        last_day=sak(undersokelser=[undersokelse("2024-06-10", "2024-07-01", 1, "2024-12-31")]),
        after=sak(undersokelser=[undersokelse("2024-06-10", "2024-07-01", 1, "2025-01-01")]),
    )
    assert counted == {"before": 0, "first_day": 1, "due": 1, "not_due": 0, "last_day": 1, "after": 0}
