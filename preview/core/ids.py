"""Public ids such as `snap-001`, `job-agg-001` and `dlv-001`, and the numbers behind them.

An id is a prefix and a number of at least three digits (rule G4, docs/api.md).
"""

import re

_SNAPSHOT_PREFIX = "snap-"
_JOB_PREFIX = "job-agg-"
_DELIVERY_PREFIX = "dlv-"
_APPROVAL_PREFIX = "apr-"
_COMMENT_PREFIX = "com-"
_NUMBER = re.compile(r"[0-9]{3,18}")  # 18 digits fit into an integer of SQLite (64 bits)


def format_snapshot_id(number: int) -> str:
    """Return the id of the snapshot with that number, such as `snap-001`."""
    return _format(_SNAPSHOT_PREFIX, number)


def parse_snapshot_id(text: str) -> int | None:
    """Return the number of the snapshot with that id, or None if the text is no snapshot id."""
    return _parse(_SNAPSHOT_PREFIX, text)


def format_job_id(number: int) -> str:
    """Return the id of the job with that number, such as `job-agg-001`."""
    return _format(_JOB_PREFIX, number)


def parse_job_id(text: str) -> int | None:
    """Return the number of the job with that id, or None if the text is no job id."""
    return _parse(_JOB_PREFIX, text)


def format_delivery_id(number: int) -> str:
    """Return the id of the delivery with that number, such as `dlv-001`."""
    return _format(_DELIVERY_PREFIX, number)


def parse_delivery_id(text: str) -> int | None:
    """Return the number of the delivery with that id, or None if the text is no delivery id."""
    return _parse(_DELIVERY_PREFIX, text)


def format_approval_id(number: int) -> str:
    """Return the id of the approval with that number, such as `apr-001`."""
    return _format(_APPROVAL_PREFIX, number)


def parse_approval_id(text: str) -> int | None:
    """Return the number of the approval with that id, or None if the text is no approval id."""
    return _parse(_APPROVAL_PREFIX, text)


def format_comment_id(number: int) -> str:
    """Return the id of the comment with that number, such as `com-001`."""
    return _format(_COMMENT_PREFIX, number)


def parse_comment_id(text: str) -> int | None:
    """Return the number of the comment with that id, or None if the text is no comment id."""
    return _parse(_COMMENT_PREFIX, text)


def _format(prefix: str, number: int) -> str:
    return f"{prefix}{number:03}"


def _parse(prefix: str, text: str) -> int | None:
    match = _NUMBER.fullmatch(text, len(prefix)) if text.startswith(prefix) else None
    if match is None:
        return None
    number = int(match[0])
    return number if _format(prefix, number) == text else None  # `snap-0001` is no second id of the snapshot 1
