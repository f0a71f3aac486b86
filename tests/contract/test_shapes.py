"""Tests of the comparison with shapes: every kind of difference is found."""

from typing import Any

import pytest

from tests.contract.schema_shapes import check_shape


@pytest.mark.parametrize(
    "document",
    [
        {"page": 1, "limit": 20},
        {"page": 1, "limit": 20, "total": 2, "more": True},
        {"limit": 20, "page": 1, "total": 2},
        {"page": 1, "limit": 20, "total": None},
        {"page": 1, "limit": 20, "total": 2.0},
    ],
)
def test_shape_mismatch_fails(document: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_shape(document, "pagination")
