"""Numbers of persons: check digits and birth dates. Nobody has any of these numbers."""

from datetime import date

import pytest

from preview.core.national_id import (
    add_check_digits,
    birth_date,
    identifies_person,
    is_d_number,
    is_dufnummer,
    is_fodselsnummer,
)

SYNTHETIC_BOY, SYNTHETIC_D_NUMBER = "17912099997", "41810100352"
REPORTED_YEAR = 2025


@pytest.mark.parametrize("number", [SYNTHETIC_BOY, SYNTHETIC_D_NUMBER])
def test_number_with_another_digit_anywhere_is_invalid(number: str) -> None:
    assert is_fodselsnummer(number)
    for index in range(11):
        for digit in set("0123456789") - {number[index]}:
            assert not is_fodselsnummer(number[:index] + digit + number[index + 1 :])


@pytest.mark.parametrize(
    "text",
    ["", SYNTHETIC_BOY[:10], f"{SYNTHETIC_BOY}0", f"{SYNTHETIC_BOY[:10]}x", f"{SYNTHETIC_BOY}\n", f" {SYNTHETIC_BOY}"],
)
def test_text_that_is_not_eleven_digits_is_invalid(text: str) -> None:
    assert not is_fodselsnummer(text)


def test_d_number_is_recognised_by_its_day() -> None:
    assert is_d_number(SYNTHETIC_D_NUMBER)
    assert not is_d_number("31810100352")


def test_duf_number_needs_twelve_digits_and_check_number() -> None:
    assert is_dufnummer("202412345610")
    for text in ("202412345611", "20241234561", "2024123456100", "20241234561x", "", "012412345610"):
        assert not is_dufnummer(text)


@pytest.mark.parametrize(
    ("first_six", "expected"),
    [
        ("290200", True),
        ("290296", True),
        ("290299", False),  # in no century a leap year
        ("300296", False),
        ("410190", True),  # D-number
        ("710190", True),
        ("400190", False),
        ("720190", False),
        ("014190", True),  # synthetic
        ("015290", True),
        ("018190", True),
        ("019290", True),
        ("014090", False),
        ("015390", False),
        ("018090", False),
        ("019390", False),
        ("000190", False),
        ("010090", False),
    ],
)
def test_number_with_right_check_digits_needs_a_date(first_six: str, expected: bool) -> None:
    numbers = (add_check_digits(f"{first_six}{individual:03}") for individual in range(1, 20))
    number = next(number for number in numbers if number is not None)
    assert is_fodselsnummer(number)
    assert identifies_person(number) is expected


def test_zeros_have_right_check_digits_but_identify_nobody() -> None:
    assert is_fodselsnummer("0" * 11)
    assert is_dufnummer("0" * 12)
    assert not identifies_person("0" * 11)
    assert not identifies_person("0" * 12)


def test_added_check_digits_are_valid() -> None:
    numbers = [add_check_digits(f"158310{individual:03}") for individual in range(1000)]
    assert add_check_digits(SYNTHETIC_BOY[:9]) == SYNTHETIC_BOY
    assert all(number is None or is_fodselsnummer(number) for number in numbers)
    assert 100 < numbers.count(None) < 250  # no check digit is 10


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
        ("15030700100", date(2007, 3, 15)),  # placeholders
        ("15030700200", date(2007, 3, 15)),
        ("15030755555", date(2007, 3, 15)),
        ("15032699999", date(2026, 3, 15)),  # a due date in the year after the reported one
        ("31122600100", date(2026, 12, 31)),
        ("15032700100", date(1927, 3, 15)),  # 2027 is too late
        ("29020000100", date(2000, 2, 29)),
        ("29022700100", None),
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
def test_birth_date_follows_the_number(number: str, expected: date | None) -> None:
    assert birth_date(number, REPORTED_YEAR) == expected


def test_placeholder_date_is_found_in_the_last_possible_year() -> None:
    assert birth_date("15032699999", 9999) == date(2026, 3, 15)
