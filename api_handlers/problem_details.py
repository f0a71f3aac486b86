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
from preview.core.errors import Fault

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2

_log = logging.getLogger(__name__)


class NotJson(errors.PreviewError):
    """The body is not JSON."""


class NotAForm(errors.PreviewError):
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


STATUSES: dict[type[Exception], HTTPStatus] = {
    NotJson: HTTPStatus.BAD_REQUEST,
    NotAForm: HTTPStatus.BAD_REQUEST,
    Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.NoRoom: HTTPStatus.INSUFFICIENT_STORAGE,
}
"""An exception that is none of these, and derived from none, is a fault of ours: 500, without its words."""


class FaultDocument(msgspec.Struct, frozen=True):
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
    errors: list[FaultDocument] | UnsetType = UNSET


class Answer(NamedTuple):
    """What a handler sends for an exception."""

    status: int
    headers: dict[str, str]
    body: bytes


def answer(error: BaseException, instance: str) -> Answer:
    """The problem of an exception; `instance` is the request's path. A fault of ours is logged under an id, which the problem names."""
    status = _status(error)
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"}
    detail = error.detail if isinstance(error, errors.PreviewError) else "The request could not be read."
    faults: list[Fault] = error.faults if isinstance(error, errors.Invalid) else []
    if isinstance(error, NotJson | NotAForm):
        faults = [Fault("", error.detail)]
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.allow
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        instance = log(error)
        detail = "Something went wrong here. The log tells what, under this instance."
    shown = [FaultDocument(*fault) for fault in faults] if isinstance(error, NotJson | NotAForm | errors.Invalid) else UNSET
    problem = Problem("about:blank", status.phrase, status.value, detail, instance, errors=shown)
    return Answer(status.value, headers, msgspec.json.encode(problem))


def log(error: BaseException) -> str:
    """Logs a fault of ours: its type and the frames that it passed, without its words, which could quote a case (E4). Returns its id."""
    instance = f"urn:uuid:{uuid.uuid4()}"
    frames = reversed(traceback.extract_tb(error.__traceback__))
    passed = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    _log.error("%s: %s at %s", instance, type(error).__name__, passed)
    return instance


def _status(error: BaseException) -> HTTPStatus:
    if isinstance(error, HTTPError) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return HTTPStatus(error.status_code)
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return STATUSES[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR
