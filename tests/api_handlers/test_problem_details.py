import logging

import msgspec
import pytest
from tornado.web import HTTPError

from api_handlers import problem_details
from preview.core import errors
from preview.core.errors import Fault


def problem(error: BaseException) -> tuple[int, dict[str, str], dict[str, object]]:
    answer = problem_details.answer(error, "/here")
    return answer.status, answer.headers, msgspec.json.decode(answer.body)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (problem_details.NotJson("x"), 400),
        (errors.NotFound("x"), 404),
        (problem_details.MethodNotAllowed("GET"), 405),
        (problem_details.NotAcceptable("x"), 406),
        (errors.Conflict("x"), 409),
        (errors.PreconditionFailed("x"), 412),
        (errors.TooLarge("x"), 413),
        (problem_details.UnsupportedMediaType("x"), 415),
        (errors.Invalid("x"), 422),
        (errors.TooMany("x"), 429),
        (errors.Unavailable("x"), 503),
        (errors.StoreError("x"), 500),
        (errors.PreviewError("x"), 500),
        (HTTPError(400), 400),
        (HTTPError(500), 500),
        (ZeroDivisionError(), 500),
    ],
)
def test_every_error_has_its_status(error: Exception, status: int) -> None:
    found, headers, body = problem(error)
    assert found == body["status"] == status
    assert headers["Content-Type"] == "application/problem+json"
    assert list(body)[:5] == ["type", "title", "status", "detail", "instance"]


def test_an_error_derived_from_a_known_one_is_answered_as_that() -> None:
    class NoSuchThing(errors.NotFound):
        pass

    assert problem(NoSuchThing("x"))[0] == 404


def test_faults_are_listed_for_a_bad_body_or_query_and_for_nothing_else() -> None:
    body = problem(errors.Invalid("Wrong.", [Fault("/a", "must be b")]))[2]
    assert body["detail"] == "Wrong."
    assert body["instance"] == "/here"
    assert body["errors"] == [{"pointer": "/a", "detail": "must be b"}]
    assert problem(problem_details.NotJson("Not JSON."))[2]["errors"] == [{"pointer": "", "detail": "Not JSON."}]
    assert "errors" not in problem(errors.NotFound("x"))[2]


def test_when_to_come_again_and_what_is_allowed() -> None:
    assert problem(errors.Unavailable("x"))[1]["Retry-After"] == problem(errors.TooMany("x"))[1]["Retry-After"] == "2"
    assert problem(problem_details.MethodNotAllowed("GET, PUT"))[1]["Allow"] == "GET, PUT"


def test_a_fault_of_ours_tells_nothing_and_is_logged_under_its_id_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyError) as caught:
        {}["Sentinel Sentinelsen"]
    with caplog.at_level(logging.ERROR):
        body = problem_details.answer(caught.value, "/here").body.decode()
    instance = msgspec.json.decode(body)["instance"]
    assert instance.startswith("urn:uuid:")
    assert instance in caplog.text
    assert "KeyError at test_problem_details.py" in caplog.text
    assert "Sentinel" not in body + caplog.text
