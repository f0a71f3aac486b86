"""What the preview has of changes since a moment: the same as the API's, and the newest change of each field."""

from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from preview.activity.since import SinceEvent, parse_since
from preview.runtime.application import Application
from preview.storage import audit
from preview.views.changes_since import ChangesSince, Moment, ValueThen
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, open_application, wait_for_job

RECEIVED, WITH_TILTAK = "antall_meldinger_mottatt", "antall_barn_med_hjelpetiltak"


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    with open_application(data_dir, suppress_small_counts=False) as application:
        yield application


class Report:
    """A report of 2024 whose number of meldinger grows from 1 to 2 and 3 by a delivery each."""

    def __init__(self, application: Application, service: SampleService) -> None:
        self.application = application
        self.key = (service.organization_id, "2024")
        self._service = service
        self._cases = 0
        self.grow()

    def grow(self) -> str:
        """Deliver one more case, aggregate, and return the id of the delivery."""
        self._cases += 1
        day = f"2025-01-{self._cases:02}"
        delivered = deliver(self.application, self._service.folder(self._cases, day, ["2024-02-01"]))
        self.snapshot_id = aggregate(self.application, *self.key).snapshot_id
        return delivered.delivery_id

    def changes(self, since: str | None = None) -> ChangesSince:
        return self.application.previews.read(*self.key, since=since).changes

    def approve(self) -> None:
        etag = self.application.snapshots.get(self.snapshot_id).etag
        self.application.reviews.approvals.approve(*self.key, self.snapshot_id, etag, "kari", is_named=True)


@pytest.fixture
def report(application: Application, service: SampleService) -> Report:
    deliver(application, service.folder(99, "2023-01-01"))
    return Report(application, service)


def _received(before: Mapping[str, ValueThen]) -> object:
    return before[RECEIVED].value if RECEIVED in before else None


def test_changes_of_the_page_are_those_of_the_api(report: Report) -> None:
    first, event_id = report.snapshot_id, report.application.event_log.last_event_id()
    report.grow()
    for since in (str(event_id), first, "0", "2020-01-01T00:00:00Z"):
        listed, _ = report.application.activity.changes.get(*report.key, parse_since(since))
        changes = report.changes(since)
        assert {key: then.value for key, then in changes.before.items()} == {
            each.field_key: each.before for each in listed.fields
        }
        assert (changes.requested, changes.obstacle) == (since, "")
    assert _received(report.changes(first).before) == 1
    assert report.changes(str(event_id)).moment == Moment("event", "", event_id)
    snapshot = report.changes(first).moment
    assert snapshot is not None
    assert (snapshot.kind, snapshot.number, bool(snapshot.at)) == ("snapshot", int(first[5:]), True)
    assert [each.snapshot_id for each in report.changes().older] == [first]


def test_approval_in_force_is_the_moment_unless_another_is_chosen(report: Report) -> None:
    assert (report.changes().moment, report.changes().before) == (None, {})
    assert report.changes("approval").obstacle == "not_approved"
    event_id = report.application.event_log.last_event_id()
    report.grow()
    report.approve()
    report.grow()
    for changes in (report.changes(), report.changes("approval")):
        assert changes.moment is not None
        assert (changes.moment.kind, _received(changes.before)) == ("approval", 2)
    assert _received(report.changes(str(event_id)).before) == 1


def test_newest_change_leads_to_its_delivery_whatever_the_moment(report: Report) -> None:
    delivery = report.grow()
    for since in (None, "yesterday", "nonsense"):
        last = report.changes(since).last[RECEIVED]
        assert (last.before, last.after, last.delivery_ids, last.actor) == (1, 2, [delivery], "test")
        assert not last.is_deletion
    report.application.snapshots.delete(report.snapshot_id, "kari")
    last = report.changes().last[RECEIVED]
    assert (last.before, last.after, last.delivery_ids, last.actor, last.is_deletion) == (2, 1, [], "kari", True)


