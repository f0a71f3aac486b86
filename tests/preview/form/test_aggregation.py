"""Aggregation as a whole; each field has its test under fields/."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview.core.periods import Period
from preview.form.aggregation import Parameters, aggregate
from preview.form.catalogue import Catalogue
from preview.form.numbers import percentage
from preview.form.sources import Source
from tests.preview.form.case_fixtures import CaseBase, melding, sak


def parameters(source_id: int) -> Parameters:
    return Parameters(
        source_id=source_id,
        format="v4",
        year=0,
        first_day=date(2024, 1, 1),
        last_day=date(2024, 12, 31),
        extract_day=date(2025, 6, 30),
    )


def test_empty_source_has_zero_counts_and_no_percentage(base: CaseBase, catalogue: Catalogue) -> None:
    values = base.values([])
    assert list(values) == [entry.key for entry in catalogue.entries if entry.sql is not None]
    assert {key for key, value in values.items() if value is None} == {
        "andel_meldinger_innen_frist",
        "andel_undersokelser_innen_frist",
    }
    assert {value for value in values.values() if value is not None} == {0}


def test_supplementary_figure_is_not_computed(base: CaseBase) -> None:
    assert not {"antall_arsverk", "antall_arsverk_ubesatt"} & base.values([]).keys()


def test_cases_of_other_sources_are_not_counted(base: CaseBase) -> None:
    one, two = sak(meldinger=[melding("2024-03-01")]), sak(meldinger=[melding("2024-03-01"), melding("2024-03-02")])
    first, second = base.source([one]), base.source([two])
    found = [
        aggregate(base.connection, base.catalogue, parameters(source_id))["antall_meldinger_mottatt"]
        for source_id in (first, second, second + 1)
    ]
    assert found == [1, 2, 0]


def test_progress_rises_to_1(base: CaseBase) -> None:
    progress: list[float] = []
    aggregate(base.connection, base.catalogue, parameters(base.source([])), progress.append)
    assert progress == sorted(progress)
    assert len(progress) == len(base.catalogue.entries)
    assert progress[-1] == 1


def test_exception_in_progress_callback_ends_aggregation(base: CaseBase) -> None:
    def stop(_: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        aggregate(base.connection, base.catalogue, parameters(base.source([])), stop)


def test_parameters_come_from_source_and_period() -> None:
    source = Source(
        source_id=7,
        format="v4",
        year=0,
        version=3,
        first_extract_at="2023-01-01T00:00:00.000000Z",
        last_extract_at="2024-06-30T22:00:00.000000Z",  # midnight in Norway
        last_full_at=None,
        case_system="CIS",
    )
    found = Parameters.from_source(source, Period(2024, 1)).as_sql_params()
    assert found == {
        "source": 7,
        "format": "v4",
        "year": 0,
        "first_day": "2024-01-01",
        "last_day": "2024-06-30",
        "extract_at": "2024-07-01",
    }


def test_source_without_extract_time_has_no_parameters() -> None:
    source = Source(
        source_id=7,
        format="v4",
        year=0,
        version=0,
        first_extract_at=None,
        last_extract_at=None,
        last_full_at=None,
        case_system="",
    )
    with pytest.raises(ValueError, match="no extract time"):
        Parameters.from_source(source, Period(2024))


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (49, 400, 12.3),
        (48, 400, 12.0),
        (1, 3, 33.3),
        (2, 3, 66.7),
        (0, 7, 0.0),
        (7, 7, 100.0),
        (1, 2000, 0.1),
        (0, 0, None),
        (1, 2001, 0.0),
    ],
)
def test_percentage_rounds_half_up_to_one_decimal(part: int, whole: int, expected: float | None) -> None:
    assert percentage(part, whole) == expected


@given(st.integers(1, 100_000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_percentage_is_nearest_tenth(numbers: tuple[int, int]) -> None:
    part, whole = numbers
    found, true = percentage(part, whole), Fraction(100 * part, whole)
    assert found is not None
    tenths = Fraction(round(found * 10), 10)
    assert -Fraction(1, 20) < tenths - true <= Fraction(1, 20)
    assert found == float(tenths)
