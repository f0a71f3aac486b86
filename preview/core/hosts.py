"""Which hosts the program is reached under, so that a page of another site cannot pass its own name off as this
address.

A page whose name is made to resolve to this address (DNS rebinding) is of the same origin as the program, to the
browser. What tells it apart is the `Host` header, which has the name that the page uses.
"""

import ipaddress
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import NamedTuple

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = ("80", "443")


class Authority(NamedTuple):
    """A parsed `Host` header. `port` is empty if the header has none; an IPv6 address has no brackets."""

    host: str
    port: str


def parse_authority(text: str) -> Authority:
    """Return host and port of a `Host` header or of an origin's authority, in lower case."""
    bracketed, _, rest = text.lower().rpartition("]")
    if bracketed:
        return Authority(bracketed.removeprefix("["), rest.removeprefix(":"))
    host, _, port = text.lower().partition(":")
    return Authority(host, port)


def matches_host(authority: str, patterns: Collection[str]) -> bool:
    """Return whether a host is one of those that the setting `hosts` names.

    Args:
        authority: A `Host` header, or the authority of an origin.
        patterns: Hosts such as `a.example`, `a.example:8443`, `*.a.example`, `[fd00::1]` or `*`. One without a port
            matches any port; one with port 80 or 443 matches a host without a port too, because browsers omit it.
    """
    given = parse_authority(authority)
    return any(_matches(given, parse_authority(pattern)) for pattern in patterns)


def is_served_host(authority: str, local_address: str | None, listen_address: str, patterns: Collection[str]) -> bool:
    """Return whether a request with this `Host` header is served.

    Args:
        authority: The `Host` header.
        local_address: The IP address at which the connection arrived, None if it is not known.
        listen_address: The setting `address`.
        patterns: The setting `hosts`.
    """
    host = parse_authority(authority).host
    return (
        host in LOOPBACK_HOSTS
        or _same_host(host, listen_address)
        or (local_address is not None and _same_host(host, local_address))
        or matches_host(authority, patterns)
    )


def format_authority(address: str, port: int) -> str:
    """Return address and port as they stand in a URL: an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _matches(given: Authority, pattern: Authority) -> bool:
    if not fnmatchcase(given.host, pattern.host):
        return False
    if not given.port:
        return pattern.port in ("", "*", *_DEFAULT_PORTS)
    return not pattern.port or fnmatchcase(given.port, pattern.port)


def _same_host(host: str, other: str) -> bool:
    """Compare two hosts; IP addresses by value, without the zone of a link-local address."""
    if host == other.lower():
        return True
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(other.partition("%")[0])
    except ValueError:
        return False
