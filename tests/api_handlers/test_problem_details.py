import errno
import logging
import os

import msgspec
import pytest
from tornado.web import HTTPError

from api_handlers import problem_details
from preview.core import errors
from preview.core.errors import FieldError


def problem_parts(error: BaseException) -> tuple[int, dict[str, str], dict[str, object]]:
    response = problem_details.to_problem(error, "/here")
    return response.status, response.headers, msgspec.json.decode(response.body)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (problem_details.MalformedJson("x"), 400),
        (errors.NotFound("x"), 404),
        (problem_details.MethodNotAllowed("GET"), 405),
        (problem_details.NotAcceptable("x"), 406),
        (errors.Conflict("x"), 409),
        (errors.PreconditionFailed("x"), 412),
        (errors.PayloadTooLarge("x"), 413),
        (problem_details.UnsupportedMediaType("x"), 415),
        (errors.ValidationError("x"), 422),
        (errors.TooManyRequests("x"), 429),
        (errors.Unavailable("x"), 503),
        (errors.StoreError("x"), 500),
        (errors.PreviewError("x"), 500),
        (HTTPError(400), 400),
        (HTTPError(500), 500),
        (ZeroDivisionError(), 500),
    ],
)
def test_status_by_error_type(error: Exception, status: int) -> None:
    actual, headers, body = problem_parts(error)
    assert actual == body["status"] == status
    assert headers["Content-Type"] == "application/problem+json"
    assert list(body)[:5] == ["type", "title", "status", "detail", "instance"]


def test_subclass_inherits_status_of_base_error() -> None:
    class NoSuchThing(errors.NotFound):
        pass

    assert problem_parts(NoSuchThing("x"))[0] == 404


def test_errors_are_listed_only_for_invalid_input() -> None:
    body = problem_parts(errors.ValidationError("Wrong.", [FieldError("/a", "must be b")]))[2]
    assert body["detail"] == "Wrong."
    assert body["instance"] == "/here"
    assert body["errors"] == [{"pointer": "/a", "detail": "must be b"}]
    assert problem_parts(problem_details.MalformedJson("Not JSON."))[2]["errors"] == [
        {"pointer": "", "detail": "Not JSON."}
    ]
    assert "errors" not in problem_parts(errors.NotFound("x"))[2]


def test_retry_after_and_allow_headers() -> None:
    assert (
        problem_parts(errors.Unavailable("x"))[1]["Retry-After"]
        == problem_parts(errors.TooManyRequests("x"))[1]["Retry-After"]
        == "2"
    )
    assert problem_parts(problem_details.MethodNotAllowed("GET, PUT"))[1]["Allow"] == "GET, PUT"


def test_internal_error_is_logged_by_id_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyError) as caught:
        {}["Sentinel Sentinelsen"]
    with caplog.at_level(logging.ERROR):
        body = problem_details.to_problem(caught.value, "/here").body.decode()
    instance = msgspec.json.decode(body)["instance"]
    assert instance.startswith("urn:uuid:")
    assert instance in caplog.text
    assert "KeyError at test_problem_details.py" in caplog.text
    assert "Sentinel" not in body + caplog.text


@pytest.mark.parametrize(
    ("code", "status", "detail"),
    [
        (errno.ENOSPC, 507, "The disk is full."),
        (errno.EDQUOT, 507, "The disk is full."),
        (errno.EIO, 503, "The disk cannot be used (Input/output error)."),
        (errno.EROFS, 503, "The disk cannot be used (Read-only file system)."),
    ],
)
def test_error_of_the_disk_is_a_passing_fault(
    code: int, status: int, detail: str, caplog: pytest.LogCaptureFixture
) -> None:
    actual, headers, body = problem_parts(OSError(code, os.strerror(code), "/Sentinelsen.xml"))
    assert (actual, headers["Retry-After"], body["detail"]) == (status, "2", detail)
    assert f"OSError ({errno.errorcode[code]})" in caplog.text
    assert "Sentinelsen" not in caplog.text
