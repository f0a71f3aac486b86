"""The feed: whoever writes the event log, each listener gets each event once, in order; and progress, which is no event."""

import threading
from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest

from preview.events.dispatcher import Feed
from preview.events.log import AggregationProgress, EventRow, SnapshotDeleted, record
from preview.runtime.application import Application
from preview.storage.database import Connection
from tests.builders.case_records import mappe
from tests.support.crash_launcher import crash
from tests.support.manual_worker import ORGANIZATION, claim, complete, take
from tests.support.pipeline import events, opened, until


class Listener:
    """Remembers what it was handed, and on which thread."""

    def __init__(self, feed: Feed) -> None:
        self.rows: list[EventRow] = []
        self.progress: list[AggregationProgress] = []
        self.threads: set[str] = set()
        self.leave = feed.subscribe(self)

    def __call__(self, rows: list[EventRow], progress: list[AggregationProgress]) -> None:
        self.rows += rows
        self.progress += progress
        self.threads.add(threading.current_thread().name)

    @property
    def numbers(self) -> list[int]:
        """Of the events that it was handed."""
        return [row.event for row in self.rows]


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    """It follows the log and does no work; one case is in it."""
    with opened(data_dir, started=False) as made:
        take(made, mappe(1, "a", 1))
        made.feed.start()
        yield made


def write(application: Application, count: int) -> None:
    """So many events in one transaction."""

    def work(connection: Connection) -> None:
        for number in range(count):
            at = "2024-01-01T00:00:00Z"
            record(
                connection, SnapshotDeleted(snapshot_id=f"snap-{number:03}", organization_id=ORGANIZATION, period_id="2024", deleted_at=at)
            )

    application.database.write(work)


def test_it_starts_with_the_newest(application: Application) -> None:
    assert application.feed.place == application.events.newest() == 1
    listener = Listener(application.feed)
    write(application, 2)
    until(lambda: len(listener.rows) == 2)
    assert listener.rows == events(application, 1)
    assert application.feed.place == 3
    assert listener.threads == {"feed"}


def test_events_of_this_and_of_another_connection_in_order_and_once(application: Application, data_dir: Path) -> None:
    listener = Listener(application.feed)
    with opened(data_dir, started=False) as other:
        writers = [threading.Thread(target=lambda each=each: [write(each, 3) for _ in range(30)]) for each in (application, other)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    until(lambda: len(listener.rows) >= 180)
    assert listener.numbers == list(range(2, 182))
    assert listener.rows == events(application, 1)


def test_events_of_another_process(application: Application, data_dir: Path) -> None:
    """Also of one that is dead when they are handed on."""
    listener = Listener(application.feed)
    application.snapshots.request(ORGANIZATION, "2024", False, "test")
    crash(data_dir, "job-committed")
    until(lambda: len(listener.rows) == 3)
    assert [row.type for row in listener.rows] == ["snapshot_created", "data_updated", "aggregation_completed"]
    assert listener.rows == events(application, 1)


def test_more_events_than_a_page(application: Application) -> None:
    listener = Listener(application.feed)
    write(application, 1234)
    until(lambda: len(listener.rows) >= 1234)
    assert listener.numbers == list(range(2, 1236))


def test_what_is_rolled_back_is_never_handed_on(application: Application) -> None:
    listener = Listener(application.feed)

    def work(connection: Connection) -> None:
        record(connection, SnapshotDeleted(snapshot_id="snap-999", organization_id=ORGANIZATION, period_id="2024", deleted_at=""))
        raise LookupError

    with pytest.raises(LookupError):
        application.database.write(work)
    write(application, 1)
    until(lambda: listener.rows != [])
    assert [msgspec.json.decode(row.data)["snapshot_id"] for row in listener.rows] == ["snap-000"]


def test_each_listener_gets_what_comes_from_when_it_subscribed_until_it_leaves(application: Application) -> None:
    first = Listener(application.feed)
    write(application, 1)
    until(lambda: application.feed.place == 2)
    second = Listener(application.feed)
    write(application, 1)
    until(lambda: len(second.rows) == 1)
    first.leave()
    write(application, 1)
    until(lambda: len(second.rows) == 2)
    assert (first.numbers, second.numbers) == ([2, 3], [3, 4])


def test_a_listener_that_fails_does_not_stop_the_others(application: Application, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise LookupError

    application.feed.subscribe(fail)
    after = Listener(application.feed)
    write(application, 1)
    until(lambda: len(after.rows) == 1)
    write(application, 1)
    until(lambda: len(after.rows) == 2)
    assert not application.feed.died
    assert "a listener of the feed failed" in caplog.text


def test_a_feed_that_dies_takes_the_readiness_with_it(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application.events, "after", lambda *_: 1 / 0)
    write(application, 1)
    until(lambda: application.feed.died)
    assert application.faults() == ["the feed has died"]


def test_progress_of_a_running_job_each_step_once(application: Application, data_dir: Path) -> None:
    """Also of a job that runs in another process."""
    listener = Listener(application.feed)
    application.snapshots.request(ORGANIZATION, "2024", False, "test")
    with opened(data_dir, started=False) as other:
        job = claim(other)
        for completed, seen in ((0.25, [0.25]), (0.25, [0.25]), (0.5, [0.25, 0.5])):
            other.jobs.progress(job, completed)
            for _ in range(2):  # when the second has come, what was to be seen with the first has been
                before = len(listener.rows)
                write(other, 1)
                until(lambda before=before: len(listener.rows) > before)
            assert [each.completed for each in listener.progress] == seen
        complete(other, job)
        until(lambda: listener.rows[-1].type == "aggregation_completed")
    assert [each.completed for each in listener.progress] == [0.25, 0.5]
    assert msgspec.to_builtins(listener.progress[0]) == {
        "event": "aggregation_progress",
        "snapshot_id": "snap-001",
        "organization_id": ORGANIZATION,
        "period_id": "2024",
        "job_id": "job-agg-001",
        "completed": 0.25,
    }


def test_nothing_is_handed_on_after_the_end(application: Application) -> None:
    listener = Listener(application.feed)
    application.feed.stop()
    write(application, 1)
    assert listener.rows == []


def test_a_delivery_that_comes_gets_on_or_ends_is_noticed_and_nothing_else(application: Application, data_dir: Path) -> None:
    """Also in another process; quick ones in one step at least."""
    told: list[int] = []
    application.feed.subscribe_deliveries(lambda: told.append(1))
    listener = Listener(application.feed)

    def looked() -> int:
        """How often it was told, when all that was committed before has been looked at."""
        for _ in range(2):
            before = len(listener.rows)
            write(application, 1)
            until(lambda before=before: len(listener.rows) > before)
        return len(told)

    first = looked()  # how it stands
    assert looked() == first
    with opened(data_dir, started=False) as other:
        receipt = other.deliveries.receive([b"<Barnevern/>"], full=False, actor="test")
        came = looked()
        assert came > first
        row = other.deliveries.claim(other.worker_number)
        assert row is not None
        claimed = looked()
        assert claimed > came
        other.deliveries.take(row, lambda _: iter(()))
        assert looked() > claimed
        assert other.deliveries.document(receipt.delivery_id).completed_at is not None
