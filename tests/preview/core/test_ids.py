"""Ids of snapshots, jobs and deliveries: each has one text, and each text one number."""

from collections.abc import Callable

import pytest

from preview.core import ids

KINDS = [
    ("snap-", ids.format_snapshot_id, ids.parse_snapshot_id),
    ("job-agg-", ids.format_job_id, ids.parse_job_id),
    ("dlv-", ids.format_delivery_id, ids.parse_delivery_id),
]


@pytest.mark.parametrize(("prefix", "format_id", "parse_id"), KINDS)
@pytest.mark.parametrize(
    ("number", "digits"),
    [(1, "001"), (42, "042"), (999, "999"), (1000, "1000"), (10**18 - 1, "9" * 18)],
)
def test_id_formats_and_parses_back(
    prefix: str,
    format_id: Callable[[int], str],
    parse_id: Callable[[str], int | None],
    number: int,
    digits: str,
) -> None:
    assert format_id(number) == prefix + digits
    assert parse_id(prefix + digits) == number


@pytest.mark.parametrize(("prefix", "format_id", "parse_id"), KINDS)
@pytest.mark.parametrize(
    "digits", ["", "1", "01", "0001", "-01", "+01", " 001", "001 ", "001\n", "1_000", "٠٠١", "9" * 19]
)
def test_text_that_is_no_id_has_no_number(
    prefix: str, format_id: Callable[[int], str], parse_id: Callable[[str], int | None], digits: str
) -> None:
    assert parse_id(prefix + digits) is None


def test_id_of_another_kind_has_no_number() -> None:
    for prefix, _, _ in KINDS:
        for other_prefix, _, parse_id in KINDS:
            assert (parse_id(f"{prefix}001") == 1) == (prefix == other_prefix)
    assert ids.parse_snapshot_id("001") is None
    assert ids.parse_snapshot_id("SNAP-001") is None
