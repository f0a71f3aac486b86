"""Small pictures of history: one mark for each state of a value."""

import re

from components.history.sparkline import row_picture, section_picture
from preview.views.history import HistoricalValue


def paths(picture: str) -> dict[str, str]:
    """Return the paths of a picture by class; the empty class is that of the other years."""
    return {name: path for _, name, path in re.findall(r'<path( class="([^"]*)")? d="([^"]*)"/>', picture)}


def test_bar_is_as_high_as_its_value() -> None:
    picture = row_picture([HistoricalValue("2023", 50), HistoricalValue("2024", 100)], "2024")
    assert paths(picture) == {"": "M0 18v-9h7v9z", "now": "M9 18v-18h7v18z"}
    assert 'width="16" height="18"' in picture
    assert 'aria-hidden="true"' in picture


def test_zero_missing_withheld_and_no_report_differ() -> None:
    values = [
        HistoricalValue("2019", 9),
        HistoricalValue("2020", 0),
        HistoricalValue("2021", None, "missing"),
        HistoricalValue("2022", None, "withheld"),
        HistoricalValue("2023", None, "not_applicable"),
        HistoricalValue("2024", None, "no_report"),
    ]
    drawn = [paths(row_picture([HistoricalValue("2018", 9), each], "2018")) for each in values]
    assert len({str(each) for each in drawn}) == len(values)
    assert drawn[1][""] == "M9 18v-1h7v1z"
    assert [list(each) for each in drawn] == [["", "now"], ["", "now"], *[["now", "sign"]] * 3, ["now"]]


def test_incomplete_period_is_hollow() -> None:
    values = [HistoricalValue("2023", 4, is_partial=True), HistoricalValue("2024", 4, is_partial=True)]
    assert paths(row_picture(values, "2024")) == {"part": "M0.5 17.5v-17h6v17z", "part now": "M9.5 17.5v-17h6v17z"}


def test_single_period_has_no_picture() -> None:
    assert row_picture([HistoricalValue("2024", 4)], "2024") == section_picture([[HistoricalValue("2024", 4)]]) == ""


def test_section_has_a_line_for_each_field_with_gaps() -> None:
    years = ("2021", "2022", "2023", "2024")
    rising = [HistoricalValue(year, index + 1) for index, year in enumerate(years)]
    broken = [HistoricalValue("2021", 1), HistoricalValue("2022", None, "withheld"), *rising[2:]]
    last = [*rising[:3], rising[3]._replace(is_partial=True)]
    assert paths(section_picture([rising])) == {"line": "M3 13L12 9L21 5L30 1"}
    assert paths(section_picture([broken])) == {"line": "M21 5L30 1"}
    assert paths(section_picture([last])) == {"line": "M3 13L12 9L21 5", "line part": "M21 5L30 1"}
