"""Tests of the overview: the state of each organisation, and the snapshot that represents it."""

import pytest

from preview.core.errors import ValidationError
from preview.core.ids import format_snapshot_id
from preview.runtime.application import Application
from preview.views.overview import OverviewEntry
from tests.builders import case_xml, kostra_xml
from tests.builders.services import SampleService
from tests.support import pipeline


def overview_entry(application: Application, service: SampleService, period_id: str | None = None) -> OverviewEntry:
    """Return the organisation's entry, read alone; it equals its entry among all (a job may progress between the
    reads).
    """
    entries_before = application.overviews.read(period_id).entries
    (found,) = application.overviews.read(period_id, service.organization_id).entries
    assert found in entries_before + application.overviews.read(period_id).entries
    return found


def deliver_two_extracts(application: Application, service: SampleService) -> None:
    """Deliver two extracts of a case, so that 2023 and 2024 are covered."""
    pipeline.deliver(application, service.folder(1, "2023-06-01"), service.folder(1, "2025-01-15", ["2024-02-01"]))


def test_listed_organisation_without_delivery_is_silent(application: Application, service: SampleService) -> None:
    pipeline.deliver(application, service.listing(service.organization_id, "Barnevernstjenesten Stille"))
    found = overview_entry(application, service)
    assert (found.organization_name, found.number) == ("Barnevernstjenesten Stille", service.organisasjonsnummer)
    assert (found.state, found.listed, found.snapshot_id, found.populated, found.case_system) == (
        "silent",
        True,
        None,
        0,
        "",
    )


def test_municipalities_are_read_from_deliveries(application: Application, service: SampleService) -> None:
    pipeline.deliver(application, service.listing(f"org-b{service.number}", "Barnevernet i to kommuner"))
    pipeline.deliver(
        application,
        service.folder(1, "2024-06-01", kommune="4205", kommunenavn="Mandal"),
        service.folder(2, "2024-06-01", kommune="4224", kommunenavn="Åseral"),
    )
    pipeline.deliver(application, service.folder(3, "2024-06-01", kommune="4205", kommunenavn="Lindesnes"))
    pipeline.deliver(
        application,
        kostra_xml.annual_file(
            kostra_xml.individ(), org=service.organisasjonsnummer, year=2023, kommune="4206", kommunenavn="Farsund"
        ),
    )
    (found,) = [
        line for line in application.overviews.read().entries if line.organization_id == f"org-b{service.number}"
    ]
    assert found.kommuner == "4205 Lindesnes 4206 Farsund 4224 Åseral"


def test_organisation_with_data_is_waiting(application: Application, service: SampleService) -> None:
    deliver_two_extracts(application, service)
    assert (overview_entry(application, service).state, overview_entry(application, service).case_system) == (
        "waiting",
        "Testsystem",
    )
    pipeline.aggregate(application, service.organization_id, "2024")
    assert overview_entry(application, service, "2023").state == "waiting"
    assert overview_entry(application, service, "2024").state == "ready"


def test_ready_counts_equal_document_and_preview(application: Application, service: SampleService) -> None:
    deliver_two_extracts(application, service)
    # Concluded with no code: the parts are not the whole.
    pipeline.deliver(
        application,
        service.folder(2, "2025-01-15", undersokelser=[case_xml.undersokelse("2024-02-20", "2024-04-01", None)]),
    )
    pipeline.aggregate(application, service.organization_id, "2023")
    requested = pipeline.aggregate(application, service.organization_id, "2024")
    found = overview_entry(application, service)
    document = pipeline.document(application, requested.snapshot_id)
    assert found.populated == sum(value is not None for value in pipeline.values(document).values())
    assert (found.snapshot_id, found.status, found.cache_valid, found.aggregated_at) == (
        requested.snapshot_id,
        document.snapshot_status,
        True,
        document.aggregated_at,
    )
    shown = application.previews.read(service.organization_id, "2024", None)
    severities = [{deviation.severity for deviation in row.deviations} for row in shown.rows]
    assert (found.errors, found.warnings, found.notices) == tuple(
        sum(severity in of for of in severities) for severity in ("error", "warning", "notice")
    )
    assert found.errors
    assert found.notices


