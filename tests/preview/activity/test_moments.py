"""Which moments a page's address can name."""

from datetime import UTC, datetime

import pytest

from preview.activity.moments import parse_moment
from preview.activity.since import Since, SinceApproval, SinceSnapshot, SinceTime
from preview.core.errors import ValidationError

MORNING = datetime(2026, 3, 29, 6, 0, tzinfo=UTC)
"""The day on which summer time begins; the day before is in winter time."""


@pytest.mark.parametrize(
    ("text", "now", "since"),
    [
        ("yesterday", MORNING, SinceTime("2026-03-28T15:00:00Z")),
        ("yesterday", datetime(2026, 3, 29, 22, 30, tzinfo=UTC), SinceTime("2026-03-29T14:00:00Z")),
        ("2026-03-28T15:00", MORNING, SinceTime("2026-03-28T14:00:00Z")),
        ("2026-03-29T15:00", MORNING, SinceTime("2026-03-29T13:00:00Z")),
        ("2026-03-29T15:00:00Z", MORNING, SinceTime("2026-03-29T15:00:00Z")),
        ("approval", MORNING, SinceApproval()),
        ("snap-007", MORNING, SinceSnapshot(7)),
    ],
)
def test_moment_is_in_norwegian_time(text: str, now: datetime, since: Since) -> None:
    assert parse_moment(text, now) == since


@pytest.mark.parametrize("text", ["today", "2026-13-28T15:00", "2026-03-28 15:00", "0000-03-28T15:00", "x" * 300])
def test_other_text_is_no_moment(text: str) -> None:
    with pytest.raises(ValidationError):
        parse_moment(text, MORNING)
