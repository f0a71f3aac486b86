"""Suppression of small counts (rule 8) in everything that leaves the store, and the effect of switching the setting."""

from pathlib import Path

import msgspec
import pytest

from preview.model.resources import Value
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, document, event_types, events, open_application, values

CHILDREN, MELDINGER, PLACED = (
    "antall_barn_med_hjelpetiltak",
    "antall_meldinger_mottatt",
    "antall_barn_plassert_utenfor_hjemmet",
)


def deliver_cases(application: Application, service: SampleService) -> None:
    """Deliver cases with small counts.

    Two children have a hjelpetiltak in 2023, five in 2024, of whom two are placed; the two meldinger of 2024 are not
    counts of persons.
    """
    measures = {case: [case_xml.tiltak("2023-02-01" if case < 3 else "2024-02-01")] for case in range(1, 6)}
    for case in (4, 5):
        measures[case].append(case_xml.tiltak("2024-02-01", kategori="1.1", lov="BVL2021 5-1"))
    files = [
        service.folder(case, "2024-12-31", ["2024-03-01"] if case < 3 else [], tiltak=tiltak)
        for case, tiltak in measures.items()
    ]
    deliver(application, service.folder(9, "2023-01-01"), *files)


def aggregate_both_years(application: Application, service: SampleService) -> tuple[str, str]:
    """Return the ids of the snapshots of 2023 and 2024."""
    deliver_cases(application, service)
    first, second = (aggregate(application, service.organization_id, period).snapshot_id for period in ("2023", "2024"))
    return first, second


def visible_pairs(application: Application, snapshot: str) -> dict[str, tuple[Value, Value]]:
    """Return (value, prior value) by field key, as the document shows them."""
    return {
        field.field_key: (field.value, field.prior_period_value)
        for section in document(application, snapshot).sections
        for field in section.fields
    }


def populated_counts(application: Application, service: SampleService) -> dict[str, int]:
    """Return `populated_field_count` of the snapshot list, by snapshot id."""
    return {
        row.snapshot_id: row.populated_field_count
        for row in application.snapshots.page(service.organization_id, None, None, 1, 10)[0]
    }


def test_unsuppressed_document_shows_all_values(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir) as application:
        _, newest = aggregate_both_years(application, service)
        found = visible_pairs(application, newest)
        assert (found[CHILDREN], found[MELDINGER], found[PLACED]) == ((5, 2), (2, 0), (2, 0))


def test_document_hides_only_small_counts_of_persons(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir, suppress_small_counts=True) as application:
        _, newest = aggregate_both_years(application, service)
        found = visible_pairs(application, newest)
        assert (found[CHILDREN], found[MELDINGER], found[PLACED]) == ((5, None), (2, 0), (None, 0))
        sources = {
            field.field_key: field.data_source
            for section in document(application, newest).sections
            for field in section.fields
        }
        assert sources[PLACED] == "fagsystem-testsystem", "the source supplies it all the same"


def test_list_counts_only_visible_values(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir, suppress_small_counts=True) as application:
        for snapshot in aggregate_both_years(application, service):
            seen = sum(value is not None for value in values(document(application, snapshot)).values())
            assert populated_counts(application, service)[snapshot] == seen


def test_preview_marks_hidden_values(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir, suppress_small_counts=True) as application:
        _, newest = aggregate_both_years(application, service)
        preview = application.previews.read(service.organization_id, "2024")
        rows = {row.field_key: row for row in preview.rows}
        assert (rows[PLACED].value, rows[PLACED].state, rows[PLACED].compared_value, rows[PLACED].compared_state) == (
            None,
            "withheld",
            0,
            "present",
        )
        assert (rows[CHILDREN].value, rows[CHILDREN].state, rows[CHILDREN].compared_state) == (5, "present", "withheld")
        assert (rows[CHILDREN].change, rows[CHILDREN].percent) == (None, None)
        assert preview.snapshot is not None
        assert preview.snapshot.populated == populated_counts(application, service)[newest]
        assert application.previews.history(service.organization_id, "2024")[CHILDREN] == [
            ("2023", None, "withheld", False),
            ("2024", 5, "present", False),
        ]


