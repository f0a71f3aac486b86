"""Dates and instants as the formats write them (rule 1.6)."""

from datetime import UTC, datetime

import pytest

from preview.core import clock
from preview.parsing import dates


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-31",
        " 2024-01-31\n",
        "2024-01-31Z",
        "2024-01-31+01:00",
        "2024-01-31-14:00",
        "2024-01-31+00:00",
        "2024-01-31+13:59",
    ],
)
def test_date_ignores_zone_suffix(text: str) -> None:
    assert dates.parse_date(text) == "2024-01-31"


@pytest.mark.parametrize(
    "text",
    [
        None, "", " ", "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "2024-1-1", "20240131", "2024-W05-3",
        "31.01.2024", "2024-01-31T00:00:00", "2024-01-31+15:00", "2024-01-31+14:30", "2024-01-31+0100", "-2024-01-31",
        "12024-01-31", "0000-01-01",
        "２０２４-01-31", "2024-01-31" + " " * 100, "2024-01-3१",
    ],
)  # fmt: skip
def test_invalid_date_is_none(text: str | None) -> None:
    assert dates.parse_date(text) is None


def test_leap_day_is_parsed() -> None:
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
def test_instant_with_zone_is_converted_to_utc(text: str, expected: datetime) -> None:
    assert dates.parse_instant(text) == (expected, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-15T12:00:00", datetime(2024, 1, 15, 11, tzinfo=UTC)),  # winter
        ("2024-07-15T12:00:00", datetime(2024, 7, 15, 10, tzinfo=UTC)),  # summer
        ("2024-03-31T01:59:59", datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC)),  # before the clocks go forward
        ("2024-03-31T03:00:00", datetime(2024, 3, 31, 1, 0, tzinfo=UTC)),  # after
        # an hour that does not exist: the offset before the change
        (
            "2024-03-31T02:30:00",
            datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
        ),
        ("2024-10-27T02:30:00", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),  # an hour that occurs twice: the first one
        ("2024-12-31T24:00:00", datetime(2024, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_instant_without_zone_is_norwegian_time(text: str, expected: datetime) -> None:
    assert dates.parse_instant(text) == (expected, False)


@pytest.mark.parametrize(
    "text",
    [
        None, "", "2024-12-31", "2024-12-31T23:59Z", "2024-12-31 23:59:00Z", "2024-02-30T00:00:00Z",
        "2024-12-31T25:00:00Z", "2024-12-31T24:00:01Z", "2024-12-31T24:00:00.1Z", "2024-12-31T23:60:00Z",
        "2024-12-31T23:59:00+1", "2024-12-31T23:59:00+15:00",
        "9999-12-31T24:00:00Z", "0001-01-01T00:00:00+14:00", "now", "2024-12-31T23:59:00." + "1" * 50 + "Z",
    ],
)  # fmt: skip
def test_invalid_instant_is_none(text: str | None) -> None:
    assert dates.parse_instant(text) is None


def test_sortable_timestamps_sort_by_time() -> None:
    instants = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(999, 12, 31, 1, tzinfo=UTC),
        datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    ]
    texts = [clock.sortable_timestamp(instant) for instant in instants]
    assert texts == sorted(texts)
    assert texts[0] == "0001-01-01T00:00:00.000000Z"
    assert [clock.parse_timestamp(text) for text in texts] == instants
