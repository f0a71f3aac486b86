"""Free texts that people write: reasons, notes and comments. They are stored and shown, so they must name no person."""

import re
from collections.abc import Iterator

from preview.core.errors import FieldError, ValidationError
from preview.core.national_id import identifies_person

_DIGIT_GROUPS = re.compile(r"[0-9]+(?:[ .\-\u00a0][0-9]+)*")
"""Digits, as they are also written in groups: `010190 12345`."""
_MAX_DIGITS = 12


def parse_free_text(text: str, pointer: str, max_length: int) -> str:
    """Return a text that a person has written, without the white space around it (rule R7, docs/api.md).

    Args:
        text: The text.
        pointer: JSON pointer to it, for the error.
        max_length: The most characters.

    Raises:
        ValidationError: If it is blank or too long, or holds a valid birth number, D-number or DUF number.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > max_length:
        raise ValidationError("A text is required.", [FieldError(pointer, f"must have 1 to {max_length} characters")])
    if holds_national_id(stripped):
        raise ValidationError(
            "The text holds a number that identifies a person. Remove it.",
            [FieldError(pointer, "must not hold a birth number, D-number or DUF number")],
        )
    return stripped


def holds_national_id(text: str) -> bool:
    """Return whether a text holds a valid birth number, D-number or DUF number, also one written in groups."""
    return any(identifies_person(number) for match in _DIGIT_GROUPS.finditer(text) for number in _numbers(match[0]))


def _numbers(groups: str) -> Iterator[str]:
    """Yield what adjacent groups are together: another number may stand beside one that is written in groups."""
    digits = re.findall("[0-9]+", groups)
    for first in range(len(digits)):
        number = ""
        for group in digits[first:]:
            number += group
            if len(number) > _MAX_DIGITS:
                break
            yield number