def test_totals_and_field_lists_withhold_what_one_service_withholds(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir, suppress_small_counts=True) as application:
        aggregate_both_years(application, service)
        found = {total.field_key: total for total in application.totals.read("2024", None).fields}
        assert {key: (found[key].value, found[key].prior_value) for key in (CHILDREN, MELDINGER, PLACED)} == {
            CHILDREN: (5, None),
            MELDINGER: (2, 0),
            PLACED: (None, 0),
        }
        assert (found[PLACED].state, found[CHILDREN].prior_state) == ("withheld", "withheld")
        _, (row,), _ = application.totals.field_list(PLACED, "2024", None, "rank")
        assert (row.value, row.prior_period_value, row.change, row.rank, row.value_state) == (
            None,
            0,
            None,
            None,
            "withheld",
        )


def test_events_list_only_fields_with_changed_visible_values(data_dir: Path, service: SampleService) -> None:
    """A change between two suppressed counts is not visible; audit trail and stored values have it."""
    with open_application(data_dir, suppress_small_counts=True) as application:
        _, newest = aggregate_both_years(application, service)
        position = application.event_log.last_event_id()
        placed = case_xml.tiltak("2024-03-01", kategori="1.1", lov="BVL2021 5-1")
        deliver(application, service.folder(3, "2025-01-01", tiltak=[case_xml.tiltak("2024-02-01"), placed]))
        aggregate(application, service.organization_id, "2024", force=True)
        updates = [
            msgspec.json.decode(event.data) for event in events(application, position) if event.type == "data_updated"
        ]
        assert all(PLACED not in update["changed_field_keys"] for update in updates)
        assert visible_pairs(application, newest)[PLACED] == (None, 0)


@pytest.mark.parametrize("suppress", [True, False])
def test_changed_suppression_rerenders_documents_at_start(
    data_dir: Path, service: SampleService, suppress: bool
) -> None:
    """Lists agree with the documents, and each changed document has its event for clients that resume later."""
    with open_application(data_dir, suppress_small_counts=not suppress) as application:
        snapshots = aggregate_both_years(application, service)
        before = {snapshot: visible_pairs(application, snapshot) for snapshot in snapshots}
        etags = {snapshot: application.snapshots.get(snapshot).etag for snapshot in snapshots}
        position = application.event_log.last_event_id()
    with open_application(data_dir, suppress_small_counts=suppress) as application:
        for snapshot in snapshots:
            after = visible_pairs(application, snapshot)
            assert after != before[snapshot]
            assert application.snapshots.get(snapshot).etag != etags[snapshot]
            assert document(application, snapshot).cache_valid
            assert populated_counts(application, service)[snapshot] == sum(
                value is not None for value, _ in after.values()
            )
        updates = {
            update["snapshot_id"]: update
            for row in events(application, position)
            for update in [msgspec.json.decode(row.data)]
        }
        assert event_types(events(application, position)) == ["data_updated", "data_updated"]
        for snapshot in snapshots:
            changed = [
                key for key, pair in visible_pairs(application, snapshot).items() if pair != before[snapshot][key]
            ]
            assert updates[snapshot]["changed_field_keys"] == changed
        assert (visible_pairs(application, snapshots[1])[PLACED][0] is None) == suppress
    with open_application(data_dir, suppress_small_counts=suppress) as application:
        assert len(events(application, position)) == 2, "a start without a change renders nothing"


def test_suppression_leaves_stored_values_unchanged(data_dir: Path, service: SampleService) -> None:
    """The setting concerns only what leaves the store."""
    with open_application(data_dir, suppress_small_counts=True) as application:
        _, newest = aggregate_both_years(application, service)
    with open_application(data_dir, suppress_small_counts=False) as application:
        assert visible_pairs(application, newest)[PLACED] == (2, 0)
