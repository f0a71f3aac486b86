"""No. 29, computed by hand for 2024."""

from tests.preview.form.case_fixtures import CaseBase, sak


def test_antall_tilsynsbesok(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_tilsynsbesok",
        day_before=sak(tilsyn=["2023-12-31"]),
        first_day=sak(tilsyn=["2024-01-01"]),
        last_day=sak(tilsyn=["2024-12-31"]),
        day_after=sak(tilsyn=["2025-01-01"]),
        two_on_one_day=sak(tilsyn=["2024-03-01", "2024-03-01"]),
    )
    assert counted == {"day_before": 0, "first_day": 1, "last_day": 1, "day_after": 0, "two_on_one_day": 2}


def test_15f_has_no_tilsyn(base: CaseBase) -> None:
    cases = [sak(tilsyn=["2024-03-01"])]
    assert "antall_tilsynsbesok" not in base.values(cases, source_format="15f", year=2024)
    assert "antall_tilsynsbesok" in base.values(cases, source_format="v4")
