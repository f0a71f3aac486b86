"""Small counts (`domain.md` 8) hidden in all that leaves the store, and what switching the setting does to what is there."""

from pathlib import Path

import msgspec
import pytest

from preview.model.resources import Value
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.services import Service
from tests.support.pipeline import aggregate, deliver, document, events, kinds, opened, values

CHILDREN, MELDINGER, PLACED = "antall_barn_med_hjelpetiltak", "antall_meldinger_mottatt", "antall_barn_plassert_utenfor_hjemmet"


def delivered(application: Application, service: Service) -> None:
    """Two children with a hjelpetiltak in 2023, five in 2024, of whom two are placed then; two meldinger in 2024, which are no persons."""
    measures = {case: [case_xml.tiltak("2023-02-01" if case < 3 else "2024-02-01")] for case in range(1, 6)}
    for case in (4, 5):
        measures[case].append(case_xml.tiltak("2024-02-01", kategori="1.1", lov="BVL2021 5-1"))
    files = [service.folder(case, "2024-12-31", ["2024-03-01"] if case < 3 else [], tiltak=given) for case, given in measures.items()]
    deliver(application, service.folder(9, "2023-01-01"), *files)


def both(application: Application, service: Service) -> tuple[str, str]:
    """The snapshots of 2023 and 2024."""
    delivered(application, service)
    first, second = (aggregate(application, service.organization_id, period).snapshot_id for period in ("2023", "2024"))
    return first, second


def shown(application: Application, snapshot: str) -> dict[str, tuple[Value, Value]]:
    """(value, prior value) by field key, of the document."""
    return {
        field.field_key: (field.value, field.prior_period_value)
        for section in document(application, snapshot).sections
        for field in section.fields
    }


def populated(application: Application, service: Service) -> dict[str, int]:
    """As the list says, by snapshot."""
    return {row.snapshot_id: row.populated_field_count for row in application.snapshots.page(service.organization_id, None, None, 1, 10)[0]}


def test_without_the_setting_all_is_shown(data_dir: Path, service: Service) -> None:
    with opened(data_dir) as application:
        _, newest = both(application, service)
        found = shown(application, newest)
        assert (found[CHILDREN], found[MELDINGER], found[PLACED]) == ((5, 2), (2, 0), (2, 0))


def test_documents_hide_small_counts_of_persons_and_no_others(data_dir: Path, service: Service) -> None:
    with opened(data_dir, suppress_small_counts=True) as application:
        _, newest = both(application, service)
        found = shown(application, newest)
        assert (found[CHILDREN], found[MELDINGER], found[PLACED]) == ((5, None), (2, 0), (None, 0))
        sources = {field.field_key: field.data_source for section in document(application, newest).sections for field in section.fields}
        assert sources[PLACED] == "fagsystem-testsystem", "the source supplies it all the same"


def test_the_list_counts_what_is_shown(data_dir: Path, service: Service) -> None:
    with opened(data_dir, suppress_small_counts=True) as application:
        for snapshot in both(application, service):
            seen = sum(value is not None for value in values(document(application, snapshot)).values())
            assert populated(application, service)[snapshot] == seen


def test_the_preview_says_that_something_is_hidden(data_dir: Path, service: Service) -> None:
    with opened(data_dir, suppress_small_counts=True) as application:
        _, newest = both(application, service)
        preview = application.previews.read(service.organization_id, "2024")
        rows = {row.field_key: row for row in preview.rows}
        assert (rows[PLACED].value, rows[PLACED].hidden, rows[PLACED].compared_value, rows[PLACED].compared_hidden) == (
            None,
            True,
            0,
            False,
        )
        assert (rows[CHILDREN].value, rows[CHILDREN].hidden, rows[CHILDREN].compared_hidden) == (5, False, True)
        assert (rows[CHILDREN].change, rows[CHILDREN].percent) == (None, None)
        assert preview.snapshot is not None
        assert preview.snapshot.populated == populated(application, service)[newest]
        assert dict(application.previews.history(service.organization_id))[CHILDREN] == [("2023", None, True), ("2024", 5, False)]


def test_events_name_only_fields_whose_shown_value_changed(data_dir: Path, service: Service) -> None:
    """From one hidden count to another nothing changes for who looks at it; the audit trail and the values are those of the source."""
    with opened(data_dir, suppress_small_counts=True) as application:
        _, newest = both(application, service)
        place = application.events.newest()
        placed = case_xml.tiltak("2024-03-01", kategori="1.1", lov="BVL2021 5-1")
        deliver(application, service.folder(3, "2025-01-01", tiltak=[case_xml.tiltak("2024-02-01"), placed]))
        aggregate(application, service.organization_id, "2024", force=True)
        told = [msgspec.json.decode(event.data) for event in events(application, place) if event.type == "data_updated"]
        assert all(PLACED not in each["changed_field_keys"] for each in told)
        assert shown(application, newest)[PLACED] == (None, 0)


@pytest.mark.parametrize("on", [True, False])
def test_switching_the_setting_renders_documents_anew_at_start(data_dir: Path, service: Service, on: bool) -> None:
    """Lists agree with them, and each document that changed has its event: a watcher may resume across the restart."""
    with opened(data_dir, suppress_small_counts=not on) as application:
        snapshots = both(application, service)
        before = {snapshot: shown(application, snapshot) for snapshot in snapshots}
        etags = {snapshot: application.snapshots.document(snapshot).etag for snapshot in snapshots}
        place = application.events.newest()
    with opened(data_dir, suppress_small_counts=on) as application:
        for snapshot in snapshots:
            after = shown(application, snapshot)
            assert after != before[snapshot]
            assert application.snapshots.document(snapshot).etag != etags[snapshot]
            assert document(application, snapshot).cache_valid
            assert populated(application, service)[snapshot] == sum(value is not None for value, _ in after.values())
        told = {each["snapshot_id"]: each for row in events(application, place) for each in [msgspec.json.decode(row.data)]}
        assert kinds(events(application, place)) == ["data_updated", "data_updated"]
        for snapshot in snapshots:
            changed = [key for key, pair in shown(application, snapshot).items() if pair != before[snapshot][key]]
            assert told[snapshot]["changed_field_keys"] == changed
        assert (shown(application, snapshots[1])[PLACED][0] is None) == on
    with opened(data_dir, suppress_small_counts=on) as application:
        assert len(events(application, place)) == 2, "a start without a change renders nothing"


def test_what_is_kept_is_the_true_value(data_dir: Path, service: Service) -> None:
    """The setting is of what leaves the store."""
    with opened(data_dir, suppress_small_counts=True) as application:
        _, newest = both(application, service)
    with opened(data_dir, suppress_small_counts=False) as application:
        assert shown(application, newest)[PLACED] == (2, 0)
