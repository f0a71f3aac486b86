"""How many streams, pages, uploads and connections a process can hold: the settings, within the limit of open files."""

import logging
import sys
from typing import NamedTuple

from preview.core.errors import ConfigurationError
from preview.core.settings import Settings

log = logging.getLogger(__name__)

RESERVED_DESCRIPTORS = 128
"""Kept for all but connections and their files: the store (56), the parser, locks, and what `OVERFLOW` adds."""

OVERFLOW_CONNECTIONS = 24
"""Connections over the limit that are held until they are answered with a refusal."""

_REQUEST_CONNECTIONS = 1000
"""Room for connections that are neither streams nor open pages nor uploads."""

_DESCRIPTORS_PER_UPLOAD = 2  # its connection and its spool file
_MIN_FOR_CONNECTIONS = 32


class Capacity(NamedTuple):
    """The limits of a process.

    Attributes:
        streams: Event streams.
        sessions: Open pages.
        uploads: Deliveries that are received at once.
        uploads_per_client: The same, of one client address.
        connections: Connections of all kinds, at least 32 more than the first three together.
        connections_per_client: Connections of one client address that are none of the first three.
    """

    streams: int
    sessions: int
    uploads: int
    uploads_per_client: int
    connections: int
    connections_per_client: int

    @classmethod
    def of(cls, settings: Settings, descriptors: int | None) -> "Capacity":
        """Return what a process can hold.

        Args:
            settings: All settings.
            descriptors: Its limit of open files, None without one.
        """
        streams, sessions, uploads = settings.max_streams, settings.max_sessions, settings.max_uploads
        requests = _REQUEST_CONNECTIONS
        if descriptors is not None and descriptors < descriptors_needed(settings):
            available = max(descriptors - RESERVED_DESCRIPTORS, _MIN_FOR_CONNECTIONS)
            requests = min(requests, available // 4)
            spare = (available - requests - streams - sessions) // _DESCRIPTORS_PER_UPLOAD
            uploads = min(uploads, max(available // 16, spare))
            long_lived = available - requests - uploads * _DESCRIPTORS_PER_UPLOAD
            sessions = min(sessions, max(long_lived // 3, long_lived - streams))
            streams = min(streams, long_lived - sessions)
        connections = streams + sessions + uploads + requests
        return cls(
            streams,
            sessions,
            uploads,
            max(1, min(settings.max_uploads_per_client * uploads // settings.max_uploads, uploads)),
            connections,
            min(settings.max_connections_per_client, connections // 2),
        )

    def lowered(self, settings: Settings) -> list[str]:
        """Return what is lower than its setting, as `max_streams 374 instead of 4000`."""
        effective = {"max_streams": self.streams, "max_sessions": self.sessions, "max_uploads": self.uploads}
        return [
            f"{name} {value} instead of {getattr(settings, name)}"
            for name, value in effective.items()
            if value < getattr(settings, name)
        ]


def descriptors_needed(settings: Settings) -> int:
    """Return the limit of open files with which a process can hold all that the settings allow."""
    uploads = settings.max_uploads * _DESCRIPTORS_PER_UPLOAD
    return RESERVED_DESCRIPTORS + settings.max_streams + settings.max_sessions + uploads + _REQUEST_CONNECTIONS


def descriptor_limit() -> int | None:
    """Return this process's limit of open files, None without one."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def raise_descriptor_limit(settings: Settings) -> None:
    """Raise this process's limit of open files to what the settings need, or as far as the system allows.

    Processes that it starts inherit the limit. Where it lowers a setting, that is logged.

    Raises:
        ConfigurationError: If the limit is too low to serve at all.
    """
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = descriptors_needed(settings)
    wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:  # macOS allows less than its hard limit says
            log.warning("the limit of open files cannot be raised to %d: %s", wanted, error)
    least = RESERVED_DESCRIPTORS + _MIN_FOR_CONNECTIONS
    if (limit := descriptor_limit()) is not None and limit < least:
        raise ConfigurationError(
            f"The limit of open files is {limit}, and the program needs at least {least}. Raise it (ulimit -n)."
        )
    if lowered := Capacity.of(settings, limit).lowered(settings):
        log.warning(
            "the limit of open files is %s and cannot be raised to %d; per process: %s",
            limit,
            needed,
            ", ".join(lowered),
        )
