"""Errors as RFC 9457 problems, in this one place (contract E1 to E4). Looked up by walking the exception's MRO."""

import logging
import traceback
import uuid
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType
from tornado.web import HTTPError

from preview.core import errors
from preview.core.errors import FieldError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2

_log = logging.getLogger(__name__)


class MalformedJson(errors.PreviewError):
    """The body is not JSON."""


class MalformedMultipart(errors.PreviewError):
    """The body is said to be a form, and is not one, or breaks off."""


class Forbidden(errors.PreviewError):
    """A browser sends a change for a page of another host, which the settings do not name."""


class MethodNotAllowed(errors.PreviewError):
    """The resource does not know the method; `allow` names those that it does, as `Allow` does."""

    def __init__(self, allow: str) -> None:
        super().__init__("This resource does not take that method.")
        self.allow = allow


class NotAcceptable(errors.PreviewError):
    """`Accept` leaves out what the resource gives."""


class UnsupportedMediaType(errors.PreviewError):
    """The body is of another media type, charset or coding than the resource takes."""


STATUS_BY_ERROR: dict[type[Exception], HTTPStatus] = {
    MalformedJson: HTTPStatus.BAD_REQUEST,
    MalformedMultipart: HTTPStatus.BAD_REQUEST,
    Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.PayloadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.ValidationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.InsufficientStorage: HTTPStatus.INSUFFICIENT_STORAGE,
}
"""An exception that is none of these, and derived from none, is a fault of ours: 500, without its words."""


class InvalidParam(msgspec.Struct, frozen=True):
    """One thing wrong with the body or the query; `pointer` is a JSON pointer, a query parameter's name after the slash."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457. `type` is always `about:blank`: the status says what it is, and `errors` where."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[InvalidParam] | UnsetType = UNSET


class ProblemResponse(NamedTuple):
    """What a handler sends for an exception."""

    status: int
    headers: dict[str, str]
    body: bytes


def to_problem(error: BaseException, instance: str) -> ProblemResponse:
    """The problem of an exception; `instance` is the request's path. A fault of ours is logged under an id, which the problem names."""
    status = _status_for(error)
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"}
    detail = error.detail if isinstance(error, errors.PreviewError) else "The request could not be read."
    field_errors: list[FieldError] = error.field_errors if isinstance(error, errors.ValidationError) else []
    if isinstance(error, MalformedJson | MalformedMultipart):
        field_errors = [FieldError("", error.detail)]
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.allow
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        instance = log_internal_error(error)
        detail = "Something went wrong here. The log tells what, under this instance."
    invalid_params = (
        [InvalidParam(*fault) for fault in field_errors]
        if isinstance(error, MalformedJson | MalformedMultipart | errors.ValidationError)
        else UNSET
    )
    problem = Problem("about:blank", status.phrase, status.value, detail, instance, errors=invalid_params)
    return ProblemResponse(status.value, headers, msgspec.json.encode(problem))


def log_internal_error(error: BaseException) -> str:
    """Logs a fault of ours: its type and the frames that it passed, without its words, which could quote a case (E4). Returns its id."""
    instance = f"urn:uuid:{uuid.uuid4()}"
    frames = reversed(traceback.extract_tb(error.__traceback__))
    stack = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    _log.error("%s: %s at %s", instance, type(error).__name__, stack)
    return instance


def _status_for(error: BaseException) -> HTTPStatus:
    if isinstance(error, HTTPError) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return HTTPStatus(error.status_code)
    for error_type in type(error).__mro__:
        if error_type in STATUS_BY_ERROR:
            return STATUS_BY_ERROR[error_type]
    return HTTPStatus.INTERNAL_SERVER_ERROR
