"""Lineage: a completed job leads to the deliveries behind it (rule A2, docs/api.md)."""

from collections.abc import Generator
from pathlib import Path

import pytest

from preview.core.ids import format_delivery_id, parse_job_id
from preview.runtime.application import Application
from preview.storage.history import lineage
from tests.builders.services import SampleService
from tests.support.annual_file_helpers import arsfil, child
from tests.support.erasure_helpers import immediate_eraser
from tests.support.pipeline import aggregate, deliver, open_application, wait_for_job


@pytest.fixture
def store(data_dir: Path) -> Generator[Application]:
    with open_application(data_dir) as application:
        yield application


def lineage_of(application: Application, job_id: str) -> list[str] | None:
    """Return the ids of the deliveries behind a job, None if they are not known."""
    number = parse_job_id(job_id)
    assert number is not None
    found = application.database.read(lambda connection: lineage.deliveries_of(connection, [number]))
    return [format_delivery_id(each) for each in found[number]] if number in found else None


def aggregate_again(application: Application, snapshot_id: str) -> str:
    """Aggregate a snapshot again and return the id of the job."""
    job_id = application.snapshots.invalidate(snapshot_id, "again", "test").job_id
    wait_for_job(application, job_id)
    return job_id


def test_job_leads_to_deliveries_since_last_completion(store: Application, service: SampleService) -> None:
    deliveries = [deliver(store, service.folder(case, "2025-01-10", ["2024-01-10"])).delivery_id for case in (1, 2)]
    unchanged = deliver(store, service.folder(1, "2025-01-10", ["2024-01-10"])).delivery_id
    first = aggregate(store, service.organization_id, "2024")
    assert lineage_of(store, first.job_id) == deliveries
    assert unchanged not in deliveries

    third = deliver(store, service.folder(3, "2025-01-11", ["2024-02-10"])).delivery_id
    assert lineage_of(store, aggregate_again(store, first.snapshot_id)) == [third]
    assert lineage_of(store, aggregate_again(store, first.snapshot_id)) == []

    fourth = deliver(store, service.folder(4, "2025-01-12", ["2024-02-10"])).delivery_id
    replacing = aggregate(store, service.organization_id, "2024", force=True)
    assert lineage_of(store, replacing.job_id) == [fourth]
    # Another period has not been aggregated before, so that all of it is new.
    other = aggregate(store, service.organization_id, "2023")
    assert lineage_of(store, other.job_id) == [*deliveries, third, fourth]


def test_figures_lead_to_their_delivery(store: Application, service: SampleService) -> None:
    cases = deliver(store, service.folder(1, "2025-01-10", ["2024-01-10"])).delivery_id
    first = aggregate(store, service.organization_id, "2024")
    assert lineage_of(store, first.job_id) == [cases]
    figures = deliver(store, service.figures("2024,antall_arsverk,12.5,lonn")).delivery_id
    deliver(store, service.figures("2023,antall_arsverk,11.5,lonn"))
    assert lineage_of(store, aggregate_again(store, first.snapshot_id)) == [figures]


def test_annual_file_leads_to_each_delivery_that_replaced_it(store: Application, service: SampleService) -> None:
    first = deliver(store, arsfil(service, child(1, "2020-02-01"))).delivery_id
    requested = aggregate(store, service.organization_id, "2020")
    assert lineage_of(store, requested.job_id) == [first]
    second = deliver(store, arsfil(service, child(1, "2020-02-01"), child(2, "2020-03-01"))).delivery_id
    third = deliver(store, arsfil(service, child(3, "2020-04-01"))).delivery_id
    assert lineage_of(store, aggregate_again(store, requested.snapshot_id)) == [second, third]


def test_lineage_is_unknown_if_one_of_its_deliveries_is(store: Application, service: SampleService) -> None:
    deliver(store, service.folder(1, "2025-01-10", ["2024-01-10"]))
    first = aggregate(store, service.organization_id, "2024")
    deliver(store, service.folder(2, "2025-01-11", ["2024-01-10"]))
    store.database.write(lambda connection: connection.execute("DELETE FROM input_change").rowcount)
    deliver(store, service.folder(3, "2025-01-12", ["2024-01-10"]))
    assert lineage_of(store, aggregate_again(store, first.snapshot_id)) is None


def test_erased_organization_leaves_no_lineage(store: Application, service: SampleService) -> None:
    other = SampleService()
    shared = deliver(
        store, service.folder(1, "2025-01-10", ["2024-01-10"]), other.folder(1, "2025-01-10", ["2024-01-10"])
    )
    aggregate(store, service.organization_id, "2024")
    kept = aggregate(store, other.organization_id, "2024")
    immediate_eraser(store).erase(service.organization_id, "test")
    remaining = store.database.read(
        lambda connection: connection.execute("SELECT DISTINCT organization_id FROM input_change").fetchall()
    )
    assert remaining == [(other.organization_id,)]
    assert lineage_of(store, kept.job_id) == [shared.delivery_id]
