"""The one place where an exception becomes a calm sentence."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from components.layout.preferences import Translator
from preview.core.errors import Conflict, NotFound, PreconditionFailed, Unavailable, ValidationError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ErrorMessage:
    """What to say, and the HTTP status of a page that says only this."""

    text: str
    status: int


_MESSAGE_KEYS: Mapping[type[Exception], tuple[str, int]] = {
    NotFound: ("notice.not_found", 404),
    ValidationError: ("notice.invalid", 422),
    Conflict: ("notice.unavailable", 409),
    PreconditionFailed: ("notice.unavailable", 412),
    Unavailable: ("notice.unavailable", 503),
    Exception: ("notice.unexpected", 500),
}


def error_message(
    error: Exception, t: Translator, overrides: Mapping[type[Exception], str] | None = None
) -> ErrorMessage:
    """What to say of it, found by its class or the nearest above. `saying` puts other texts in place, by class.

    An error that nobody foresaw is logged with its trace; the person hears nothing of what it was.
    """
    error_class = next(error_class for error_class in type(error).__mro__ if error_class in _MESSAGE_KEYS)
    key, status = _MESSAGE_KEYS[error_class]
    if error_class is Exception:
        log.error("the dashboard met an unforeseen error", exc_info=error)
    key = (overrides or {}).get(error_class, key)
    return ErrorMessage(t(key), status)
