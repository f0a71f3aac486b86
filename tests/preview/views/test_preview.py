"""Tests of the preview's read model through the real pipeline: values, compared values, status and job."""

from collections.abc import Generator
from pathlib import Path

import pytest

from preview.core.errors import NotFound, ValidationError
from preview.core.periods import Period
from preview.form.numbers import change_between
from preview.runtime.application import Application
from preview.views.preview import FieldRow
from tests.builders.case_records import case_folder
from tests.builders.services import SampleService
from tests.support.manual_worker import (
    ORGANIZATION,
    claim_job,
    complete_job,
    complete_waiting_jobs,
    process_delivery,
    trigger_automatic_aggregation,
)
from tests.support.pipeline import aggregate, deliver, open_application

RECEIVED, PERCENTAGE, STAFF, VACANT = (
    "antall_meldinger_mottatt",
    "andel_meldinger_innen_frist",
    "antall_arsverk",
    "antall_arsverk_ubesatt",
)


@pytest.fixture
def manual_application(data_dir: Path) -> Generator[Application]:
    """A manually worked store with one case of one melding in 2024, extracted in March 2024."""
    with open_application(data_dir, started=False) as application:
        process_delivery(application, case_folder(1, "a", 1))
        yield application


def rows(application: Application, organization_id: str, *asked: str) -> dict[str, FieldRow]:
    """Return the rows by field key."""
    return {row.field_key: row for row in application.previews.read(organization_id, *asked).rows}


def request_snapshot(application: Application, period: str = "2024") -> str:
    """Aggregate a new snapshot and return its id."""
    return application.snapshots.request(ORGANIZATION, period, True, "someone")[0].snapshot_id


# Which period.


def test_default_period_is_reporting_period(manual_application: Application) -> None:
    shown = manual_application.previews.read(ORGANIZATION)
    assert (shown.period_id, shown.compare_period_id, shown.periods) == ("2024", "2023", [])
    assert (shown.snapshot, shown.newer_snapshot, shown.compared_snapshot, shown.job, shown.source) == (
        None,
        None,
        None,
        None,
        None,
    )
    assert shown.has_source
    assert all(
        row.value is row.compared_value is row.data_source is None and row.deviations == [] for row in shown.rows
    )


def test_organisation_without_data_has_name_and_number(application: Application, service: SampleService) -> None:
    deliver(application, service.listing(service.organization_id, "Et navn"))
    shown = application.previews.read(service.organization_id)
    assert (shown.period_id, shown.has_source, shown.organization_name) == ("2024", False, "Et navn")
    assert (shown.number, shown.latest_period_id) == (service.organisasjonsnummer, None)


def test_latest_period_is_newest_completed_one(manual_application: Application) -> None:
    request_snapshot(manual_application, "2023")
    complete_waiting_jobs(manual_application)
    request_snapshot(manual_application, "2024-H1")
    shown = manual_application.previews.read(ORGANIZATION)
    assert (shown.period_id, shown.reporting_period_id, shown.latest_period_id) == ("2024", "2024", "2023")
    complete_waiting_jobs(manual_application)
    assert manual_application.previews.read(ORGANIZATION).latest_period_id == "2024-H1"


def test_periods_with_snapshot_are_newest_first(manual_application: Application) -> None:
    for period in ("2023", "2024-H1", "2024", "2023", "2024-H1"):
        request_snapshot(manual_application, period)
    assert manual_application.previews.read(ORGANIZATION).periods == ["2024", "2024-H1", "2023"]


def test_bydel_number_is_part_of_the_number(manual_application: Application) -> None:
    assert manual_application.previews.read(ORGANIZATION).number == "999999999-02"


def test_unknown_organisation_and_invalid_period_are_refused(manual_application: Application) -> None:
    with pytest.raises(NotFound):
        manual_application.previews.read("org-nowhere")
    for asked, pointer in ((("2024-Q1",), "/period_id"), (("2024", "x"), "/compare")):
        with pytest.raises(ValidationError) as error:
            manual_application.previews.read(ORGANIZATION, *asked)
        assert [fault.pointer for fault in error.value.field_errors] == [pointer]


