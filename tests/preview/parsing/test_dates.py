"""Days and instants as the format writes them (`domain.md` 1.6)."""

from datetime import UTC, date, datetime

import pytest

from preview.core import clock
from preview.parsing import dates
from preview.parsing.fodselsnummer import birth_date


@pytest.mark.parametrize(
    "text", ["2024-01-31", " 2024-01-31\n", "2024-01-31Z", "2024-01-31+01:00", "2024-01-31-14:00", "2024-01-31+00:00", "2024-01-31+13:59"]
)
def test_date_ignores_zone_suffix(text: str) -> None:
    assert dates.parse_date(text) == "2024-01-31"


@pytest.mark.parametrize(
    "text",
    [
        None, "", " ", "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "2024-1-1", "20240131", "2024-W05-3", "31.01.2024",
        "2024-01-31T00:00:00", "2024-01-31+15:00", "2024-01-31+14:30", "2024-01-31+0100", "-2024-01-31", "12024-01-31", "0000-01-01",
        "２０２４-01-31", "2024-01-31" + " " * 100, "2024-01-3१",
    ],
)  # fmt: skip
def test_invalid_date_is_none(text: str | None) -> None:
    assert dates.parse_date(text) is None


def test_a_leap_day() -> None:
    assert dates.parse_date("2024-02-29") == "2024-02-29"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-12-31T23:59:00+01:00", datetime(2024, 12, 31, 22, 59, tzinfo=UTC)),
        ("2024-12-31T23:59:00Z", datetime(2024, 12, 31, 23, 59, tzinfo=UTC)),
        ("2024-06-30T23:30:00.5-02:00", datetime(2024, 7, 1, 1, 30, 0, 500000, tzinfo=UTC)),
        ("2024-06-30T23:30:00.123456789Z", datetime(2024, 6, 30, 23, 30, 0, 123456, tzinfo=UTC)),
        ("2024-12-31T24:00:00Z", datetime(2025, 1, 1, tzinfo=UTC)),
        (" 2024-12-31T24:00:00.000+01:00 ", datetime(2024, 12, 31, 23, tzinfo=UTC)),
        ("2024-01-01T00:00:00+14:00", datetime(2023, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_an_instant_with_its_zone(text: str, expected: datetime) -> None:
    assert dates.parse_instant(text) == (expected, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-15T12:00:00", datetime(2024, 1, 15, 11, tzinfo=UTC)),  # winter
        ("2024-07-15T12:00:00", datetime(2024, 7, 15, 10, tzinfo=UTC)),  # summer
        ("2024-03-31T01:59:59", datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC)),  # before the clocks go forward
        ("2024-03-31T03:00:00", datetime(2024, 3, 31, 1, 0, tzinfo=UTC)),  # after
        ("2024-03-31T02:30:00", datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),  # an hour that is not: as if the clocks stood
        ("2024-10-27T02:30:00", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),  # an hour that is twice: the first
        ("2024-12-31T24:00:00", datetime(2024, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_an_instant_without_zone_is_norwegian_time(text: str, expected: datetime) -> None:
    assert dates.parse_instant(text) == (expected, False)


@pytest.mark.parametrize(
    "text",
    [
        None, "", "2024-12-31", "2024-12-31T23:59Z", "2024-12-31 23:59:00Z", "2024-02-30T00:00:00Z", "2024-12-31T25:00:00Z",
        "2024-12-31T24:00:01Z", "2024-12-31T24:00:00.1Z", "2024-12-31T23:60:00Z", "2024-12-31T23:59:00+1", "2024-12-31T23:59:00+15:00",
        "9999-12-31T24:00:00Z", "0001-01-01T00:00:00+14:00", "now", "2024-12-31T23:59:00." + "1" * 50 + "Z",
    ],
)  # fmt: skip
def test_invalid_instant_is_none(text: str | None) -> None:
    assert dates.parse_instant(text) is None


def test_sortable_timestamps_sort_by_time() -> None:
    instants = [datetime(1, 1, 1, tzinfo=UTC), datetime(999, 12, 31, 1, tzinfo=UTC), datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]
    texts = [clock.sortable_timestamp(each) for each in instants]
    assert texts == sorted(texts)
    assert texts[0] == "0001-01-01T00:00:00.000000Z"
    assert [clock.parse_timestamp(text) for text in texts] == instants


LATEST = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("15030700000", date(1907, 3, 15)),  # individual number 000 to 499
        ("15030749900", date(1907, 3, 15)),
        ("15030750000", date(2007, 3, 15)),  # 500 to 999, before 40
        ("15033999900", date(2039, 3, 15)),
        ("15035450000", date(1854, 3, 15)),  # 500 to 749, from 54
        ("15039974900", date(1899, 3, 15)),
        ("15034090000", date(1940, 3, 15)),  # 900 to 999, from 40
        ("15039999900", date(1999, 3, 15)),
        ("15034050000", None),  # no century
        ("15035350000", None),
        ("15034075000", None),
        ("15039989900", None),
        ("55030750000", date(2007, 3, 15)),  # D-number
        ("15430750000", date(2007, 3, 15)),  # synthetic: month and 40
        ("15830750000", date(2007, 3, 15)),  # month and 80
        ("55830750000", date(2007, 3, 15)),
        ("15030700100", date(2007, 3, 15)),  # no number yet
        ("15030700200", date(2007, 3, 15)),
        ("15030755555", date(2007, 3, 15)),
        ("15032699999", date(2026, 3, 15)),  # a due date
        ("15032700100", date(1927, 3, 15)),  # 2027 would be after the latest
        ("29020000100", date(2000, 2, 29)),
        ("29020050000", date(2000, 2, 29)),
        ("29020000000", None),  # 1900 was no leap year
        ("31040750000", None),
        ("00030750000", None),
        ("15130750000", None),
        ("15000750000", None),
        ("1503075000", None),
        ("150307500000", None),
        ("1503075000x", None),
        ("", None),
    ],
)
def test_birth_date_is_read_from_fodselsnummer(number: str, expected: date | None) -> None:
    assert birth_date(number, LATEST) == expected
