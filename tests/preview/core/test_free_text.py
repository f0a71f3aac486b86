"""Free texts that people write (rule R7, docs/api.md). The numbers are synthetic: they belong to nobody."""

import pytest

from preview.core.errors import ValidationError
from preview.core.free_text import holds_national_id, parse_free_text
from preview.core.national_id import add_check_digits, is_dufnummer

BIRTH_NUMBER = add_check_digits("014101998") or ""
D_NUMBER = add_check_digits("414101998") or add_check_digits("414101997") or ""
DUF_NUMBER = next(number for tail in range(100) if is_dufnummer(number := f"2099123456{tail:02}"))


@pytest.mark.parametrize(
    "text",
    [
        BIRTH_NUMBER,
        f"Gjelder {BIRTH_NUMBER[:6]} {BIRTH_NUMBER[6:]}.",
        f"({D_NUMBER})",
        f"DUF {DUF_NUMBER}, se vedlegg",
        f"tall{BIRTH_NUMBER}tall",
        f"{BIRTH_NUMBER[:6]}-{BIRTH_NUMBER[6:]}",
    ],
)
def test_number_of_a_person_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse_free_text(text, "/reason", 500)
    assert refused.value.field_errors[0].pointer == "/reason"
    assert BIRTH_NUMBER not in str(refused.value.field_errors)


@pytest.mark.parametrize(
    "text",
    [
        "Tallene er kontrollert.",
        "Org.nr. 974 760 673, tlf. 22 24 24 24",
        "12345678901",
        f"{BIRTH_NUMBER}1234567",
        "1 234 567 890 123",
        "2024: 812, 2023: 825",
    ],
)
def test_other_numbers_are_accepted(text: str) -> None:
    assert not holds_national_id(text)
    assert parse_free_text(f"  {text}\n", "/reason", 500) == text


@pytest.mark.parametrize("text", ["", " \n\t", "x" * 501])
def test_blank_and_long_texts_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        parse_free_text(text, "/reason", 500)
