"""The security headers of every page: Content-Security-Policy with a nonce, and what goes with it."""

import secrets

from tornado.web import RequestHandler

# `unsafe-inline` is for styles alone, because Bokeh writes style attributes. No directive allows evaluating strings as
# code, or another host.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'nonce-{nonce}'",
        "connect-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def set_security_headers(handler: RequestHandler) -> str:
    """Set the headers of a page: CSP, MIME sniffing, referrer, opener isolation, no caching.

    Args:
        handler: The handler that answers; its response must not have been started.

    Returns:
        The nonce that each script of the page must carry; it is new for every response.
    """
    nonce = secrets.token_urlsafe(16)
    handler.set_header("Content-Security-Policy", _CONTENT_SECURITY_POLICY.format(nonce=nonce))
    handler.set_header("X-Content-Type-Options", "nosniff")
    handler.set_header("Referrer-Policy", "same-origin")
    handler.set_header("Cross-Origin-Opener-Policy", "same-origin")
    handler.set_header("Cache-Control", "no-store")
    return nonce
