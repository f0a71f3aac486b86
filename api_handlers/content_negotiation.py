"""Media types and origins: what a client accepts, what a body is, and whose pages may call (contract E2, H2)."""

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

from api_handlers.problem_details import Forbidden
from preview.core.settings import Settings

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
PREFLIGHT_MAX_AGE_SECONDS = 600
EXPOSED_RESPONSE_HEADERS = "ETag, Last-Event-ID, Link, Location, Retry-After"
ALLOWED_REQUEST_HEADERS = "Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID"


def accepts(accept: str, media_type: str) -> bool:
    """Whether the most specific range of an `Accept` header that fits the type has a weight over 0 (RFC 9110, 12.5.1)."""
    specificity = {media_type: 2, media_type.partition("/")[0] + "/*": 1, "*/*": 0}
    best_specificity, quality = -1, 0.0
    for media_range in accept.split(","):
        name, *parameters = [piece.strip().lower() for piece in media_range.split(";")]
        if specificity.get(name, -1) > best_specificity:
            best_specificity = specificity[name]
            quality = next((_quality(piece) for piece in parameters if piece.startswith("q=")), 1.0)
    return quality > 0


def is_json(headers: Mapping[str, str]) -> bool:
    """Whether the body is JSON in UTF-8 without a coding; one that says nothing of itself is taken to be."""
    media_type, _, parameters = headers.get("Content-Type", "application/json").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"') or "utf-8"
    return media_type.strip().lower() == "application/json" and charset in ("utf-8", "utf8") and "Content-Encoding" not in headers


def cors_headers(origin: str | None, allowed_origins: Collection[str]) -> dict[str, str]:
    """The CORS headers of an answer, by the setting `cors_origins`."""
    headers = {"Vary": "Origin"}
    if origin and ("*" in allowed_origins or origin in allowed_origins):
        headers["Access-Control-Allow-Origin"] = "*" if "*" in allowed_origins else origin
        headers["Access-Control-Expose-Headers"] = EXPOSED_RESPONSE_HEADERS
    return headers


def is_cross_site(headers: Mapping[str, str], allowed_origins: Collection[str], own_hosts: Collection[str]) -> bool:
    """Whether a browser sends it for a page that is neither ours nor of an origin that may call.

    A browser asks nobody before it sends a form, so that any page that a person of the house looks at could deliver, or aggregate. `hosts` are names
    under which we are reached beside that of the request, as the setting `websocket_origins` has them.
    """
    origin, fetch_site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
    if "*" in allowed_origins or origin in allowed_origins:
        return False
    if fetch_site is not None:
        return fetch_site not in ("same-origin", "none")
    host = urlsplit(origin or "").netloc.lower()
    return origin is not None and not any(fnmatchcase(host, pattern.lower()) for pattern in (headers.get("Host", ""), *own_hosts))


def check_same_origin(request: HTTPServerRequest, settings: Settings) -> None:
    """Raises `Forbidden` where a browser sends a change for a page that may not call."""
    if request.method not in SAFE_METHODS and is_cross_site(request.headers, settings.cors_origins, settings.websocket_origins):
        raise Forbidden("Pages of other hosts may not change anything here.")


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a browser sends it for a page of ours. It tells so itself (`Sec-Fetch-Site`); where it does not, by `Origin`."""
    fetch_site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin is not None and urlsplit(origin).netloc.lower() == headers.get("Host", "").lower()


def preflight_headers(methods: str) -> dict[str, str]:
    """What an allowed origin's page may do here."""
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": ALLOWED_REQUEST_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_MAX_AGE_SECONDS),
    }


def _quality(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
