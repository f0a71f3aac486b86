"""The event dispatcher: each listener gets each event once and in order, whichever process wrote it; and progress."""

import threading
from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest

from preview.events.dispatcher import EventDispatcher
from preview.events.log import AggregationProgress, EventRow, SnapshotDeleted, record
from preview.runtime.application import Application
from preview.storage.database import Connection
from tests.builders.case_records import case_folder
from tests.support.crash_launcher import run_until_crash
from tests.support.manual_worker import ORGANIZATION, claim_job, complete_job, process_delivery
from tests.support.pipeline import events, open_application, wait_until


class Listener:
    """Records the events and progress that it gets, and the threads on which it is called."""

    def __init__(self, dispatcher: EventDispatcher) -> None:
        self.rows: list[EventRow] = []
        self.progress: list[AggregationProgress] = []
        self.threads: set[str] = set()
        self.unsubscribe = dispatcher.subscribe(self)

    def __call__(self, rows: list[EventRow], progress: list[AggregationProgress]) -> None:
        self.rows += rows
        self.progress += progress
        self.threads.add(threading.current_thread().name)

    @property
    def numbers(self) -> list[int]:
        """Ids of the received events."""
        return [row.event_id for row in self.rows]


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    """Open an application with one case; its dispatcher runs, and its worker does not."""
    with open_application(data_dir, started=False) as opened:
        process_delivery(opened, case_folder(1, "a", 1))
        opened.dispatcher.start()
        yield opened


def append_events(application: Application, count: int) -> None:
    """Append `count` events in one transaction."""

    def append(connection: Connection) -> None:
        for number in range(count):
            at = "2024-01-01T00:00:00Z"
            record(
                connection,
                SnapshotDeleted(
                    snapshot_id=f"snap-{number:03}", organization_id=ORGANIZATION, period_id="2024", deleted_at=at
                ),
            )

    application.database.write(append)


def append_in_batches(application: Application) -> None:
    """Append 90 events in 30 transactions."""
    for _ in range(30):
        append_events(application, 3)


def test_dispatcher_starts_after_the_last_event(application: Application) -> None:
    assert application.dispatcher.position == application.event_log.last_event_id() == 1
    listener = Listener(application.dispatcher)
    append_events(application, 2)
    wait_until(lambda: len(listener.rows) == 2)
    assert listener.rows == events(application, 1)
    assert application.dispatcher.position == 3
    assert listener.threads == {"event-dispatcher"}


