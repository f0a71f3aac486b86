"""Soft hyphens in the names of fields."""

import re

import pytest

from preview.form.catalogue import Catalogue
from preview.i18n.hyphenation import SOFT_HYPHEN, soft_hyphens

LONGEST_PART = 12
"""Letters that the narrowest column head of the overview has room for."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Undersøkelser startet", "Under|søkelser startet"),
        ("Åpne undersøkingar", "Åpne under|søkingar"),
        ("Nye omsorgsovertakelser", "Nye omsorgs|over|takelser"),
        ("Akuttplasseringer", "Akutt|plasseringer"),
        ("Barn under omsorg", "Barn under omsorg"),
        ("Planer", "Planer"),
        ("Investigations closed", "Investigations closed"),
    ],
)
def test_compounds_can_be_broken_between_their_parts(text: str, expected: str) -> None:
    assert soft_hyphens(text).replace(SOFT_HYPHEN, "|") == expected


def test_no_part_of_a_field_name_is_wider_than_a_column_head() -> None:
    for field in Catalogue.load().fields:
        for label in (field.labels.nb, field.labels.nn):
            parts = re.split(rf"[\s{SOFT_HYPHEN}]", soft_hyphens(label))
            assert max(map(len, parts)) <= LONGEST_PART, label
