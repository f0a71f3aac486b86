"""Idempotency keys (rules H3, E3): the first response is returned again for 24 h, by every process, after a crash too.

A change in these tests is a delivery, whose number shows how often it was carried out.
"""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from preview.core.clock import now
from preview.core.errors import Conflict, ValidationError
from preview.runtime.application import Application
from preview.runtime.idempotency import IdempotencyStore, StoredResponse
from preview.storage.database import Connection
from preview.storage.idempotency import Once
from tests.support.crash_launcher import run_until_crash
from tests.support.crash_process import KEYED_REQUEST, send_keyed
from tests.support.pipeline import open_application, spool_files

FIRST, SECOND = StoredResponse(202, "/dlv-001", b"dlv-001"), StoredResponse(202, "/dlv-002", b"dlv-002")


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    """Open an application that runs no worker."""
    with open_application(data_dir, started=False) as opened:
        yield opened


def count_deliveries(application: Application) -> int:
    return application.deliveries.page(None, None, 1, 1)[1]


@pytest.fixture
def hold_writer(application: Application) -> Generator[Callable[[], None]]:
    """Let the application's writes wait from now until the returned function is called."""
    release = threading.Event()
    application.database.submit(lambda _: release.wait(20))
    yield release.set
    release.set()


def test_first_response_is_replayed(application: Application, data_dir: Path) -> None:
    assert send_keyed(application) == FIRST
    for _ in range(2):
        assert send_keyed(application) == FIRST
    assert count_deliveries(application) == 1
    assert len(spool_files(data_dir)) == 1


def test_response_without_location_or_body_is_replayed(application: Application) -> None:
    response = StoredResponse(200, None, b"")
    for _ in range(2):
        assert (
            application.idempotency.run_once(
                KEYED_REQUEST, lambda once: application.database.write(once(lambda _: None)), lambda _: response
            )
            == response
        )


def test_key_is_scoped(application: Application) -> None:
    assert send_keyed(application) == FIRST
    assert send_keyed(application, KEYED_REQUEST._replace(scope="another scope")) == SECOND
    send_keyed(application, KEYED_REQUEST._replace(key="another key"))
    assert count_deliveries(application) == 3


def test_key_with_another_body_is_refused(application: Application, data_dir: Path) -> None:
    send_keyed(application)
    with pytest.raises(ValidationError):
        send_keyed(application, KEYED_REQUEST._replace(request_hash=b"another body"))
    assert send_keyed(application) == FIRST
    assert count_deliveries(application) == len(spool_files(data_dir)) == 1


def test_second_request_conflicts_while_first_runs(application: Application, hold_writer: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        started = threading.Event()

        def receive(once: Once[None]) -> None:
            started.set()
            application.database.write(once(lambda _: None))

        first = pool.submit(application.idempotency.run_once, KEYED_REQUEST, receive, lambda _: FIRST)
        assert started.wait(20)
        with pytest.raises(Conflict):
            send_keyed(application)
        with pytest.raises(ValidationError):
            send_keyed(application, KEYED_REQUEST._replace(request_hash=b"another body"))
        hold_writer()
        assert first.result(20) == FIRST
    assert send_keyed(application) == FIRST
    assert count_deliveries(application) == 0


def test_second_request_at_another_process_waits_for_the_first(application: Application, data_dir: Path) -> None:
    """It gets the response of the first, whichever of them the store lets in first."""
    with open_application(data_dir, started=False) as other, ThreadPoolExecutor(2) as pool:
        both = threading.Barrier(2)

        def send(one: Application) -> StoredResponse:
            both.wait(20)
            return send_keyed(one)

        sent: list[Future[StoredResponse]] = [pool.submit(send, one) for one in (application, other)]
        assert [future.result(20) for future in sent] == [FIRST, FIRST]
    assert count_deliveries(application) == 1


@pytest.mark.parametrize("failing", ["the change", "the response", "the transaction"])
def test_failed_request_stores_nothing_and_frees_its_key(application: Application, failing: str) -> None:
    class Failure(Exception):
        pass

    def fail(_: object) -> StoredResponse:
        raise Failure

    def receive(once: Once[None]) -> None:
        def operation(connection: Connection) -> None:
            connection.execute("UPDATE meta SET value = value")
            if failing == "the change":
                raise Failure

        def run(connection: Connection) -> None:
            once(operation)(connection)
            if failing == "the transaction":
                raise Failure

        application.database.write(run)

    to_response = fail if failing == "the response" else lambda _: FIRST
    with pytest.raises(Failure):
        application.idempotency.run_once(KEYED_REQUEST, receive, to_response)
    assert send_keyed(application, KEYED_REQUEST._replace(request_hash=b"another body")) == FIRST


@pytest.mark.parametrize(("point", "committed"), [("key-recorded", False), ("key-committed", True)])
def test_change_is_made_once_after_crash_at_any_point(data_dir: Path, point: str, committed: bool) -> None:
    run_until_crash(data_dir, point)
    with open_application(data_dir, started=False) as application:
        assert count_deliveries(application) == committed
        application.deliveries.delete_orphans(lambda _: False)
        assert send_keyed(application) == FIRST
        assert count_deliveries(application) == len(spool_files(data_dir)) == 1


@pytest.mark.parametrize(("hours", "kept"), [(23.9, True), (24.1, False)])
def test_response_is_retained_for_24_hours(application: Application, hours: float, kept: bool) -> None:
    send_keyed(application)
    later = now() + timedelta(hours=hours)
    assert send_keyed(application, store=IdempotencyStore(clock=lambda: later)) == (FIRST if kept else SECOND)
