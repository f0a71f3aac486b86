"""Nos. 1 to 5, computed by hand for 2024. The deadline of a melding is seven days after receipt."""

from tests.preview.form.case_fixtures import CaseBase, melding, sak


def test_antall_meldinger_mottatt(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_meldinger_mottatt",
        day_before=sak(meldinger=[melding("2023-12-31", "2024-01-02", 1)]),
        first_day=sak(meldinger=[melding("2024-01-01")]),
        last_day=sak(meldinger=[melding("2024-12-31", "2025-01-07", 2)]),
        day_after=sak(meldinger=[melding("2025-01-01")]),
        two_of_one_child=sak(meldinger=[melding("2024-02-29"), melding("2024-02-29")]),
    )
    assert counted == {"day_before": 0, "first_day": 1, "last_day": 1, "day_after": 0, "two_of_one_child": 2}


def test_antall_meldinger_mottatt_in_half_years(base: CaseBase) -> None:
    cases = [sak(meldinger=[melding("2024-06-30"), melding("2024-07-01"), melding("2024-07-01")])]
    assert base.values(cases, "2024-H1")["antall_meldinger_mottatt"] == 1
    assert base.values(cases, "2024-H2")["antall_meldinger_mottatt"] == 2


def test_antall_meldinger_til_undersokelse(base: CaseBase) -> None:
    days = base.values_by_case(
        "antall_meldinger_til_undersokelse",
        day_before=sak(meldinger=[melding("2023-12-30", "2023-12-31", 2)]),
        first_day=sak(meldinger=[melding("2023-12-28", "2024-01-01", 2)]),
        last_day=sak(meldinger=[melding("2024-12-31", "2024-12-31", 2)]),
        day_after=sak(meldinger=[melding("2024-12-31", "2025-01-01", 2)]),
        not_concluded=sak(meldinger=[melding("2024-03-01")]),
    )
    assert days == {"day_before": 0, "first_day": 1, "last_day": 1, "day_after": 0, "not_concluded": 0}
    assert _codes_counted(base, "antall_meldinger_til_undersokelse") == {2}


def test_antall_meldinger_henlagt(base: CaseBase) -> None:
    days = base.values_by_case(
        "antall_meldinger_henlagt",
        day_before=sak(meldinger=[melding("2023-12-30", "2023-12-31", 1)]),
        first_day=sak(meldinger=[melding("2023-12-28", "2024-01-01", 1)]),
        last_day=sak(meldinger=[melding("2024-12-31", "2024-12-31", 10)]),
        day_after=sak(meldinger=[melding("2024-12-31", "2025-01-01", 1)]),
    )
    assert days == {"day_before": 0, "first_day": 1, "last_day": 1, "day_after": 0}
    assert _codes_counted(base, "antall_meldinger_henlagt") == {1, 3, 5, 6, 7, 8, 9, 10}


def _codes_counted(base: CaseBase, key: str) -> set[int | None]:
    """Return the conclusion codes with which a melding concluded in 2024 counts, of all codes and an unlisted one."""
    codes = (*range(1, 11), None)
    return {
        code for code in codes if base.values([sak(meldinger=[melding("2024-05-01", "2024-05-03", code)])])[key] == 1
    }


def test_antall_meldinger_over_frist(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_meldinger_over_frist",
        deadline_on_last_day_before=sak(meldinger=[melding("2023-12-24")]),  # 12-31
        deadline_on_first_day=sak(meldinger=[melding("2023-12-25")]),  # 01-01
        deadline_on_last_day=sak(meldinger=[melding("2024-12-24")]),  # 12-31
        deadline_on_first_day_after=sak(meldinger=[melding("2024-12-25")]),  # 2025-01-01
        concluded_on_the_seventh_day=sak(meldinger=[melding("2024-02-26", "2024-03-04", 2)]),
        concluded_on_the_eighth_day=sak(meldinger=[melding("2024-02-26", "2024-03-05", 2)]),
        concluded_late_after_the_period=sak(meldinger=[melding("2024-12-20", "2025-01-15", 2)]),
        concluded_late_without_a_code=sak(meldinger=[melding("2024-02-26", "2024-03-05", None)]),
    )
    assert counted == {
        "deadline_on_last_day_before": 0,
        "deadline_on_first_day": 1,
        "deadline_on_last_day": 1,
        "deadline_on_first_day_after": 0,
        "concluded_on_the_seventh_day": 0,
        "concluded_on_the_eighth_day": 1,
        "concluded_late_after_the_period": 1,
        "concluded_late_without_a_code": 1,
    }


def test_antall_meldinger_over_frist_starts_after_deadline(base: CaseBase) -> None:
    open_melding = sak(meldinger=[melding("2024-09-10")])  # deadline 09-17
    key = "antall_meldinger_over_frist"
    assert base.values([open_melding], extract_day="2024-09-17")[key] == 0
    assert base.values([open_melding], extract_day="2024-09-18")[key] == 1


def test_andel_meldinger_innen_frist(base: CaseBase) -> None:
    in_time, late = melding("2024-02-26", "2024-03-04", 2), melding("2024-02-26", "2024-03-05", 2)
    due, not_due = melding("2024-09-10"), melding("2024-09-11")  # deadlines 09-17 and 09-18
    key = "andel_meldinger_innen_frist"
    assert base.values([sak(meldinger=[in_time, in_time, late])])[key] == 66.7
    assert base.values([sak(meldinger=[in_time, due, not_due])], extract_day="2024-09-18")[key] == 50.0
    assert base.values([sak(meldinger=[in_time])])[key] == 100.0
    assert base.values([sak(meldinger=[late, due])])[key] == 0.0
    before, after = melding("2023-12-24", "2023-12-25", 1), melding("2024-12-25", "2024-12-26", 1)
    assert base.values([sak(meldinger=[late, before, after])])[key] == 0.0
    assert base.values([sak(meldinger=[before, after])])[key] is None
    first, last = melding("2023-12-25", "2023-12-26", 1), melding("2024-12-24", "2024-12-26", 1)
    assert base.values([sak(meldinger=[late, first, last])])[key] == 66.7


def test_andel_meldinger_innen_frist_rounds_half_up(base: CaseBase) -> None:
    # 49 of 400 are 12.25 %, which no float rounds up by itself.
    in_time, late = melding("2024-02-26", "2024-03-04", 2), melding("2024-02-26", "2024-03-05", 2)
    values = base.values([sak(meldinger=[in_time] * 49 + [late] * 351)])
    assert values["andel_meldinger_innen_frist"] == 12.3
    assert values["antall_meldinger_med_frist"] == 400
    assert values["antall_meldinger_over_frist"] == 351


def test_antall_meldinger_med_frist(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_meldinger_med_frist",
        uttrekk="2024-09-18",
        before=sak(meldinger=[melding("2023-12-24", "2024-01-02", 1)]),
        first_day=sak(meldinger=[melding("2023-12-25", "2024-01-02", 1)]),
        due=sak(meldinger=[melding("2024-09-10")]),  # deadline 09-17
        not_due=sak(meldinger=[melding("2024-09-11")]),
        concluded_before_due=sak(meldinger=[melding("2024-09-11", "2024-09-12", 2)]),
        last_day=sak(meldinger=[melding("2024-12-24", "2024-12-24", 2)]),
        after=sak(meldinger=[melding("2024-12-25", "2024-12-26", 2)]),
    )
    assert counted == {
        "before": 0,
        "first_day": 1,
        "due": 1,
        "not_due": 0,
        "concluded_before_due": 1,
        "last_day": 1,
        "after": 0,
    }