# Which snapshots, and what is going on.


def test_completed_snapshot_is_shown_while_newer_runs(manual_application: Application) -> None:
    first = request_snapshot(manual_application)
    complete_waiting_jobs(manual_application)
    second = request_snapshot(manual_application)
    shown = manual_application.previews.read(ORGANIZATION)
    assert shown.snapshot is not None
    assert shown.newer_snapshot is not None
    assert (shown.snapshot.snapshot_id, shown.newer_snapshot.snapshot_id, shown.newer_snapshot.status) == (
        first,
        second,
        "processing",
    )
    assert shown.job is not None
    assert (shown.job.job_id, shown.job.job_status) == ("job-agg-002", "waiting")
    claim_of_second = claim_job(manual_application)
    manual_application.jobs.set_progress(claim_of_second, 0.5)
    manual_application.database.write(lambda connection: None)
    running = manual_application.previews.read(ORGANIZATION).job
    assert running is not None
    assert (running.job_status, running.completed) == ("running", 0.5)
    complete_job(manual_application, claim_of_second)
    shown = manual_application.previews.read(ORGANIZATION)
    assert shown.snapshot is not None
    assert (shown.snapshot.snapshot_id, shown.newer_snapshot, shown.job) == (second, None, None)


def test_uncompleted_snapshot_is_shown_if_alone(manual_application: Application) -> None:
    first = request_snapshot(manual_application)
    shown = manual_application.previews.read(ORGANIZATION)
    assert shown.snapshot is not None
    assert (shown.snapshot.snapshot_id, shown.snapshot.status, shown.snapshot.populated, shown.newer_snapshot) == (
        first,
        "processing",
        0,
        None,
    )
    manual_application.jobs.fail(claim_job(manual_application), "It failed.")
    failed = manual_application.previews.read(ORGANIZATION)
    assert failed.snapshot is not None
    assert failed.job is not None
    assert (failed.snapshot.status, failed.job.detail) == ("failed", "It failed.")


def test_failed_newer_snapshot_is_shown(manual_application: Application) -> None:
    first = request_snapshot(manual_application)
    complete_waiting_jobs(manual_application)
    second = request_snapshot(manual_application)
    manual_application.jobs.fail(claim_job(manual_application), "It failed.")
    shown = manual_application.previews.read(ORGANIZATION)
    assert shown.snapshot is not None
    assert shown.newer_snapshot is not None
    assert shown.job is not None
    assert (shown.snapshot.snapshot_id, shown.newer_snapshot.snapshot_id, shown.newer_snapshot.status) == (
        first,
        second,
        "failed",
    )
    assert (shown.job.job_status, shown.job.snapshot_id) == ("failed", second)


def test_automatic_and_put_jobs_are_of_the_displayed_snapshot(manual_application: Application) -> None:
    request_snapshot(manual_application)
    complete_waiting_jobs(manual_application)
    process_delivery(manual_application, case_folder(2, "b", 2))
    stale = manual_application.previews.read(ORGANIZATION)
    assert stale.snapshot is not None
    assert (stale.snapshot.cache_valid, stale.job) == (False, None)
    trigger_automatic_aggregation(manual_application)
    automatic = manual_application.previews.read(ORGANIZATION)
    assert automatic.job is not None
    assert (automatic.job.requested_by, automatic.newer_snapshot) == ("auto", None)
    manual_application.snapshots.invalidate("snap-001", "A reason", "someone")
    put = manual_application.previews.read(ORGANIZATION)
    assert put.job is not None
    assert put.snapshot is not None
    assert (put.job.requested_by, put.job.reason, put.snapshot.status) == ("someone", "A reason", "processing")


