"""Activity: every kind, filters, pages, withheld values, retention and erasure (rule A1, docs/api.md)."""

from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest

from preview.activity.since import parse_since
from preview.core.clock import now
from preview.core.errors import Gone
from preview.core.leader_lock import LeaderLock
from preview.maintenance.retention import Retention
from preview.model.activity import ACTIVITY_KINDS, Activity
from preview.model.resources import Value
from preview.runtime.application import Application
from preview.storage import meta
from preview.storage.database import Connection
from preview.storage.history.activity import ActivityFilter
from preview.storage.removal.erasure import UNFINISHED_KEY
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.contract.scenario_fixtures import ChildWelfareService, base_delivery, third_melding_2024
from tests.support.erasure_helpers import immediate_eraser
from tests.support.pipeline import aggregate, deliver, open_application, start_job, wait_for_job

ANY = ActivityFilter()
REPORT = ("org-t1", "2024")
DEVIATION = ("mangler", "antall_arsverk")
RECEIVED = "antall_meldinger_mottatt"


def read(application: Application, only: ActivityFilter = ANY, before: int | None = None) -> list[Activity]:
    """Return what happened, newest first."""
    return application.activity.query.page(only, before, 100)[0].data


def kinds(activities: list[Activity]) -> list[str]:
    """Return the kinds, oldest first."""
    return [each.kind for each in reversed(activities)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """Open a store in which everything has happened once, and then another service has delivered."""
    with open_application(tmp_path_factory.mktemp("activity") / "data") as application:
        service = ChildWelfareService(1)
        deliver(application, service.listing("Prøvetjenesten"))
        deliver(application, *base_delivery(service))
        deliver(application, b"organization_id,period_id,field_key,value,data_source\norg-t1,2023,antall_arsverk,12,\n")
        for period_id in ("2023", "2024"):
            aggregate(application, "org-t1", period_id)
        decide(application)
        deliver(application, *third_melding_2024(service))
        wait_for_job(application, application.snapshots.invalidate("snap-002", "Etter fristen", "kari").job_id)
        application.jobs.fail(start_job(application, "org-t1", "2024-H1"), "Ingen data.")
        application.snapshots.delete("snap-002", "kari")
        deliver(application, SampleService(2042).folder(1, "2024-12-31"), actor="ola")
        yield application


def decide(application: Application) -> None:
    """Make every decision on the report of 2024 that a person can make, and approve it."""
    reviews = application.reviews
    reviews.acknowledgements.acknowledge(*REPORT, DEVIATION, "Først.", "kari")
    reviews.acknowledgements.take_back(*REPORT, DEVIATION, "kari")
    reviews.acknowledgements.acknowledge(*REPORT, DEVIATION, "Tallene er kontrollert.", "kari")
    comment = reviews.comments.add(*REPORT, "antall_meldinger_mottatt", "Stemmer dette?", "ola").comment_id
    reviews.comments.edit(*REPORT, comment, "ola", text="Stemmer det?")
    reviews.comments.edit(*REPORT, comment, "kari", resolved=True)
    reviews.comments.edit(*REPORT, comment, "kari", resolved=False)
    reviews.comments.edit(*REPORT, comment, "ola", text="Det stemmer.", resolved=True)
    reviews.comments.edit(*REPORT, comment, "ola", text="Stemmer ikke.", resolved=False)
    reviews.comments.delete(*REPORT, comment, "ola")
    for _ in range(2):
        etag = application.snapshots.get("snap-002").etag
        reviews.approvals.approve(*REPORT, "snap-002", etag, "kari", is_named=True, note="Godt.")
        if not any(each.kind == "approval_withdrawn" for each in read(application)):
            reviews.approvals.withdraw(*REPORT, "For tidlig.", "kari")


@pytest.fixture(scope="module")
def everything(store: Application) -> list[Activity]:
    return read(store)


def test_every_kind_is_in_the_activity(everything: list[Activity]) -> None:
    assert kinds(everything) == [
        "delivered",
        "delivered",
        "delivered",
        "requested",
        "aggregated",
        "requested",
        "aggregated",
        "acknowledged",
        "acknowledgement_deleted",
        "acknowledged",
        "commented",
        "comment_edited",
        "comment_resolved",
        "comment_reopened",
        "comment_edited_resolved",
        "comment_edited_reopened",
        "comment_deleted",
        "approved",
        "approval_withdrawn",
        "approved",
        "delivered",
        "invalidated",
        "aggregated",
        "review_changed",
        "requested",
        "failed",
        "deleted",
        "delivered",
    ]
    assert set(kinds(everything)) == set(ACTIVITY_KINDS)


def test_each_item_has_an_event_of_its_own_in_order(store: Application, everything: list[Activity]) -> None:
    numbers = [each.event_id for each in everything]
    assert numbers == sorted(set(numbers), reverse=True)
    logged = {event.event_id: event for event in store.event_log.read_after(0)}
    assert all(logged[each.event_id].organization_id == each.organization_id for each in everything)


def test_item_tells_who_why_and_what(everything: list[Activity]) -> None:
    by_kind = {each.kind: each for each in everything}
    item = {kind: (each.actor, each.reason, each.snapshot_id) for kind, each in by_kind.items()}
    assert item["approval_withdrawn"] == ("kari", "For tidlig.", "snap-002")
    assert item["invalidated"] == ("kari", "Etter fristen", "snap-002")
    assert item["failed"] == ("test", "Ingen data.", "snap-003")
    assert item["review_changed"] == ("auto", None, "snap-002")
    assert item["commented"] == ("ola", None, "snap-002")  # the text is the comment's, and goes with it
    again = next(each for each in everything if each.kind == "aggregated")
    assert (again.actor, again.reason, again.delivery_ids) == ("kari", "Etter fristen", ["dlv-004"])
    assert [(each.field_key, each.before, each.after) for each in again.changes] == [
        ("antall_meldinger_mottatt", 2, 3),
        ("antall_meldinger_til_undersokelse", 2, 3),
    ]
    deleted = by_kind["deleted"]
    assert {(each.before, each.after) for each in deleted.changes if each.before == 3} == {(3, None)}


@pytest.mark.parametrize(
    "only",
    [
        {"organization_id": "org-t1"},
        {"organization_id": "org-2042"},
        {"actor": "kari"},
        {"action": "aggregated"},
        {"period_id": "2024"},
        {"organization_id": "org-t1", "actor": "ola", "action": "comment_deleted", "period_id": "2024"},
        {"actor": "kari", "action": "invalidated"},
        {"actor": "test", "period_id": "2023"},
        {"action": "aggregated", "period_id": "2023"},
        {"organization_id": "org-2042", "period_id": "2024"},
    ],
    ids=" ".join,
)
def test_filters_leave_what_has_all_their_values(
    store: Application, everything: list[Activity], only: dict[str, str]
) -> None:
    names = {"action": "kind"}
    expected = [
        each
        for each in everything
        if all(getattr(each, names.get(name, name)) == value for name, value in only.items())
    ]
    assert read(store, ActivityFilter(**only)) == expected


def test_pages_follow_each_other_without_gap(store: Application, everything: list[Activity]) -> None:
    found: list[Activity] = []
    before: int | None = None
    while True:
        page, position = store.activity.query.page(ANY, before, 5)
        found += page.data
        if page.next_before is None:
            break
        before = page.next_before
    assert found == everything
    assert position == store.event_log.last_event_id()


def test_small_counts_are_withheld_before_and_after(data_dir: Path) -> None:
    service = SampleService()
    placed = "antall_barn_plassert_utenfor_hjemmet"

    def change(application: Application) -> list[tuple[Value, Value]]:
        (aggregation,) = read(application, ActivityFilter(action="aggregated"))[:1]
        return [(each.before, each.after) for each in aggregation.changes if each.field_key == placed]

    with open_application(data_dir) as application:
        deliver(application, *placements(service, 2))
        snapshot = aggregate(application, service.organization_id, "2024").snapshot_id
        deliver(application, *placements(service, 5))
        wait_for_job(application, application.snapshots.invalidate(snapshot, "igjen", "test").job_id)
        assert change(application) == [(2, 5)]
    with open_application(data_dir, started=False, suppress_small_counts=True) as application:
        assert change(application) == [(None, 5)]
        # A trail from before it noted what is withheld.
        unknown = "UPDATE audit SET withheld_before = NULL, withheld_after = NULL"
        application.database.write(lambda connection: connection.execute(unknown).rowcount)
        assert change(application) == []


def placements(service: SampleService, children: int) -> list[bytes]:
    """Return cases of children who are placed in 2024."""
    tiltak = [case_xml.tiltak("2024-02-01", kategori="1.1", lov="BVL2021 5-1")]
    return [service.folder(case, f"2025-01-{children:02}", tiltak=tiltak) for case in range(1, children + 1)]


def test_pruned_trail_ends_and_changes_before_are_gone(data_dir: Path) -> None:
    service = SampleService()
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2024-12-31", ["2024-02-01"]))
        snapshot = aggregate(application, service.organization_id, "2024").snapshot_id
        position = application.event_log.last_event_id()
        backdate = "UPDATE audit SET at = '2026-01-01T12:00:00Z'"
        application.database.write(lambda connection: connection.execute(backdate).rowcount)
        deliver(application, service.folder(2, "2024-12-31", ["2024-02-01"]))
        wait_for_job(application, application.snapshots.invalidate(snapshot, "igjen", "test").job_id)

        def fields(since: str) -> list[tuple[Value, Value]]:
            changes, _ = application.activity.changes.get(service.organization_id, "2024", parse_since(since))
            return [(each.before, each.after) for each in changes.fields if each.field_key == RECEIVED]

        assert fields("0") == fields("2025-12-31T23:00:00Z") == [(None, 2)]
        later = ("2026-01-01T12:00:00Z", "2026-01-01T13:00:00+01:00", str(position))
        assert [fields(since) for since in later] == [[(1, 2)]] * 3
        prune(application, audit_kept_days=1)
        assert "requested" not in kinds(read(application))
        assert [fields(since) for since in later] == [[(1, 2)]] * 3
        for since in ("0", str(position - 1), "2025-12-31T23:00:00Z", "2026-01-01T11:59:59Z"):
            with pytest.raises(Gone):
                fields(since)


def prune(application: Application, **limits: int) -> None:
    """Prune with changed settings."""
    settings = msgspec.structs.replace(application.settings, **limits)
    leader_lock = LeaderLock(application.settings.data_dir / "retention.lock")
    retention = Retention(
        application.database, application.report_config, settings, immediate_eraser(application), leader_lock
    )
    retention.prune(now())
    retention.close()


def test_erased_organization_is_gone_at_once(data_dir: Path) -> None:
    erased, kept = SampleService(), SampleService()

    def mark(connection: Connection) -> None:
        meta.put(connection, UNFINISHED_KEY, erased.organization_id)

    with open_application(data_dir) as application:
        for service in (erased, kept):
            deliver(application, service.folder(1, "2024-12-31", ["2024-02-01"]), actor="ola")
            aggregate(application, service.organization_id, "2024")

    with open_application(data_dir, started=False) as application:
        before = read(application)
        application.database.write(mark)
        expected = [each for each in before if each.organization_id == kept.organization_id]
        assert read(application) == expected
        assert read(application, ActivityFilter(actor="ola")) == expected[-1:]
        application.database.write(lambda connection: meta.delete(connection, UNFINISHED_KEY))
        immediate_eraser(application).erase(erased.organization_id, "test")
        assert read(application) == expected
