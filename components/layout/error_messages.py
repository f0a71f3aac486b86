"""The mapping from exceptions to the sentences that the dashboard shows."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from components.layout.preferences import Translator
from preview.core.errors import (
    Conflict,
    InsufficientStorage,
    NotFound,
    PreconditionFailed,
    Unavailable,
    ValidationError,
)
from preview.core.log_privacy import describe_exception
from preview.core.passing_faults import RETRY_AFTER_SECONDS, as_passing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ErrorMessage:
    """A sentence in the visitor's language, and the HTTP status of the error page that shows it.

    `retry_after` says after how many seconds a repeated request may succeed, None if it will not.
    """

    text: str
    status: int
    retry_after: int | None = None


_MESSAGE_KEYS: Mapping[type[Exception], tuple[str, int]] = {
    NotFound: ("notice.not_found", 404),
    ValidationError: ("notice.invalid", 422),
    Conflict: ("notice.unavailable", 409),
    PreconditionFailed: ("notice.unavailable", 412),
    Unavailable: ("notice.unavailable", 503),
    InsufficientStorage: ("notice.disk_full", 507),
    Exception: ("notice.unexpected", 500),
}


def error_message(
    error: Exception, t: Translator, overrides: Mapping[type[Exception], str] | None = None
) -> ErrorMessage:
    """Return the message of an exception, and log the exception if it is none of the expected ones.

    Args:
        error: The exception. The message is that of its class or of the nearest base class with one.
        t: The texts in the visitor's language.
        overrides: Text keys that a page uses instead of the usual ones, by exception class.

    Returns:
        The message. That of an unexpected exception reveals nothing about it; the log has its traceback.
    """
    if isinstance(error, OSError):
        log.warning("The operating system refuses what a page needs: %s", describe_exception(error))
        error = as_passing(error) or error
    error_class = next(error_class for error_class in type(error).__mro__ if error_class in _MESSAGE_KEYS)
    key, status = _MESSAGE_KEYS[error_class]
    if error_class is Exception:
        log.error("A dashboard request failed unexpectedly.", exc_info=error)
    key = (overrides or {}).get(error_class, key)
    return ErrorMessage(t(key), status, RETRY_AFTER_SECONDS if isinstance(error, Unavailable) else None)
