"""The log line of a request: its method, route, status and duration, never the path, query or a header.

A path or query has what a person searches for. Both interfaces log their requests here and nowhere else.
"""

import logging

from preview.core.log_privacy import neutralized

log = logging.getLogger(__name__)

UNKNOWN_ROUTE = "(unknown path)"

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"})
_MAX_ACTOR_LENGTH = 100


def logs_every_request() -> bool:
    """Return whether requests that change nothing and succeed are logged too."""
    return log.isEnabledFor(logging.DEBUG)


def log_request(method: str, route: str, status: int, seconds: float, *, actor: str = "", changed_id: str = "") -> None:
    """Log a finished request: server errors as warnings, client errors and changes as info, the rest for debugging.

    Args:
        method: The method. A client can write anything here, so an unknown one is not named.
        route: The route that has answered, with names in place of the path's parameters.
        status: The status of the response.
        seconds: How long the answer took.
        actor: Who has asked for a change; empty for a request that changes nothing.
        changed_id: Id of what was changed, empty if nothing was.
    """
    level = logging.WARNING if status >= 500 else logging.INFO if status >= 400 or actor else logging.DEBUG
    if not log.isEnabledFor(level):
        return
    text = f"{method if method in _METHODS else '(unknown method)'} {route} {status} {1000 * seconds:.1f} ms"
    if changed_id:
        text += f", {changed_id}"
    if actor:
        text += f", by {neutralized(actor, _MAX_ACTOR_LENGTH)}"
    # A request that has changed something, or has failed here, is never left out.
    is_refusal = 400 <= status < 500 and not changed_id
    log.log(level, "%s", text, extra={"caused_by_client": str(status)} if is_refusal else None)
