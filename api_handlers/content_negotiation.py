"""Media types: what a client accepts, and what a request body is (rule E2, docs/api.md)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from multipart import parse_options_header

JSON_MEDIA_TYPE = "application/json"
CSV_MEDIA_TYPE = "text/csv"


class ContentType(NamedTuple):
    """A parsed `Content-Type`.

    Attributes:
        media_type: Type and subtype in lower case, `""` if the header is absent or empty.
        parameters: Unquoted values by parameter name in lower case.
    """

    media_type: str
    parameters: Mapping[str, str]

    @property
    def is_utf8(self) -> bool:
        """Return whether the `charset` parameter is UTF-8 or absent."""
        return (self.parameters.get("charset") or "utf-8").lower() in ("utf-8", "utf8")


def parse_content_type(header: str) -> ContentType:
    """Return media type and parameters of a `Content-Type` header (RFC 9110, section 8.3)."""
    return ContentType(*parse_options_header(header))


def accepts(accept: str, media_type: str) -> bool:
    """Return whether an `Accept` header allows a media type: whether its quality is above 0."""
    return quality_of(accept, media_type) > 0


def preferred(accept: str | None, media_types: Sequence[str]) -> str:
    """Return the media type that an `Accept` header likes best; the first one of equals, and without the header."""
    return max(media_types, key=lambda media_type: quality_of(accept, media_type)) if accept else media_types[0]


def quality_of(accept: str, media_type: str) -> float:
    """Return the quality that an `Accept` header gives a media type, 0 if it excludes it.

    The most specific range that matches decides (RFC 9110, section 12.5.1).

    Args:
        accept: The value of the header.
        media_type: Type and subtype in lower case, without parameters.
    """
    specificity = {media_type: 2, media_type.partition("/")[0] + "/*": 1, "*/*": 0}
    best_specificity, quality = -1, 0.0
    for media_range in accept.split(","):
        name, parameters = parse_options_header(media_range)
        if specificity.get(name, -1) > best_specificity:
            best_specificity = specificity[name]
            quality = _quality(parameters.get("q", "1"))
    return quality


def is_json(headers: Mapping[str, str]) -> bool:
    """Return whether a body is uncompressed JSON in UTF-8; a body without `Content-Type` is taken for JSON."""
    content_type = parse_content_type(headers.get("Content-Type", JSON_MEDIA_TYPE))
    return content_type.media_type == JSON_MEDIA_TYPE and content_type.is_utf8 and "Content-Encoding" not in headers


def _quality(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0
