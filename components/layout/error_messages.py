"""The one place where an exception becomes a calm sentence."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from components.layout.preferences import Words
from preview.core.errors import Conflict, Invalid, NotFound, PreconditionFailed, Unavailable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """What to say, and the HTTP status of a page that says only this."""

    text: str
    status: int


_MESSAGES: Mapping[type[Exception], tuple[str, int]] = {
    NotFound: ("notice.not_found", 404),
    Invalid: ("notice.invalid", 422),
    Conflict: ("notice.unavailable", 409),
    PreconditionFailed: ("notice.unavailable", 412),
    Unavailable: ("notice.unavailable", 503),
    Exception: ("notice.unexpected", 500),
}


def message(error: Exception, words: Words, saying: Mapping[type[Exception], str] | None = None) -> Message:
    """What to say of it, found by its class or the nearest above. `saying` puts other texts in place, by class.

    An error that nobody foresaw is logged with its trace; the person hears nothing of what it was.
    """
    kind = next(kind for kind in type(error).__mro__ if kind in _MESSAGES)
    key, status = _MESSAGES[kind]
    if kind is Exception:
        log.error("the dashboard met an unforeseen error", exc_info=error)
    key = (saying or {}).get(kind, key)
    return Message(words(key), status)
