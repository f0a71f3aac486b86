"""Rule A3 as a property: the changes since any event, applied to the values of that moment, give the present values."""

import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from preview.activity.change_counts import count_changes
from preview.activity.since import SinceEvent, SinceSnapshot
from preview.core.errors import NotFound, ValidationError
from preview.model.resources import Value
from preview.runtime.application import Application
from tests.builders.case_records import case_folder
from tests.support.manual_worker import (
    ORGANIZATION,
    claim_job,
    complete_job,
    complete_waiting_jobs,
    process_delivery,
)
from tests.support.pipeline import document, open_application, values

PERIOD = "2024"
Step = Callable[["History"], None]


class History:
    """One report with what it has shown after each step."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.steps = 0
        self.moments: list[tuple[int, dict[str, Value]]] = [(0, {})]
        self.snapshots: set[str] = set()

    def present(self) -> dict[str, Value]:
        """Return the values that the report shows; empty if it has no completed snapshot."""
        rows, _, _ = self.application.snapshots.page(ORGANIZATION, PERIOD, None, 1, 100)
        completed = [row.snapshot_id for row in rows if row.aggregated_at is not None]
        return values(document(self.application, completed[0])) if completed else {}

    def note(self) -> None:
        """Remember what the report shows now, and after which event."""
        rows, _, _ = self.application.snapshots.page(ORGANIZATION, PERIOD, None, 1, 100)
        self.snapshots |= {row.snapshot_id for row in rows}
        self.moments.append((self.application.event_log.last_event_id(), self.present()))


@contextmanager
def open_history(*, suppress: bool) -> Generator[History]:
    """Open a store of its own with a case, for the duration of a block."""
    folder = Path(tempfile.mkdtemp(prefix="replay-"))
    try:
        with open_application(folder, started=False, suppress_small_counts=suppress) as application:
            process_delivery(application, case_folder(0, "a", 4))
            yield History(application)
    finally:
        shutil.rmtree(folder)


def deliver(sak: str, content: int | None) -> Step:
    """Return a delivery of a case."""

    def step(history: History) -> None:
        history.steps += 1
        process_delivery(history.application, case_folder(history.steps, sak, content))

    return step


def request(*, completes: bool) -> Step:
    """Return a request for a new snapshot, whose job completes or stays waiting."""

    def step(history: History) -> None:
        history.application.snapshots.request(ORGANIZATION, PERIOD, True, "test")
        if completes:
            complete_waiting_jobs(history.application)

    return step


def invalidate(which: int) -> Step:
    """Return a new aggregation of a snapshot, also of a historical one."""

    def step(history: History) -> None:
        rows, _, _ = history.application.snapshots.page(ORGANIZATION, PERIOD, None, 1, 100)
        if rows:
            snapshot = rows[min(which, len(rows) - 1)].snapshot_id
            history.application.snapshots.invalidate(snapshot, "again", "test")
            complete_waiting_jobs(history.application)

    return step


def delete(which: int) -> Step:
    """Return a deletion of a snapshot."""

    def step(history: History) -> None:
        rows, _, _ = history.application.snapshots.page(ORGANIZATION, PERIOD, None, 1, 100)
        if rows:
            history.application.snapshots.delete(rows[min(which, len(rows) - 1)].snapshot_id, "test")

    return step


def overtake(sak: str) -> Step:
    """Return an aggregation that a delivery overtakes."""

    def step(history: History) -> None:
        complete_waiting_jobs(history.application)
        history.application.snapshots.request(ORGANIZATION, PERIOD, True, "test")
        running = claim_job(history.application)
        deliver(sak, 5)(history)
        complete_job(history.application, running)

    return step


STEPS = st.one_of(
    st.builds(deliver, st.sampled_from("ab"), st.sampled_from([None, 1, 2, 3, 4, 6])),
    st.builds(request, completes=st.sampled_from([True, True, False])),
    st.builds(invalidate, st.integers(0, 2)),
    st.builds(delete, st.integers(0, 2)),
    st.builds(overtake, st.sampled_from("ab")),
)


NEW = request(completes=True)


@pytest.mark.parametrize("suppress", [False, True])
@settings(max_examples=6, deadline=None)
@example(steps=[NEW, deliver("a", 5), NEW, deliver("a", 6), invalidate(1), deliver("b", 2), invalidate(0)])
@example(steps=[NEW, deliver("a", 5), NEW, delete(0), deliver("b", 3), invalidate(0), overtake("a"), delete(1)])
@given(steps=st.lists(STEPS, min_size=3, max_size=12))
def test_changes_since_any_event_give_present_values(suppress: bool, steps: list[Step]) -> None:
    with open_history(suppress=suppress) as history:
        for step in steps:
            step(history)
            history.note()
        present = history.present()
        if not present:
            with pytest.raises(NotFound):
                history.application.activity.changes.get(ORGANIZATION, PERIOD, SinceEvent(0))
            return
        for event_id, before in history.moments:
            changes, _ = history.application.activity.changes.get(ORGANIZATION, PERIOD, SinceEvent(event_id))
            assert changes.since_event_id == event_id
            assert all(before.get(field.field_key) == field.before != field.after for field in changes.fields)
            replayed = {key: before.get(key) for key in present}
            replayed |= {field.field_key: field.after for field in changes.fields}
            assert replayed == present
            assert count(history, SinceEvent(event_id)) == len(changes.fields)
        for snapshot in history.snapshots:
            check_snapshot(history, snapshot, present)


def count(history: History, since: SinceEvent) -> int:
    """Return how many fields of the report have changed, as the overview counts them."""
    application = history.application
    counts = application.database.read(
        lambda connection: count_changes(connection, application.report_config, PERIOD, since)
    )
    return counts[ORGANIZATION]


def check_snapshot(history: History, snapshot: str, present: dict[str, Value]) -> None:
    """Check the changes since a snapshot: from what it shows to what the report shows."""
    since = SinceSnapshot(int(snapshot.removeprefix("snap-")))
    try:
        shown = document(history.application, snapshot)
    except NotFound:
        return
    if shown.aggregated_at is None:
        with pytest.raises(ValidationError):
            history.application.activity.changes.get(ORGANIZATION, PERIOD, since)
        return
    changes, _ = history.application.activity.changes.get(ORGANIZATION, PERIOD, since)
    assert values(shown) | {field.field_key: field.after for field in changes.fields} == present