def test_reason_of_a_new_aggregation_is_kept_with_its_changes(report: Report, service: SampleService) -> None:
    delivered = deliver(report.application, service.folder(50, "2025-01-20", ["2024-03-01"]))
    requested = report.application.snapshots.invalidate(report.snapshot_id, "Corrected", "kari", None)
    wait_for_job(report.application, requested.job_id)
    last = report.changes().last[RECEIVED]
    assert (last.before, last.after, last.actor, last.reason) == (1, 2, "kari", "Corrected")
    assert last.delivery_ids == [delivered.delivery_id]


def test_overview_counts_what_the_preview_marks(report: Report, service: SampleService) -> None:
    event_id = report.application.event_log.last_event_id()
    report.grow()

    def counted(since: str, *, only: bool = False) -> tuple[int | None, str]:
        overview = report.application.overviews.read("2024", service.organization_id if only else None, since)
        (entry,) = (each for each in overview.entries if each.organization_id == service.organization_id)
        return entry.changed, overview.changes.obstacle if overview.changes else ""

    for since in (str(event_id), "2020-01-01T00:00:00Z"):
        number = len(report.changes(since).before)
        assert counted(since) == counted(since, only=True) == (number, "")
        assert number > 0
    assert counted("") == counted("approval") == (None, "")
    for since in (report.snapshot_id, "nonsense", "999999"):  # a snapshot is of one report
        assert counted(since) == (None, "invalid")
    report.application.database.write(lambda connection: audit.prune(connection, "2999-01-01T00:00:00Z", 1000))
    assert counted("0") == (None, "gone")


@pytest.mark.parametrize("since", ["nonsense", "snap-999", "999999"])
def test_moment_unknown_to_report_is_a_fact_of_the_page(report: Report, since: str) -> None:
    changes = report.changes(since)
    assert (changes.requested, changes.obstacle, changes.moment, changes.before) == (since, "invalid", None, {})


def test_moment_before_the_trail_begins_is_a_fact_of_the_page(report: Report) -> None:
    report.application.database.write(lambda connection: audit.prune(connection, "2999-01-01T00:00:00Z", 1000))
    assert report.changes("0").obstacle == report.changes("2020-01-01T00:00:00Z").obstacle == "gone"
    listed = report.application.activity.changes.get
    report.grow()
    assert listed(*report.key, SinceEvent(report.application.event_log.last_event_id()))[0].fields == []


def test_report_without_values_has_no_changes(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, "2025-01-01", ["2024-02-01"]))
    assert application.previews.read(service.organization_id, "2024", since="yesterday").changes == ChangesSince(
        "yesterday"
    )


def test_withheld_values_stay_withheld(data_dir: Path, service: SampleService) -> None:
    """One child has a measure, then five: the value before must not be shown, and the one after it may be."""
    with open_application(data_dir, suppress_small_counts=True) as application:

        def folder(case: int, day: str) -> bytes:
            return service.folder(case, day, ["2024-02-01"], tiltak=[case_xml.tiltak("2024-03-01")])

        deliver(application, service.folder(99, "2023-01-01"), folder(1, "2025-01-01"))
        key = (service.organization_id, "2024")
        snapshot_id = aggregate(application, *key).snapshot_id
        event_id = application.event_log.last_event_id()
        etag = application.snapshots.get(snapshot_id).etag
        application.reviews.approvals.approve(*key, snapshot_id, etag, "kari", is_named=True)
        deliver(application, *(folder(case, "2025-01-02") for case in range(2, 6)))
        aggregate(application, *key)
        for since in (None, str(event_id)):
            changes = application.previews.read(*key, since=since).changes
            assert changes.before[WITH_TILTAK] == ValueThen(None, is_withheld=True)
            last = changes.last[WITH_TILTAK]
            assert (last.before, last.before_withheld, last.after, last.after_withheld) == (None, True, 5, False)