def test_position_is_of_the_event_log(manual_application: Application) -> None:
    request_snapshot(manual_application)
    assert manual_application.previews.read(ORGANIZATION).position == manual_application.event_log.last_event_id() == 2


# Rows.


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Application, str]]:
    """No melding in 2021, and 1, 3 and 4 in the years after; staff in the last two, vacant in 2023."""
    service = SampleService()
    with open_application(tmp_path_factory.mktemp("compared")) as application:
        for case, days in enumerate((["2022-05-01"], ["2023-05-01"] * 3, ["2024-05-01"] * 4), 1):
            deliver(application, service.folder(case, f"202{case}-01-01"), service.folder(case, "2025-01-01", days))
        deliver(application, service.figures(f"2023,{STAFF},10,", f"2023,{VACANT},1,", f"2024,{STAFF},12.5,lonn"))
        for period in ("2022", "2023", "2024", "2021"):
            aggregate(application, service.organization_id, period)
        yield application, service.organization_id


def test_rows_are_34_fields_in_form_order(compared: tuple[Application, str]) -> None:
    application, organization_id = compared
    shown = application.previews.read(organization_id).rows
    assert [row.number for row in shown] == list(range(1, 35))
    assert [row.field_key for row in shown] == [field.field_key for field in application.catalogue.fields]
    assert {row.unit for row in shown} == {"antall", "prosent", "årsverk"}


def test_prior_period_is_the_default_comparison(compared: tuple[Application, str]) -> None:
    application, organization_id = compared
    shown = application.previews.read(organization_id)
    assert shown.compared_snapshot is not None
    assert (shown.period_id, shown.compare_period_id, shown.compared_snapshot.snapshot_id) == (
        "2024",
        "2023",
        "snap-002",
    )
    row = rows(application, organization_id)[RECEIVED]
    assert (row.value, row.compared_value, row.change, row.percent) == (4, 3, 1, 33)
    assert type(row.change) is int


def test_named_period_is_compared(compared: tuple[Application, str]) -> None:
    application, organization_id = compared
    row = rows(application, organization_id, "2024", "2022")[RECEIVED]
    assert (row.value, row.compared_value, row.change, row.percent) == (4, 1, 3, 300)
    assert application.previews.read(organization_id, "2024", "2019").compared_snapshot is None


def test_deviations_are_judged_against_the_compared_period(compared: tuple[Application, str]) -> None:
    """What is stored is judged against the prior period, a page against the period of its column (rule 7.2)."""
    application, organization_id = compared
    expected = {
        None: {(VACANT, "mangler", "2023")},
        "2023": {(VACANT, "mangler", "2023")},
        "2022": set[tuple[str, str, str]](),
        "2021": set[tuple[str, str, str]](),
    }
    for asked, found in expected.items():
        shown = application.previews.read(organization_id, "2024", asked).rows
        assert {
            (row.field_key, deviation.rule_id, deviation.params["prior_period"])
            for row in shown
            for deviation in row.deviations
        } == found
    (backwards,) = rows(application, organization_id, "2022", "2024")[STAFF].deviations
    assert (backwards.rule_id, backwards.params["prior_period"]) == ("mangler", "2024")


@pytest.mark.parametrize(("period", "asked"), [("2024", "2023-H1"), ("2024-H1", "2023"), ("2024", "2024")])
def test_only_another_period_of_the_same_length_is_compared(
    compared: tuple[Application, str], period: str, asked: str
) -> None:
    application, organization_id = compared
    shown = application.previews.read(organization_id, period, asked)
    assert shown.compare_period_id == str(Period.parse(period).prior)
    assert application.previews.read(organization_id, "2024-H1", "2024-H2").compare_period_id == "2024-H2"


