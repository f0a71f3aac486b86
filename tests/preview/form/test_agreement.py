"""The catalogue's SQL agrees with the reference implementation on random services, dense around period boundaries."""

from datetime import date, timedelta
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preview.core.periods import Period
from preview.form.aggregation import Parameters, aggregate
from preview.form.numbers import percentage
from preview.model.case_records import CaseContent, Flytting, Melding, Plan, Tiltak, Undersokelse
from preview.totals.sums import share_parts
from tests.preview.form.case_fixtures import CaseBase
from tests.preview.form.reference_implementation import ReferenceSource, form

T = TypeVar("T")

PERIODS = [Period(2023), Period(2024, 1), Period(2024, 2), Period(2021)]
KATEGORIER = ["1.1", "1.99", "2.1", "2.5", "3.1", "8.1", "8.2", "8.4", "8.5", "8.99", "1", "2", None]
ARSAKER = [
    *("1.1.1", "1.1.2", "1.1.3", "1.1.4", "1.1.5", "1.2.1", "1.2.2", "1.2.3", "1.3"),
    *("2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", None),
]


def days(period: Period, extract: date) -> st.SearchStrategy[str]:
    """Return days on, just before and just after each boundary of a definition, and some between."""
    near = [edge + timedelta(step) for edge in (period.first_day, period.last_day, extract) for step in (-1, 0, 1)]
    far = [period.first_day - timedelta(400), period.first_day + timedelta(80), period.last_day + timedelta(200)]
    return st.sampled_from([day.isoformat() for day in (*near, *far)])


def months(period: Period) -> st.SearchStrategy[str]:
    """Return months of birth around the ages 18 and 25 at the period's end, and at both ends of the year."""
    ages = [(years, month) for years in (17, 18, 24, 25) for month in (1, 5, 6, 7, 11, 12)]
    return st.sampled_from([f"{period.year - years}-{month:02}" for years, month in ages])


@st.composite
def case_contents(draw: st.DrawFn, period: Period, extract: date) -> CaseContent:
    """Return contents of a case with every code; flags and deadlines are independent of each other."""
    at, flag = days(period, extract), st.integers(0, 1)
    end = st.none() | at

    def few(thing: st.SearchStrategy[T], most: int = 3) -> list[T]:
        return draw(st.lists(thing, max_size=most))

    return CaseContent(
        draw(st.none() | months(period)),
        few(st.builds(Melding, at, end, st.none() | st.integers(1, 10), at), 4),
        few(st.builds(Undersokelse, at, end, st.none() | st.integers(1, 9), at)),
        few(st.builds(Plan, at, end, st.none() | st.integers(1, 8))),
        few(at, 2),
        few(
            st.builds(
                Tiltak, at, end, st.sampled_from(KATEGORIER), flag, flag, flag, flag, st.none() | st.integers(1, 4)
            ),
            4,
        ),
        few(at, 2),
        few(st.builds(Flytting, at, st.sampled_from(ARSAKER), st.none() | st.sampled_from("123456789"))),
        0,
    )


@st.composite
def services(draw: st.DrawFn) -> ReferenceSource:
    """Return services with a few cases, v4 or 15F, extracted before, on or after the period's last day."""
    period = draw(st.sampled_from(PERIODS))
    kostra_year = draw(st.sampled_from([None, None, period.year]))
    extract = (
        date(period.year, 12, 31)
        if kostra_year
        else period.last_day + timedelta(draw(st.sampled_from([-100, -1, 0, 1, 60])))
    )
    cases = draw(st.lists(case_contents(period, extract), max_size=6))
    return ReferenceSource(cases, period.first_day, period.last_day, extract, kostra_year)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(service=services())
def test_sql_agrees_with_reference_implementation(base: CaseBase, service: ReferenceSource) -> None:
    check_agreement(base, service)


@pytest.mark.slow
@settings(max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
@given(service=services())
def test_sql_agrees_with_reference_implementation_often(base: CaseBase, service: ReferenceSource) -> None:
    check_agreement(base, service)


def check_agreement(base: CaseBase, service: ReferenceSource) -> None:
    year = service.kostra_year or 0
    parameters = Parameters(
        source_id=base.source(service.cases, "15f" if year else "v4", year),
        format="15f" if year else "v4",
        year=year,
        first_day=service.first,
        last_day=service.last,
        extract_day=service.extract,
    )
    found = aggregate(base.connection, base.catalogue, parameters)
    assert {field.number: found[field.key] for field in base.catalogue.fields if field.key in found} == form(service)
    for field in base.catalogue.fields:
        if field.share is not None and field.key in found:
            assert found[field.key] == percentage(*share_parts(field, found))
