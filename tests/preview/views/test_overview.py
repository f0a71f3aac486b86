"""The view-model of the overview: each organisation's state, and which snapshot stands for it."""

import pytest

from preview.core.errors import Invalid
from preview.model.resources import snapshot_id
from preview.runtime.application import Application
from preview.views.overview import OverviewLine
from tests.builders import case_xml, kostra_xml
from tests.builders.services import Service
from tests.support import pipeline


def line(application: Application, service: Service, period_id: str | None = None) -> OverviewLine:
    (found,) = application.overviews.read(period_id, service.organization_id).lines
    assert found in application.overviews.read(period_id).lines
    return found


def delivered(application: Application, service: Service) -> None:
    """Two extracts of its case, so that 2023 and 2024 are covered."""
    pipeline.deliver(application, service.folder(1, "2023-06-01"), service.folder(1, "2025-01-15", ["2024-02-01"]))


def test_one_that_is_listed_and_has_not_delivered_is_silent(application: Application, service: Service) -> None:
    pipeline.deliver(application, service.listing(service.organization_id, "Barnevernstjenesten Stille"))
    found = line(application, service)
    assert (found.organization_name, found.number) == ("Barnevernstjenesten Stille", service.organisasjonsnummer)
    assert (found.state, found.listed, found.snapshot_id, found.populated, found.case_system) == ("silent", True, None, 0, "")


def test_its_municipalities_are_those_that_its_deliveries_name(application: Application, service: Service) -> None:
    pipeline.deliver(application, service.listing(f"org-b{service.number}", "Barnevernet i to kommuner"))
    pipeline.deliver(
        application,
        service.folder(1, "2024-06-01", kommune="4205", kommunenavn="Mandal"),
        service.folder(2, "2024-06-01", kommune="4224", kommunenavn="Åseral"),
    )
    pipeline.deliver(application, service.folder(3, "2024-06-01", kommune="4205", kommunenavn="Lindesnes"))
    pipeline.deliver(
        application,
        kostra_xml.arsfil(kostra_xml.individ(), org=service.organisasjonsnummer, aar=2023, kommune="4206", kommunenavn="Farsund"),
    )
    (found,) = [line for line in application.overviews.read().lines if line.organization_id == f"org-b{service.number}"]
    assert found.kommuner == "4205 Lindesnes 4206 Farsund 4224 Åseral"


def test_one_with_data_waits_to_be_asked_for(application: Application, service: Service) -> None:
    delivered(application, service)
    assert (line(application, service).state, line(application, service).case_system) == ("waiting", "Testsystem")
    pipeline.aggregate(application, service.organization_id, "2024")
    assert line(application, service, "2023").state == "waiting"
    assert line(application, service, "2024").state == "ready"


def test_a_ready_one_counts_what_its_document_and_its_preview_say(application: Application, service: Service) -> None:
    delivered(application, service)
    # Concluded with no code: the parts are not the whole.
    pipeline.deliver(application, service.folder(2, "2025-01-15", undersokelser=[case_xml.undersokelse("2024-02-20", "2024-04-01", None)]))
    pipeline.aggregate(application, service.organization_id, "2023")
    requested = pipeline.aggregate(application, service.organization_id, "2024")
    found = line(application, service)
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


def test_each_one_s_newest_is_of_the_newest_period_that_was_asked_for(application: Application, service: Service) -> None:
    delivered(application, service)
    for period in ("2023", "2024-H1"):
        pipeline.aggregate(application, service.organization_id, period)
    assert line(application, service).period_id == "2024-H1"
    pipeline.aggregate(application, service.organization_id, "2024")
    assert line(application, service).period_id == "2024"
    assert line(application, service, "2023").period_id == "2023"
    assert {"2024", "2024-H1", "2023"} <= set(application.overviews.read().periods)


def test_a_failure_of_the_newest_period_is_not_hidden_by_an_older_report(application: Application, service: Service) -> None:
    delivered(application, service)
    pipeline.aggregate(application, service.organization_id, "2023")
    job = pipeline.hold(application, service.organization_id, "2024")
    application.jobs.progress(job, 0.5)
    pipeline.until(lambda: line(application, service).completed == 0.5)
    assert line(application, service).state == "processing"
    application.jobs.fail(job, "It failed.")
    found = line(application, service)
    assert (found.state, found.period_id, found.aggregated_at, found.populated) == ("failed", "2024", None, 0)
    assert line(application, service, "2023").state == "ready"


def test_while_a_new_one_runs_or_has_failed_the_values_of_the_old_one_stand(application: Application, service: Service) -> None:
    delivered(application, service)
    old = pipeline.aggregate(application, service.organization_id, "2024")
    job = pipeline.hold(application, service.organization_id, "2024")
    running = line(application, service)
    assert (running.state, running.snapshot_id, running.completed) == ("processing", old.snapshot_id, 0.0)
    assert running.aggregated_at is not None
    assert running.populated > 0
    application.jobs.fail(job, "It failed.")
    failed = line(application, service)
    assert (failed.state, failed.snapshot_id, failed.populated) == ("failed", old.snapshot_id, running.populated)
    application.snapshots.delete(snapshot_id(job.snapshot), "test")
    assert line(application, service).state == "ready"


def test_one_that_could_not_be_aggregated_again_has_failed_and_its_values_stand(application: Application, service: Service) -> None:
    """As its preview says (contract 4c: the failure stands on the job)."""
    delivered(application, service)
    snapshot = pipeline.aggregate(application, service.organization_id, "2024").snapshot_id
    job = pipeline.hold_again(application, snapshot)
    assert line(application, service).state == "processing"
    application.jobs.fail(job, "It failed.")
    failed = line(application, service)
    assert (failed.state, failed.status, failed.snapshot_id) == ("failed", "current", snapshot)
    assert failed.populated > 0
    pipeline.wait_for_job(application, application.snapshots.invalidate(snapshot, "again", "test").job_id)
    assert line(application, service).state == "ready"


def test_a_later_delivery_makes_it_stale(application: Application, service: Service) -> None:
    delivered(application, service)
    pipeline.aggregate(application, service.organization_id, "2024")
    pipeline.deliver(application, service.folder(1, "2025-01-20", ["2024-02-01", "2024-03-01"]))
    found = line(application, service)
    assert (found.state, found.cache_valid) == ("ready", False)


def test_a_15f_file_stands_in_for_its_case_system(application: Application, service: Service) -> None:
    individ = kostra_xml.individ(meldinger=[kostra_xml.melding("2020-03-01")])
    pipeline.deliver(application, kostra_xml.arsfil(individ, org=service.organisasjonsnummer, kommune=service.kommune, aar=2020))
    assert line(application, service).case_system == "KOSTRA 15F"
    pipeline.aggregate(application, service.organization_id, "2020")
    assert (line(application, service).state, line(application, service).case_system) == ("ready", "KOSTRA 15F")


def test_the_place_is_that_of_the_newest_event(application: Application, service: Service) -> None:
    delivered(application, service)
    assert application.overviews.read().place == application.events.newest()


def test_what_is_no_period_is_refused(application: Application) -> None:
    with pytest.raises(Invalid):
        application.overviews.read("2024-H3")


def test_nobody_knows_an_organisation_that_is_none(application: Application) -> None:
    assert application.overviews.read(None, "org-unknown").lines == []
