"""RFC 9457 problem details: the status, headers and body that answer an exception (rules E1 to E4, docs/api.md)."""

import logging
import uuid
from http import HTTPStatus
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType
from tornado.web import HTTPError

from preview.core import errors
from preview.core.errors import FieldError
from preview.core.log_privacy import describe_exception
from preview.core.passing_faults import RETRY_AFTER_SECONDS, as_passing

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)


class MalformedJson(errors.PreviewError):
    """The body is not JSON."""


class MalformedMultipart(errors.PreviewError):
    """The body is declared as multipart/form-data, but is not or ends too early."""


class Forbidden(errors.PreviewError):
    """A browser sends a change for a page of another site that the settings do not allow."""


class MethodNotAllowed(errors.PreviewError):
    """The resource does not support the method; `allow` is the value of `Allow`."""

    def __init__(self, allow: str) -> None:
        super().__init__("This resource does not support the method. Use one that the header `Allow` names.")
        self.allow = allow


class NotAcceptable(errors.PreviewError):
    """`Accept` excludes the media type that the resource sends."""


class UnsupportedMediaType(errors.PreviewError):
    """The body has a media type, charset or `Content-Encoding` that the resource does not accept."""


STATUS_BY_ERROR: dict[type[Exception], HTTPStatus] = {
    MalformedJson: HTTPStatus.BAD_REQUEST,
    MalformedMultipart: HTTPStatus.BAD_REQUEST,
    Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Gone: HTTPStatus.GONE,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.NotPermitted: HTTPStatus.FORBIDDEN,
    errors.PayloadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.ValidationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.InsufficientStorage: HTTPStatus.INSUFFICIENT_STORAGE,
}
"""Status by type of exception, base classes included. Any other exception is an internal error: 500, no message."""


class InvalidParam(msgspec.Struct, frozen=True):
    """One error in the body or query; `pointer` is a JSON pointer, `/` and the name for a query parameter."""

    pointer: str
    detail: str


class BlockingReason(msgspec.Struct, frozen=True):
    """What stands in the way of an approval; field and rule are null unless it is a deviation."""

    code: str
    field_key: str | None
    rule: str | None


class Problem(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457). Decide by `status`; `type` is always `about:blank`. 400 and 422 have `errors`, the
    409 of an approval has `blocking`.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[InvalidParam] | UnsetType = UNSET
    blocking: list[BlockingReason] | UnsetType = UNSET


class ProblemResponse(NamedTuple):
    """Status, headers and body of a problem."""

    status: int
    headers: dict[str, str]
    body: bytes


def to_problem(error: BaseException, instance: str) -> ProblemResponse:
    """Return the problem that answers an exception; log an internal error, and an error of the disk.

    An `OSError` passes by itself or when an operator acts, so it is answered as `Unavailable` or `InsufficientStorage`.

    Args:
        error: What a handler, or Tornado, has raised.
        instance: Path of the request. For an internal error, the id under which it is logged replaces it.
    """
    if isinstance(error, OSError):
        _log.warning("the operating system refuses what a request needs: %s", describe_exception(error))
        error = as_passing(error) or error
    status = _status_for(error)
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.allow
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    detail = error.detail if isinstance(error, errors.PreviewError) else "The request is malformed. Check its syntax."
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        instance = log_internal_error(error)
        detail = "Internal server error. Quote this `instance` when you report it."
    problem = Problem(
        "about:blank",
        status.phrase,
        status.value,
        detail,
        instance,
        errors=_invalid_params(error),
        blocking=_blocking_reasons(error),
    )
    return ProblemResponse(status.value, headers, msgspec.json.encode(problem))


def log_internal_error(error: BaseException) -> str:
    """Log an internal error: its type and its stack frames, without its message, which could quote a case (rule E4).

    Returns:
        The id in the log line, a `urn:uuid:`.
    """
    instance = f"urn:uuid:{uuid.uuid4()}"
    _log.error("%s: %s", instance, describe_exception(error))
    return instance


def _invalid_params(error: BaseException) -> list[InvalidParam] | UnsetType:
    match error:
        case errors.ValidationError():
            return [InvalidParam(*field_error) for field_error in error.field_errors]
        case MalformedJson() | MalformedMultipart():
            return [InvalidParam(*FieldError("", error.detail))]
        case _:
            return UNSET


def _blocking_reasons(error: BaseException) -> list[BlockingReason] | UnsetType:
    if isinstance(error, errors.ApprovalBlocked):
        return [BlockingReason(*reason) for reason in error.blocking]
    return UNSET


def _status_for(error: BaseException) -> HTTPStatus:
    if isinstance(error, HTTPError) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return HTTPStatus(error.status_code)
    for error_type in type(error).__mro__:
        if error_type in STATUS_BY_ERROR:
            return STATUS_BY_ERROR[error_type]
    return HTTPStatus.INTERNAL_SERVER_ERROR