def test_default_period_is_reporting_period(application: Application, service: SampleService) -> None:
    deliver_two_extracts(application, service)
    for period in ("2023", "2025"):
        pipeline.aggregate(application, service.organization_id, period)
    assert overview_entry(application, service).period_id is None
    assert overview_entry(application, service).latest_period == "2025"
    pipeline.aggregate(application, service.organization_id, "2024")
    assert overview_entry(application, service).period_id == "2024"
    assert overview_entry(application, service, "2023").period_id == "2023"
    shown = application.overviews.read("2023")
    assert (shown.period_id, shown.reporting_period_id) == ("2023", "2024")
    assert {"2025", "2024", "2023"} <= set(shown.periods)


def test_failure_of_newest_period_is_shown(application: Application, service: SampleService) -> None:
    deliver_two_extracts(application, service)
    pipeline.aggregate(application, service.organization_id, "2023")
    job = pipeline.start_job(application, service.organization_id, "2024")
    application.jobs.set_progress(job, 0.5)
    pipeline.wait_until(lambda: overview_entry(application, service).completed == 0.5)
    assert overview_entry(application, service).state == "processing"
    application.jobs.fail(job, "It failed.")
    found = overview_entry(application, service)
    assert (found.state, found.period_id, found.aggregated_at, found.populated) == ("failed", "2024", None, 0)
    assert overview_entry(application, service, "2023").state == "ready"


def test_old_values_remain_while_new_snapshot_runs_or_fails(application: Application, service: SampleService) -> None:
    deliver_two_extracts(application, service)
    old = pipeline.aggregate(application, service.organization_id, "2024")
    job = pipeline.start_job(application, service.organization_id, "2024")
    running = overview_entry(application, service)
    assert (running.state, running.snapshot_id, running.completed) == ("processing", old.snapshot_id, 0.0)
    assert running.aggregated_at is not None
    assert running.populated > 0
    application.jobs.fail(job, "It failed.")
    failed = overview_entry(application, service)
    assert (failed.state, failed.snapshot_id, failed.populated) == ("failed", old.snapshot_id, running.populated)
    application.snapshots.delete(format_snapshot_id(job.snapshot), "test")
    assert overview_entry(application, service).state == "ready"


def test_failed_reaggregation_keeps_the_values(application: Application, service: SampleService) -> None:
    """The job contains the failure, as in the preview (rule 4c, docs/api.md)."""
    deliver_two_extracts(application, service)
    snapshot = pipeline.aggregate(application, service.organization_id, "2024").snapshot_id
    job = pipeline.start_reaggregation(application, snapshot)
    assert overview_entry(application, service).state == "processing"
    application.jobs.fail(job, "It failed.")
    failed = overview_entry(application, service)
    assert (failed.state, failed.status, failed.snapshot_id) == ("failed", "current", snapshot)
    assert failed.populated > 0
    pipeline.wait_for_job(application, application.snapshots.invalidate(snapshot, "again", "test").job_id)
    assert overview_entry(application, service).state == "ready"


def test_later_delivery_makes_entry_stale(application: Application, service: SampleService) -> None:
    deliver_two_extracts(application, service)
    pipeline.aggregate(application, service.organization_id, "2024")
    pipeline.deliver(application, service.folder(1, "2025-01-20", ["2024-02-01", "2024-03-01"]))
    found = overview_entry(application, service)
    assert (found.state, found.cache_valid) == ("ready", False)


def test_15f_source_is_shown_as_case_system(application: Application, service: SampleService) -> None:
    individ = kostra_xml.individ(meldinger=[kostra_xml.melding("2020-03-01")])
    pipeline.deliver(
        application,
        kostra_xml.annual_file(individ, org=service.organisasjonsnummer, kommune=service.kommune, year=2020),
    )
    assert overview_entry(application, service).case_system == "KOSTRA 15F"
    pipeline.aggregate(application, service.organization_id, "2020")
    found = overview_entry(application, service, "2020")
    assert (found.state, found.case_system) == ("ready", "KOSTRA 15F")


def test_position_is_the_last_event_id(application: Application, service: SampleService) -> None:
    deliver_two_extracts(application, service)
    assert application.overviews.read().position == application.event_log.last_event_id()


def test_invalid_period_is_refused(application: Application) -> None:
    with pytest.raises(ValidationError):
        application.overviews.read("2024-H3")


def test_unknown_organisation_has_no_entry(application: Application) -> None:
    assert application.overviews.read(None, "org-unknown").entries == []
