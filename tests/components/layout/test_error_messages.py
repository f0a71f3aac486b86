"""The mapping from exceptions to messages and HTTP statuses."""

import errno
import logging

import pytest

from components.layout.error_messages import error_message
from components.layout.preferences import Translator
from preview.core.errors import Conflict, LeaseLost, NotFound, Unavailable, ValidationError
from preview.i18n.catalog import MessageCatalog


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (NotFound("x"), 404, "Fant ikke rapporten. Den kan være slettet."),
        (
            ValidationError("reason must have 1 to 500 characters"),
            422,
            "Det lot seg ikke gjøre. Last siden på nytt, og prøv igjen.",
        ),
        (Conflict("x"), 409, "Programmet er opptatt akkurat nå. Prøv igjen om litt."),
        (Unavailable("x"), 503, "Programmet er opptatt akkurat nå. Prøv igjen om litt."),
        (
            OSError(errno.ENOSPC, "No space left"),
            507,
            "Disken på serveren er full. Prøv igjen om litt, eller si fra til dem som drifter programmet.",
        ),
        (OSError(errno.EIO, "Input/output error"), 503, "Programmet er opptatt akkurat nå. Prøv igjen om litt."),
        (LeaseLost("x"), 500, "Noe gikk galt hos oss. Prøv igjen; verdiene under er uberørt."),
    ],
)
def test_error_class_decides_message_and_status(
    texts: MessageCatalog, error: Exception, status: int, text: str
) -> None:
    message = error_message(error, Translator(texts, "nb"))
    assert (message.status, message.text) == (status, text)
    assert message.retry_after == (2 if status in (503, 507) else None)


def test_page_can_override_message(texts: MessageCatalog) -> None:
    message = error_message(NotFound("x"), Translator(texts, "en"), {NotFound: "notice.no_organization"})
    assert (message.status, message.text) == (404, "The service was not found. Search for it in the overview.")


def test_unexpected_error_is_logged_and_not_shown(texts: MessageCatalog, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        message = error_message(ZeroDivisionError("secret"), Translator(texts, "nb"))
    assert message.status == 500
    assert "secret" not in message.text
    assert caplog.records[0].exc_info is not None


def test_expected_error_is_not_logged(texts: MessageCatalog, caplog: pytest.LogCaptureFixture) -> None:
    error_message(NotFound("x"), Translator(texts, "nb"))
    assert caplog.records == []
