"""Counties and their years, and the county of an organisation (rule T4, docs/api.md)."""

import pytest

from preview.totals.counties import Counties

COUNTIES = Counties.load()


@pytest.mark.parametrize(
    ("year", "numbers"),
    [
        (2017, "01 02 03 04 05 06 07 08 09 10 11 12 14 15 16 17 18 19 20"),
        (2018, "01 02 03 04 05 06 07 08 09 10 11 12 14 15 18 19 20 50"),
        (2020, "03 11 15 18 30 34 38 42 46 50 54"),
        (2023, "03 11 15 18 30 34 38 42 46 50 54"),
        (2024, "03 11 15 18 31 32 33 34 39 40 42 46 50 55 56"),
        (2030, "03 11 15 18 31 32 33 34 39 40 42 46 50 55 56"),
    ],
)
def test_counties_of_a_year(year: int, numbers: str) -> None:
    assert [county.number for county in COUNTIES.in_year(year)] == numbers.split()


@pytest.mark.parametrize(
    ("number", "year", "name"),
    [
        ("30", 2020, "Viken"),
        ("30", 2024, None),
        ("31", 2023, None),
        ("31", 2024, "Østfold"),
        ("15", 2024, "Møre og Romsdal"),
        ("50", 2018, "Trøndelag"),
        ("99", 2024, None),
    ],
)
def test_county_is_found_in_its_years_only(number: str, year: int, name: str | None) -> None:
    county = COUNTIES.find(number, year)
    assert (county.name if county else None) == name


@pytest.mark.parametrize(
    ("numbers", "year", "expected"),
    [
        (["1804"], 2024, "18"),
        (["0301"], 2024, "03"),
        # Drammen was 3005 in Viken and is 3301 in Buskerud: the number of that year decides.
        (["3005", "3301"], 2022, "30"),
        (["3005", "3301"], 2024, "33"),
        # A number of other years, where only one county can be meant.
        (["1601"], 2024, "50"),
        (["0101"], 2022, "30"),
        (["0101"], 2024, "31"),
        (["3101"], 2018, "01"),
        (["3301"], 2022, "30"),
        # Viken became three counties, and was three before.
        (["3005"], 2024, None),
        (["3005"], 2018, None),
        # Municipalities of two counties that share a service: most of them, then the lowest number.
        (["1804", "5001", "5014"], 2024, "50"),
        (["5001", "1804"], 2024, "18"),
        (["9999"], 2024, None),
        ([], 2024, None),
    ],
)
def test_county_of_an_organisation(numbers: list[str], year: int, expected: str | None) -> None:
    county = COUNTIES.county_of(numbers, year)
    assert (county.number if county else None) == expected


def test_counterpart_is_the_county_itself_or_the_only_one_that_it_became() -> None:
    for number, year, expected in (("18", 2024, "18"), ("31", 2022, "30"), ("30", 2024, None), ("x", 2024, None)):
        county = COUNTIES.counterpart(number, year)
        assert (county.number if county else None) == expected


def test_every_successor_begins_after_its_county_ends() -> None:
    for year in range(1972, 2026):
        for county in COUNTIES.in_year(year):
            for number in county.successors:
                assert COUNTIES.find(number, year) is None
