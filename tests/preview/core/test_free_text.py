"""Free texts that people write (rule R7, docs/api.md). The numbers are synthetic: they belong to nobody."""

import json

import pytest

from preview.core.errors import ValidationError
from preview.core.free_text import holds_national_id, parse_free_text
from tests.architecture.source_files import REPOSITORY

EXAMPLES = json.loads((REPOSITORY / "tests/javascript/fixtures/free-texts.json").read_text(encoding="utf-8"))
"""Examples that the page's script is tested with too (tests/javascript/interaction/free-text.test.js)."""
BIRTH_NUMBER = EXAMPLES["refused"][0]


@pytest.mark.parametrize("text", EXAMPLES["refused"])
def test_number_of_a_person_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse_free_text(text, "/reason", 500)
    assert refused.value.field_errors[0].pointer == "/reason"
    assert BIRTH_NUMBER not in str(refused.value.field_errors)


@pytest.mark.parametrize("text", EXAMPLES["accepted"])
def test_other_numbers_are_accepted(text: str) -> None:
    assert not holds_national_id(text)
    assert parse_free_text(f"  {text}\n", "/reason", 500) == text


@pytest.mark.parametrize("text", ["", " \n\t", "x" * 501])
def test_blank_and_long_texts_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        parse_free_text(text, "/reason", 500)
