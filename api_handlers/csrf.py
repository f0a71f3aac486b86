"""Cross-site request forgery: refuse changes that a browser sends for pages of other sites (docs/api.md).

Form posts need no CORS preflight: without this check any site that a user visits could start uploads or jobs.
"""

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

from api_handlers.problem_details import Forbidden
from preview.core.hosts import matches_host
from preview.core.settings import Settings

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def check_same_origin(request: HTTPServerRequest, settings: Settings) -> None:
    """Refuse a change that a browser sends for a page of another site.

    Raises:
        Forbidden: The method is not safe, and neither `cors_origins` nor `hosts` names the page's origin.
    """
    if request.method in SAFE_METHODS:
        return
    if is_cross_site(request.headers, settings.cors_origins, settings.hosts):
        raise Forbidden(
            "A page of another site may not change anything here. To allow it, add its origin to `cors_origins`."
        )


def is_cross_site(headers: Mapping[str, str], allowed_origins: Collection[str], own_hosts: Collection[str]) -> bool:
    """Return whether a browser sends the request for a page that is neither this program's nor of an allowed origin.

    Args:
        headers: The request's headers. Programs such as curl send neither `Origin` nor `Sec-Fetch-Site`.
        allowed_origins: The setting `cors_origins`; `*` allows every origin.
        own_hosts: Hosts that this program is reached under, besides `Host`: the setting `hosts`.
    """
    origin, fetch_site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
    if "*" in allowed_origins or origin in allowed_origins:
        return False
    if fetch_site is not None:
        return fetch_site not in ("same-origin", "none")
    if origin is None:
        return False
    host = urlsplit(origin).netloc.lower()
    return host != headers.get("Host", "").lower() and not matches_host(host, own_hosts)


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Return whether a browser sends the request for a page of this program.

    `Sec-Fetch-Site` decides; a browser that does not send it is recognised by an `Origin` equal to `Host`.
    """
    fetch_site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin is not None and urlsplit(origin).netloc.lower() == headers.get("Host", "").lower()
