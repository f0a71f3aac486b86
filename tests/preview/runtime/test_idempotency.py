"""Idempotency keys (contract H3, E3): the first answer again, for 24 h, across processes."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from preview.core import clock
from preview.core.errors import Conflict, Invalid
from preview.runtime import idempotency
from preview.runtime.application import Application
from preview.runtime.idempotency import Answer
from tests.support.pipeline import opened

DOOR, KEY, BODY = "snapshots", "a key", b"a body"
ANSWER = Answer(202, "/snap-001", b"an answer")


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    """It does no work."""
    with opened(data_dir, started=False) as made:
        yield made


def test_the_first_answer_again(application: Application) -> None:
    assert application.idempotency.begin(DOOR, KEY, BODY) is None
    application.idempotency.finish(DOOR, KEY, BODY, ANSWER)
    for _ in range(2):
        assert application.idempotency.begin(DOOR, KEY, BODY) == ANSWER


def test_an_answer_without_location_or_body(application: Application) -> None:
    application.idempotency.begin(DOOR, KEY, BODY)
    application.idempotency.finish(DOOR, KEY, BODY, Answer(200, None, b""))
    assert application.idempotency.begin(DOOR, KEY, BODY) == Answer(200, None, b"")


def test_a_key_is_of_a_door(application: Application) -> None:
    application.idempotency.begin(DOOR, KEY, BODY)
    application.idempotency.finish(DOOR, KEY, BODY, ANSWER)
    assert application.idempotency.begin("deliveries", KEY, BODY) is None
    assert application.idempotency.begin(DOOR, "another key", BODY) is None


def test_with_another_body_it_is_refused(application: Application) -> None:
    application.idempotency.begin(DOOR, KEY, BODY)
    with pytest.raises(Invalid):
        application.idempotency.begin(DOOR, KEY, b"another body")
    application.idempotency.finish(DOOR, KEY, BODY, ANSWER)
    with pytest.raises(Invalid):
        application.idempotency.begin(DOOR, KEY, b"another body")
    assert application.idempotency.begin(DOOR, KEY, BODY) == ANSWER


def test_while_the_first_request_runs_the_second_has_to_wait(application: Application, data_dir: Path) -> None:
    """Also where it comes to another process."""
    application.idempotency.begin(DOOR, KEY, BODY)
    with pytest.raises(Conflict):
        application.idempotency.begin(DOOR, KEY, BODY)
    with opened(data_dir, started=False) as other:
        with pytest.raises(Conflict):
            other.idempotency.begin(DOOR, KEY, BODY)
        application.idempotency.finish(DOOR, KEY, BODY, ANSWER)
        assert other.idempotency.begin(DOOR, KEY, BODY) == ANSWER


def test_a_request_that_came_to_nothing_leaves_its_key_free(application: Application) -> None:
    application.idempotency.begin(DOOR, KEY, BODY)
    application.idempotency.abandon(DOOR, KEY)
    assert application.idempotency.begin(DOOR, KEY, b"another body") is None


def test_a_request_whose_process_died_leaves_its_key_free(data_dir: Path) -> None:
    """Or nobody could try again for a day."""
    with opened(data_dir, started=False) as application:
        application.idempotency.begin(DOOR, KEY, BODY)
    with opened(data_dir, started=False) as application:
        assert application.idempotency.begin(DOOR, KEY, BODY) is None
        application.idempotency.finish(DOOR, KEY, BODY, ANSWER)
    with opened(data_dir, started=False) as application:
        assert application.idempotency.begin(DOOR, KEY, BODY) == ANSWER


@pytest.mark.parametrize(("hours", "kept"), [(23.9, True), (24.1, False)])
def test_an_answer_is_kept_for_a_day(application: Application, monkeypatch: pytest.MonkeyPatch, hours: float, kept: bool) -> None:
    application.idempotency.begin(DOOR, KEY, BODY)
    application.idempotency.finish(DOOR, KEY, BODY, ANSWER)
    later = clock.now() + timedelta(hours=hours)
    monkeypatch.setattr(idempotency, "now", lambda: later)
    assert application.idempotency.begin(DOOR, KEY, BODY) == (ANSWER if kept else None)
