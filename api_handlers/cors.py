"""CORS: which origins' pages may read responses and send requests (rule H2, docs/api.md)."""

from collections.abc import Collection

PREFLIGHT_MAX_AGE_SECONDS = 600
EXPOSED_RESPONSE_HEADERS = "ETag, Last-Event-ID, Link, Location, Retry-After"
ALLOWED_REQUEST_HEADERS = "Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID"


def cors_headers(origin: str | None, allowed_origins: Collection[str]) -> dict[str, str]:
    """Return the CORS headers of a response.

    Args:
        origin: The request's `Origin`, None if it has none.
        allowed_origins: The setting `cors_origins`; `*` allows every origin.
    """
    headers = {"Vary": "Origin"}
    if origin and ("*" in allowed_origins or origin in allowed_origins):
        headers["Access-Control-Allow-Origin"] = "*" if "*" in allowed_origins else origin
        headers["Access-Control-Expose-Headers"] = EXPOSED_RESPONSE_HEADERS
    return headers


def preflight_headers(methods: str) -> dict[str, str]:
    """Return the headers that answer the preflight of an allowed origin.

    Args:
        methods: The methods of the resource, separated by commas.
    """
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": ALLOWED_REQUEST_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_MAX_AGE_SECONDS),
    }
