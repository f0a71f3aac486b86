"""ETag of a snapshot's document: a strong one, of the rendered bytes and the time of the change (rule H1, docs/api.md).

Time is the position in the event log, which is never used again. Without it, a change that leaves the same bytes would
leave the same ETag (two completions within one second, a PUT while the snapshot is processing), and two clients could
each change "the version that they had read".
"""

import hashlib
import re


def compute_etag(body: bytes, position: int) -> str:
    """Return the ETag of a document that was rendered when the event log had reached `position`, with quotes."""
    return f'"{_digest(body)}-{position}"'


def is_etag_of(etag: str, body: bytes) -> bool:
    """Return whether the ETag belongs to a document with these bytes, whenever it was rendered."""
    return re.fullmatch(rf'"{_digest(body)}(-[0-9]+)?"', etag) is not None  # earlier versions stored no position


def etag_matches(if_match: str | None, etag: str) -> bool:
    """Return whether `If-Match` or `If-None-Match` names the document; strong comparison (RFC 9110, 8.8.3.2).

    Args:
        if_match: Value of the header; None matches every document.
        etag: ETag of the document, with quotes.
    """
    return if_match is None or if_match.strip() == "*" or etag in re.findall(r'(?:W/)?"[^"]*"', if_match)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]
