"""What is done to every response of the server, whichever handler sends it: security headers and entity tags.

Tornado calls these transforms for each response, errors, redirects, refused WebSockets and Bokeh's own included.
"""

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

GZIP_TAG_SUFFIX = '-gzip"'
"""End of the strong ETag of a response that is sent with gzip; without `-gzip`, it is that of the response without."""

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every response that does not set its own. A page sets its own Content-Security-Policy."""


class SecurityHeaders(OutputTransform):
    """Adds the security headers, and removes the version of the server."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Set the headers (Tornado's hook)."""
        for name, value in SECURITY_HEADERS.items():
            if name not in headers:
                headers[name] = value
        headers.pop("Server", None)
        return status_code, headers, chunk


class EntityTagPerCoding(OutputTransform):
    """Gives the gzip form of a response a strong ETag of its own (RFC 9110, section 8.8.3), and accepts either in a
    request.

    Handlers see only the tags without the suffix. To be added after Tornado's compression.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        self._client_tags = request.headers.get("If-None-Match", "")
        for name in ("If-None-Match", "If-Match"):
            value = request.headers.get(name, "")
            if GZIP_TAG_SUFFIX in value:
                request.headers[name] = value.replace(GZIP_TAG_SUFFIX, '"')

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Set the tag (Tornado's hook). The tag of a 304 is the one that the client has."""
        tag = headers.get("Etag", "")
        if tag.startswith('"'):
            gzip_tag = tag[:-1] + GZIP_TAG_SUFFIX
            if headers.get("Content-Encoding") == "gzip" or (status_code == 304 and gzip_tag in self._client_tags):
                headers["Etag"] = gzip_tag
        return status_code, headers, chunk
