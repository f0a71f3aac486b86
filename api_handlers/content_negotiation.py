"""Media types and origins: what a client accepts, what a body is, and whose pages may call (contract E2, H2)."""

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

from api_handlers.problem_details import Forbidden
from preview.core.settings import Settings

SAFE = ("GET", "HEAD", "OPTIONS")
PREFLIGHT_SECONDS = 600
EXPOSED_HEADERS = "ETag, Last-Event-ID, Link, Location, Retry-After"
HEEDED_HEADERS = "Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID"


def accepts(accept: str, media_type: str) -> bool:
    """Whether the most specific range of an `Accept` header that fits the type has a weight over 0 (RFC 9110, 12.5.1)."""
    ranges = {media_type: 2, media_type.partition("/")[0] + "/*": 1, "*/*": 0}
    best, weight = -1, 0.0
    for part in accept.split(","):
        name, *parameters = [piece.strip().lower() for piece in part.split(";")]
        if ranges.get(name, -1) > best:
            best = ranges[name]
            weight = next((_weight(piece) for piece in parameters if piece.startswith("q=")), 1.0)
    return weight > 0


def is_json(headers: Mapping[str, str]) -> bool:
    """Whether the body is JSON in UTF-8 without a coding; one that says nothing of itself is taken to be."""
    media_type, _, parameters = headers.get("Content-Type", "application/json").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"') or "utf-8"
    return media_type.strip().lower() == "application/json" and charset in ("utf-8", "utf8") and "Content-Encoding" not in headers


def origin_headers(origin: str | None, allowed: Collection[str]) -> dict[str, str]:
    """The CORS headers of an answer, by the setting `cors_origins`."""
    headers = {"Vary": "Origin"}
    if origin and ("*" in allowed or origin in allowed):
        headers["Access-Control-Allow-Origin"] = "*" if "*" in allowed else origin
        headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    return headers


def is_foreign(headers: Mapping[str, str], allowed: Collection[str], hosts: Collection[str]) -> bool:
    """Whether a browser sends it for a page that is neither ours nor of an origin that may call.

    A browser asks nobody before it sends a form, so that any page that a person of the house looks at could deliver, or aggregate. `hosts` are names
    under which we are reached beside that of the request, as the setting `websocket_origins` has them.
    """
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
    if "*" in allowed or origin in allowed:
        return False
    if site is not None:
        return site not in ("same-origin", "none")
    host = urlsplit(origin or "").netloc.lower()
    return origin is not None and not any(fnmatchcase(host, own.lower()) for own in (headers.get("Host", ""), *hosts))


def check_caller(request: HTTPServerRequest, settings: Settings) -> None:
    """Raises `Forbidden` where a browser sends a change for a page that may not call."""
    if request.method not in SAFE and is_foreign(request.headers, settings.cors_origins, settings.websocket_origins):
        raise Forbidden("Pages of other hosts may not change anything here.")


def is_own_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser sends it for a page of ours. It tells so itself (`Sec-Fetch-Site`); where it does not, by `Origin`."""
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is not None:
        return site == "same-origin"
    return origin is not None and urlsplit(origin).netloc.lower() == headers.get("Host", "").lower()


def preflight_headers(methods: str) -> dict[str, str]:
    """What an allowed origin's page may do here."""
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": HEEDED_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }


def _weight(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
