"""ETag of a snapshot's document: a strong one, of the rendered bytes (rule H1, docs/api.md)."""

import hashlib
import re


def compute_etag(body: bytes) -> str:
    """Return the ETag of a rendered document, with quotes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def etag_matches(if_match: str | None, etag: str) -> bool:
    """Return whether `If-Match` or `If-None-Match` names the document; strong comparison (RFC 9110, 8.8.3.2).

    Args:
        if_match: Value of the header; None matches every document.
        etag: ETag of the document, with quotes.
    """
    return if_match is None or if_match.strip() == "*" or etag in re.findall(r'(?:W/)?"[^"]*"', if_match)
