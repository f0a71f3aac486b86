"""An exception becomes a calm sentence."""

import logging

import pytest

from components.layout.error_messages import message
from components.layout.preferences import Words
from preview.core.errors import ClaimLost, Conflict, Invalid, NotFound, Unavailable
from preview.i18n.catalog import Texts


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (NotFound("x"), 404, "Fant ikke rapporten. Den kan være slettet."),
        (Invalid("reason must have 1 to 500 characters"), 422, "Det lot seg ikke gjøre. Last siden på nytt, og prøv igjen."),
        (Conflict("x"), 409, "Programmet er opptatt akkurat nå. Prøv igjen om litt."),
        (Unavailable("x"), 503, "Programmet er opptatt akkurat nå. Prøv igjen om litt."),
        (ClaimLost("x"), 500, "Noe gikk galt hos oss. Prøv igjen; verdiene under er uberørt."),
    ],
)
def test_an_error_is_told_by_its_class(texts: Texts, error: Exception, status: int, text: str) -> None:
    told = message(error, Words(texts, "nb"))
    assert (told.status, told.text) == (status, text)


def test_a_page_may_say_it_in_its_own_words(texts: Texts) -> None:
    told = message(NotFound("x"), Words(texts, "en"), {NotFound: "notice.no_organization"})
    assert (told.status, told.text) == (404, "The service was not found. It may have another address now.")


def test_what_nobody_foresaw_is_logged_and_not_shown(texts: Texts, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        told = message(ZeroDivisionError("secret"), Words(texts, "nb"))
    assert told.status == 500
    assert "secret" not in told.text
    assert caplog.records[0].exc_info is not None


def test_what_was_foreseen_is_not_logged(texts: Texts, caplog: pytest.LogCaptureFixture) -> None:
    message(NotFound("x"), Words(texts, "nb"))
    assert caplog.records == []
