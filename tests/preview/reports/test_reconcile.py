"""The pure functions behind `reconcile`: status transitions, derived state, and the events for a changed document."""

from typing import Any

import msgspec
import pytest

from preview.events.log import CacheInvalidated, DataUpdated, Event, SnapshotUpdated
from preview.form.catalogue import Catalogue
from preview.model.resources import Value
from preview.reports.reconcile import PreviousDocument, derive, diff_events
from preview.reports.rendering import DocumentState, SnapshotRendering, render
from preview.reports.status import TRANSITIONS, DerivedStatus, IllegalTransition, check_transition
from preview.storage.jobs import JobRow
from preview.storage.organizations import SourceRow
from preview.storage.snapshots import SnapshotRow

AT = "2024-05-01T00:00:00Z"
RECEIVED = "antall_meldinger_mottatt"
INPUT_VERSION = "1:0:0"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Load the form."""
    return Catalogue.load()


def snapshot_row(
    number: int, period: str, *, completion: int = 1, input_version: str | None = INPUT_VERSION
) -> SnapshotRow:
    """Return a snapshot of a year."""
    columns: dict[str, Any] = dict.fromkeys(SnapshotRow.__struct_fields__)
    columns |= {"snapshot": number, "organization_id": "org-1", "period_id": period, "completion": completion}
    columns |= {"invalidated": 0, "input_version": input_version, "aggregated_at": AT if completion else None}
    return SnapshotRow(**columns)


def job_row(snapshot: int, *, automatic: bool) -> JobRow:
    """Return a waiting job."""
    columns: dict[str, Any] = dict.fromkeys(JobRow.__struct_fields__)
    columns |= {"snapshot": snapshot, "automatic": int(automatic), "job_status": "waiting"}
    return JobRow(**columns)


def source_row(*, version: int = 0, is_importing: bool = False) -> SourceRow:
    """Return a v4 source with data from 2022 to 2024."""
    first, last = "2022-01-01T00:00:00.000000Z", "2024-12-31T00:00:00.000000Z"
    return SourceRow(1, "org-1", "v4", 0, version, first, last, None, "Testsystem", int(is_importing))


def rendering(
    catalogue: Catalogue,
    *,
    name: str = "Name",
    status: str = "current",
    cache_valid: bool = True,
    prior_value: Value = None,
) -> SnapshotRendering:
    """Render the document of a snapshot, with a prior snapshot if there is a prior value."""
    row = snapshot_row(2, "2024")
    prior = (
        None
        if prior_value is None
        else snapshot_row(1, "2023", completion=prior_value if isinstance(prior_value, int) else 1)
    )
    state = DocumentState.of_snapshot(row, name, DerivedStatus(status, cache_valid, prior))
    prior_values: dict[str, tuple[Value, str | None]] = {} if prior is None else {RECEIVED: (prior_value, "manuell")}
    return render(catalogue, row, state, prior, {}, prior_values, suppress=False)


def events_between(
    catalogue: Catalogue, before: SnapshotRendering, after: SnapshotRendering, *, initiated_by_caller: bool = False
) -> list[Event]:
    """Return the events for the difference of two renderings."""
    previous = PreviousDocument(before.state, before.body)
    return diff_events(catalogue, snapshot_row(2, "2024"), previous, after, AT, initiated_by_caller=initiated_by_caller)


@pytest.mark.parametrize(("before", "after"), [(before, after) for before in TRANSITIONS for after in TRANSITIONS])
def test_transition_is_legal_only_if_listed(before: str, after: str) -> None:
    if after == before or after in TRANSITIONS[before]:
        check_transition(before, after)
    else:
        with pytest.raises(IllegalTransition, match=f"from {before} to {after}"):
            check_transition(before, after)


def test_latest_completed_snapshot_of_newest_period_is_current() -> None:
    rows = [snapshot_row(3, "2024", completion=0), snapshot_row(2, "2024"), snapshot_row(1, "2023")]
    derived = derive(rows, [], [source_row()], {})
    assert [derived[number].status for number in (3, 2, 1)] == ["failed", "current", "historical"]
    assert [derived[number].cache_valid for number in (3, 2, 1)] == [False, True, True]
    assert derived[2].prior == rows[2]


@pytest.mark.parametrize(("automatic", "status"), [(True, "current"), (False, "processing")])
def test_only_requested_job_makes_completed_snapshot_processing(automatic: bool, status: str) -> None:
    derived = derive([snapshot_row(1, "2024")], [job_row(1, automatic=automatic)], [source_row()], {})
    assert derived[1].status == status


@pytest.mark.parametrize(
    ("sources", "figure_versions"),
    [([source_row(version=1)], {}), ([source_row(is_importing=True)], {}), ([source_row()], {"2024": 1}), ([], {})],
)
def test_snapshot_with_changed_input_is_stale(sources: list[SourceRow], figure_versions: dict[str, int]) -> None:
    assert not derive([snapshot_row(1, "2024")], [], sources, figure_versions)[1].cache_valid


def test_equal_documents_have_no_events(catalogue: Catalogue) -> None:
    assert events_between(catalogue, rendering(catalogue), rendering(catalogue)) == []


def test_stale_document_has_cache_invalidated(catalogue: Catalogue) -> None:
    (event,) = events_between(catalogue, rendering(catalogue), rendering(catalogue, cache_valid=False))
    assert isinstance(event, CacheInvalidated)
    assert (event.snapshot_id, event.reason, event.invalidated_at) == ("snap-002", "source_changed", AT)


def test_changed_name_and_status_have_one_snapshot_updated(catalogue: Catalogue) -> None:
    after = rendering(catalogue, name="Other", status="historical")
    (event,) = events_between(catalogue, rendering(catalogue), after)
    assert isinstance(event, SnapshotUpdated)
    assert event.changed_keys == ["organization_name", "snapshot_status"]


def test_change_initiated_by_caller_has_no_further_event(catalogue: Catalogue) -> None:
    after = rendering(catalogue, status="processing", cache_valid=False)
    assert events_between(catalogue, rendering(catalogue), after, initiated_by_caller=True) == []


def test_changed_prior_value_has_data_updated(catalogue: Catalogue) -> None:
    before, after = rendering(catalogue, prior_value=5), rendering(catalogue, prior_value=6)
    (event,) = events_between(catalogue, before, after)
    assert isinstance(event, DataUpdated)
    assert (event.changed_sections, event.changed_field_keys) == (["meldinger"], [RECEIVED])


def test_document_of_another_configuration_lists_changed_values(catalogue: Catalogue) -> None:
    before, after = rendering(catalogue), rendering(catalogue, prior_value=6)
    previous = PreviousDocument(None, before.body)
    (event,) = diff_events(catalogue, snapshot_row(2, "2024"), previous, after, AT, initiated_by_caller=False)
    assert isinstance(event, DataUpdated)
    assert event.changed_field_keys == [RECEIVED]


def test_document_state_is_stored_as_an_array_in_this_order(catalogue: Catalogue) -> None:
    assert msgspec.json.encode(rendering(catalogue).state) == b'["Name","current",true,1,null,0,null]'