def test_events_of_two_connections_arrive_in_order_and_once(application: Application, data_dir: Path) -> None:
    listener = Listener(application.dispatcher)
    with open_application(data_dir, started=False) as other:
        writers = [threading.Thread(target=append_in_batches, args=(opened,)) for opened in (application, other)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    wait_until(lambda: len(listener.rows) >= 180)
    assert listener.numbers == list(range(2, 182))
    assert listener.rows == events(application, 1)


def test_events_of_another_process_are_dispatched(application: Application, data_dir: Path) -> None:
    """The other process has crashed before its events are dispatched."""
    listener = Listener(application.dispatcher)
    application.snapshots.request(ORGANIZATION, "2024", False, "test")
    run_until_crash(data_dir, "job-committed")
    wait_until(lambda: len(listener.rows) == 3)
    assert [row.type for row in listener.rows] == ["snapshot_created", "data_updated", "aggregation_completed"]
    assert listener.rows == events(application, 1)


def test_more_events_than_one_page_are_dispatched(application: Application) -> None:
    listener = Listener(application.dispatcher)
    append_events(application, 1234)
    wait_until(lambda: len(listener.rows) >= 1234)
    assert listener.numbers == list(range(2, 1236))


def test_rolled_back_events_are_never_dispatched(application: Application) -> None:
    listener = Listener(application.dispatcher)

    def fail_after_append(connection: Connection) -> None:
        record(
            connection,
            SnapshotDeleted(snapshot_id="snap-999", organization_id=ORGANIZATION, period_id="2024", deleted_at=""),
        )
        raise LookupError

    with pytest.raises(LookupError):
        application.database.write(fail_after_append)
    append_events(application, 1)
    wait_until(lambda: listener.rows != [])
    assert [msgspec.json.decode(row.data)["snapshot_id"] for row in listener.rows] == ["snap-000"]


def test_listener_gets_events_only_while_subscribed(application: Application) -> None:
    first = Listener(application.dispatcher)
    append_events(application, 1)
    wait_until(lambda: application.dispatcher.position == 2)
    second = Listener(application.dispatcher)
    append_events(application, 1)
    wait_until(lambda: len(second.rows) == 1)
    first.unsubscribe()
    append_events(application, 1)
    wait_until(lambda: len(second.rows) == 2)
    assert (first.numbers, second.numbers) == ([2, 3], [3, 4])


def test_failing_listener_does_not_stop_others(application: Application, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise LookupError

    application.dispatcher.subscribe(fail)
    after = Listener(application.dispatcher)
    append_events(application, 1)
    wait_until(lambda: len(after.rows) == 1)
    append_events(application, 1)
    wait_until(lambda: len(after.rows) == 2)
    assert not application.dispatcher.failed
    assert "a listener of the event dispatcher failed" in caplog.text


def test_failed_dispatcher_fails_the_readiness_check(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application.event_log, "read_after", lambda *_: 1 / 0)
    append_events(application, 1)
    wait_until(lambda: application.dispatcher.failed)
    assert application.readiness_failures() == ["the event dispatcher has stopped"]


def test_job_progress_is_dispatched_once_per_step(application: Application, data_dir: Path) -> None:
    """The job runs in another process."""
    listener = Listener(application.dispatcher)
    application.snapshots.request(ORGANIZATION, "2024", False, "test")
    with open_application(data_dir, started=False) as other:
        job = claim_job(other)
        for completed, seen in ((0.25, [0.25]), (0.25, [0.25]), (0.5, [0.25, 0.5])):
            other.jobs.set_progress(job, completed)
            for _ in range(2):  # at the second event, the poll of the first one is over
                before = len(listener.rows)
                append_events(other, 1)
                wait_until(lambda before=before: len(listener.rows) > before)
            assert [step.completed for step in listener.progress] == seen
        complete_job(other, job)
        wait_until(lambda: listener.rows[-1].type == "aggregation_completed")
    assert [step.completed for step in listener.progress] == [0.25, 0.5]
    assert msgspec.to_builtins(listener.progress[0]) == {
        "event": "aggregation_progress",
        "snapshot_id": "snap-001",
        "organization_id": ORGANIZATION,
        "period_id": "2024",
        "job_id": "job-agg-001",
        "completed": 0.25,
    }


def test_stopped_dispatcher_dispatches_nothing(application: Application) -> None:
    listener = Listener(application.dispatcher)
    application.dispatcher.stop()
    append_events(application, 1)
    assert listener.rows == []


def test_erasure_is_dispatched_at_beginning_and_end(application: Application, data_dir: Path) -> None:
    """Another process erases it, and no event reports it: it has no snapshot."""
    erased: list[str] = []
    application.dispatcher.subscribe_erasures(erased.append)
    listener = Listener(application.dispatcher)
    with open_application(data_dir, started=False) as other:
        other.eraser.erase(ORGANIZATION, "test")
    wait_until(lambda: len(erased) == 2, "the end of the erasure")
    assert (erased, listener.rows) == ([ORGANIZATION] * 2, [])


def test_delivery_listener_is_called_on_every_status_change(application: Application, data_dir: Path) -> None:
    """The delivery is imported by another process. Changes between two polls may be reported by one call."""
    calls: list[int] = []
    application.dispatcher.subscribe_deliveries(lambda: calls.append(1))
    listener = Listener(application.dispatcher)

    def calls_after_poll() -> int:
        """Return the number of calls once the dispatcher has polled everything that was committed before."""
        for _ in range(2):
            before = len(listener.rows)
            append_events(application, 1)
            wait_until(lambda before=before: len(listener.rows) > before)
        return len(calls)

    first = calls_after_poll()  # the initial state
    assert calls_after_poll() == first
    with open_application(data_dir, started=False) as other:
        receipt = other.deliveries.receive([b"<Barnevern/>"], full=False, actor="test")
        received = calls_after_poll()
        assert received > first
        row = other.deliveries.claim(other.worker_id)
        assert row is not None
        claimed = calls_after_poll()
        assert claimed > received
        other.deliveries.process(row, lambda _: iter(()))
        assert calls_after_poll() > claimed
        assert other.deliveries.get(receipt.delivery_id).completed_at is not None
