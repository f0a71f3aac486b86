"""Nos. 30 and 31, computed by hand for 2024."""

import pytest

from tests.preview.form.case_fixtures import CaseBase, flytting, sak

ARSAKER = (
    *("1.1.1", "1.1.2", "1.1.3", "1.1.4", "1.1.5", "1.2.1", "1.2.2", "1.2.3", "1.3"),
    *("2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", None),
)
STEDER = (*"123456789", None)


def days(base: CaseBase, key: str) -> dict[str, object]:
    """Return the value of the field for an unplanned move on days around 2024."""
    return dict(
        base.values_by_case(
            key,
            day_before=sak(flyttinger=[flytting("2023-12-31", "2.2")]),
            first_day=sak(flyttinger=[flytting("2024-01-01", "2.2")]),
            last_day=sak(flyttinger=[flytting("2024-12-31", "2.2")]),
            day_after=sak(flyttinger=[flytting("2025-01-01", "2.2")]),
            two_of_one_child=sak(flyttinger=[flytting("2024-03-01", "2.2"), flytting("2024-03-01", "2.2")]),
        )
    )


DAYS = {"day_before": 0, "first_day": 1, "last_day": 1, "day_after": 0, "two_of_one_child": 2}


def test_antall_flyttinger(base: CaseBase) -> None:
    key = "antall_flyttinger"
    assert days(base, key) == DAYS
    not_counted = {
        arsak for arsak in ARSAKER if base.values([sak(flyttinger=[flytting("2024-03-01", arsak)])])[key] == 0
    }
    assert not_counted == {"1.3"}
    assert {til for til in STEDER if base.values([sak(flyttinger=[flytting("2024-03-01", "2.1", til)])])[key] == 0} == {
        "9"
    }


def test_antall_ikke_planlagte_flyttinger(base: CaseBase) -> None:
    key = "antall_ikke_planlagte_flyttinger"
    assert days(base, key) == DAYS
    counted = {arsak for arsak in ARSAKER if base.values([sak(flyttinger=[flytting("2024-03-01", arsak)])])[key] == 1}
    assert counted == {"1.1.3", "1.1.5", "1.2.1", "1.2.2", "1.2.3", "2.2", "2.5", "2.6", "2.7", "2.8", "2.9"}
    assert {til for til in STEDER if base.values([sak(flyttinger=[flytting("2024-03-01", "2.2", til)])])[key] == 0} == {
        "9"
    }


@pytest.mark.parametrize("key", ["antall_flyttinger", "antall_ikke_planlagte_flyttinger"])
def test_15f_has_flyttinger_from_2022_or_if_any_is_registered(base: CaseBase, key: str) -> None:
    without, having = [sak()], [sak(flyttinger=[flytting("2021-03-01", "2.2")])]
    assert key not in base.values(without, "2021", source_format="15f", year=2021)
    assert base.values(having, "2021", source_format="15f", year=2021)[key] == 1
    # Half a year without a move is 0: the file as a whole has flyttinger.
    assert base.values(having, "2021-H2", source_format="15f", year=2021)[key] == 0
    assert base.values(without, "2022", source_format="15f", year=2022)[key] == 0
    assert base.values(without, "2021", source_format="v4")[key] == 0