def test_reasons_for_no_value_are_told_apart(compared: tuple[Application, str]) -> None:
    """Nothing was to be concluded in 2021, no staff was reported, and there is no report of 2020 (rule 7.4)."""
    application, organization_id = compared
    found = rows(application, organization_id, "2021")
    assert (found[PERCENTAGE].value, found[PERCENTAGE].state) == (None, "not_applicable")
    assert (found[STAFF].value, found[STAFF].state) == (None, "missing")
    assert (found[RECEIVED].state, found[RECEIVED].compared_state) == ("present", "no_report")
    earlier = rows(application, organization_id, "2021", "2022")[PERCENTAGE]
    assert (earlier.compared_value, earlier.deviations) == (100.0, [])
    listed = application.overviews.read("2021", organization_id).entries[0]
    assert (listed.populated, listed.missing) == (
        sum(row.state == "present" for row in found.values()),
        sum(row.state == "missing" for row in found.values()),
    )
    assert listed.missing < 34 - listed.populated


def test_data_sources_and_decimals(compared: tuple[Application, str]) -> None:
    application, organization_id = compared
    found = rows(application, organization_id)
    assert (found[STAFF].value, found[STAFF].compared_value, found[STAFF].change, found[STAFF].percent) == (
        12.5,
        10,
        2.5,
        25,
    )
    assert (found[STAFF].data_source, found[RECEIVED].data_source) == ("lonn", "fagsystem-testsystem")
    assert (found[VACANT].value, found[VACANT].compared_value, found[VACANT].change, found[VACANT].data_source) == (
        None,
        1,
        None,
        None,
    )
    assert (found[PERCENTAGE].value, found[PERCENTAGE].percent) == (100.0, None)


def test_source_is_as_aggregated(compared: tuple[Application, str]) -> None:
    application, organization_id = compared
    source = application.previews.read(organization_id, "2024").source
    assert source is not None
    assert (source.data_source, source.case_system, source.extract_day, source.case_count, source.findings) == (
        "fagsystem-testsystem",
        "Testsystem",
        "2025-01-01",
        3,
        0,
    )


def test_history_of_each_field_is_oldest_first(compared: tuple[Application, str]) -> None:
    application, organization_id = compared
    history = application.previews.history(organization_id, "2024")
    assert application.previews.read(organization_id, "2024").history == history
    assert history.keys() == {field.field_key for field in application.catalogue.fields}
    received, staff = history[RECEIVED], history[STAFF]
    assert received == [
        ("2021", 0, "present", False),
        ("2022", 1, "present", False),
        ("2023", 3, "present", False),
        ("2024", 4, "present", False),
    ]
    assert staff[1:] == [
        ("2022", None, "missing", False),
        ("2023", 10, "present", False),
        ("2024", 12.5, "present", False),
    ]
    assert history[PERCENTAGE][0] == ("2021", None, "not_applicable", False)


def test_history_uses_newest_completed_snapshot_per_period(manual_application: Application) -> None:
    request_snapshot(manual_application)
    complete_waiting_jobs(manual_application)
    process_delivery(manual_application, case_folder(2, "b", 2))
    request_snapshot(manual_application)
    complete_waiting_jobs(manual_application)
    request_snapshot(manual_application)
    request_snapshot(manual_application, "2023")
    assert manual_application.previews.history(ORGANIZATION, "2024")[RECEIVED] == [("2024", 1 + 2, "present", True)]


@pytest.mark.parametrize(
    ("value", "before", "unit", "expected"),
    [
        (3, 2, "antall", (1, 50)),
        (1, 3, "antall", (-2, -67)),
        (3, 0, "antall", (3, None)),
        (0, 0, "antall", (0, None)),
        (None, 3, "antall", (None, None)),
        (3, None, "antall", (None, None)),
        (90.1, 90.0, "prosent", (0.1, None)),
        (12.3, 12.0, "årsverk", (0.3, 3)),
    ],
)
def test_change_is_exact(value: float, before: float, unit: str, expected: tuple[float, int]) -> None:
    """The difference is 0.1; binary floating point would give 0.0999."""
    assert change_between(value, before, unit) == expected
