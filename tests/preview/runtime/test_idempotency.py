"""Idempotency keys (rules H3 and E3): the first response is returned again for 24 h, by every process."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from preview.core.clock import now
from preview.core.errors import Conflict, ValidationError
from preview.runtime.application import Application
from preview.runtime.idempotency import IdempotencyStore, StoredResponse
from tests.support.pipeline import open_application

SCOPE, KEY, BODY = "snapshots", "a key", b"a body"
RESPONSE = StoredResponse(202, "/snap-001", b"an answer")


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    """Open an application that runs no worker."""
    with open_application(data_dir, started=False) as opened:
        yield opened


def test_first_response_is_replayed(application: Application) -> None:
    assert application.idempotency.begin(SCOPE, KEY, BODY) is None
    application.idempotency.finish(SCOPE, KEY, BODY, RESPONSE)
    for _ in range(2):
        assert application.idempotency.begin(SCOPE, KEY, BODY) == RESPONSE


def test_response_without_location_or_body_is_replayed(application: Application) -> None:
    application.idempotency.begin(SCOPE, KEY, BODY)
    application.idempotency.finish(SCOPE, KEY, BODY, StoredResponse(200, None, b""))
    assert application.idempotency.begin(SCOPE, KEY, BODY) == StoredResponse(200, None, b"")


def test_key_is_scoped(application: Application) -> None:
    application.idempotency.begin(SCOPE, KEY, BODY)
    application.idempotency.finish(SCOPE, KEY, BODY, RESPONSE)
    assert application.idempotency.begin("deliveries", KEY, BODY) is None
    assert application.idempotency.begin(SCOPE, "another key", BODY) is None


def test_key_with_another_body_is_refused(application: Application) -> None:
    application.idempotency.begin(SCOPE, KEY, BODY)
    with pytest.raises(ValidationError):
        application.idempotency.begin(SCOPE, KEY, b"another body")
    application.idempotency.finish(SCOPE, KEY, BODY, RESPONSE)
    with pytest.raises(ValidationError):
        application.idempotency.begin(SCOPE, KEY, b"another body")
    assert application.idempotency.begin(SCOPE, KEY, BODY) == RESPONSE


def test_second_request_conflicts_while_first_runs(application: Application, data_dir: Path) -> None:
    """The second request may reach another process."""
    application.idempotency.begin(SCOPE, KEY, BODY)
    with pytest.raises(Conflict):
        application.idempotency.begin(SCOPE, KEY, BODY)
    with open_application(data_dir, started=False) as other:
        with pytest.raises(Conflict):
            other.idempotency.begin(SCOPE, KEY, BODY)
        application.idempotency.finish(SCOPE, KEY, BODY, RESPONSE)
        assert other.idempotency.begin(SCOPE, KEY, BODY) == RESPONSE


def test_abandoned_request_frees_its_key(application: Application) -> None:
    application.idempotency.begin(SCOPE, KEY, BODY)
    application.idempotency.abandon(SCOPE, KEY)
    assert application.idempotency.begin(SCOPE, KEY, b"another body") is None


def test_request_of_dead_process_frees_its_key(data_dir: Path) -> None:
    with open_application(data_dir, started=False) as application:
        application.idempotency.begin(SCOPE, KEY, BODY)
    with open_application(data_dir, started=False) as application:
        assert application.idempotency.begin(SCOPE, KEY, BODY) is None
        application.idempotency.finish(SCOPE, KEY, BODY, RESPONSE)
    with open_application(data_dir, started=False) as application:
        assert application.idempotency.begin(SCOPE, KEY, BODY) == RESPONSE


@pytest.mark.parametrize(("hours", "kept"), [(23.9, True), (24.1, False)])
def test_response_is_retained_for_24_hours(application: Application, hours: float, kept: bool) -> None:
    application.idempotency.begin(SCOPE, KEY, BODY)
    application.idempotency.finish(SCOPE, KEY, BODY, RESPONSE)
    later = now() + timedelta(hours=hours)
    store = IdempotencyStore(application.database, application.worker_id, lambda _: True, clock=lambda: later)
    assert store.begin(SCOPE, KEY, BODY) == (RESPONSE if kept else None)
