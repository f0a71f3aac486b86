"""Tests of the demo in the real pipeline: every intended deviation and status occurs."""

import time
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from preview.core.clock import OSLO
from preview.core.settings import Settings
from preview.demo.case_updates import CaseUpdate, correctable_cases, updated_folder
from preview.demo.decisions import DemoReviewer, decisions_of, stays_approved
from preview.model.findings import CHECK_PREFIX
from preview.model.resources import DeliveryDocument, DeliverySummary
from preview.reports.reconcile import ReportConfig, reconcile
from preview.runtime.application import Application
from preview.views.preview import Preview, PreviewQuery
from tests.preview.demo.conftest import TODAY, Demo

LARGEST = "org-1103"
"""This service is left out: no deviation depends on it, and it has half of all case files."""

WITH_15F = ("org-1865", "org-3405", "org-1804", "org-4601-08", "org-0301-02")
BEGAN_WITH_15F = ("org-1865", "org-0301-02")

IMPOSSIBLE_RULES = {"prosent"}
"""A percentage is computed from its part and its whole, so it is never outside 0 to 100."""


class LoadedDemo(NamedTuple):
    """The store with the demo: deliveries, newest first, and previews by organisation and period."""

    application: Application
    deliveries: list[DeliverySummary]
    previews: dict[tuple[str, str], Preview]
    rules: set[str]


@pytest.fixture(scope="module")
def loaded(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Generator[LoadedDemo]:
    """The demo without automatic aggregation: `kilde_endret` needs a prior snapshot of the old case system."""
    application = Application.open(Settings(data_dir=tmp_path_factory.mktemp("demo"), auto_aggregate=False))
    application.start()
    reviewer = DemoReviewer(application.reviews, application.snapshots, TODAY)
    try:
        for delivery in demo.deliveries:
            if LARGEST not in delivery.name:
                import_delivery(application, delivery.content, full=delivery.full)
                for organization_id, period_id in delivery.aggregate:
                    job = application.snapshots.request(organization_id, period_id, False, "demo")[0].job_id
                    while application.jobs.get(job).ended_at is None:
                        time.sleep(0.005)
                for decisions in delivery.decisions:
                    assert reviewer.decide(decisions), "nothing is being processed"
        previews = {
            (organization.organization_id, period_id): application.previews.read(
                organization.organization_id, period_id
            )
            for organization in application.organizations.list_options()
            for period_id in application.previews.read(organization.organization_id).periods
        }
        rules = {rule.rule_id for rule in application.catalogue.rules}
        yield LoadedDemo(application, application.deliveries.page(None, None, 1, 100)[0], previews, rules)
    finally:
        application.close()


def import_delivery(application: Application, content: bytes, *, full: bool = False) -> DeliveryDocument:
    """Wait for the import and return the delivery."""
    receipt = application.deliveries.receive([content], full=full, actor="demo")
    while (imported := application.deliveries.get(receipt.delivery_id)).completed_at is None:
        time.sleep(0.01)
    return imported


def findings_of(application: Application, delivery: DeliverySummary | DeliveryDocument) -> set[str]:
    """Return the findings of a delivery without those of checks, such as a melding that was concluded late."""
    findings = application.deliveries.get(delivery.delivery_id).findings
    return {
        finding.code
        for finding in findings
        if finding.severity != "notice" or not finding.code.startswith(CHECK_PREFIX)
    }


def fired_rules(preview: Preview) -> set[str]:
    """Return the deviations that occur."""
    return {deviation.rule_id for row in preview.rows for deviation in row.deviations}


def values(preview: Preview) -> dict[str, float | None]:
    """Return the rows by field key."""
    return {row.field_key: row.value for row in preview.rows}


@pytest.mark.slow
def test_every_possible_rule_occurs(loaded: LoadedDemo) -> None:
    assert {
        rule for preview in loaded.previews.values() for rule in fired_rules(preview)
    } == loaded.rules - IMPOSSIBLE_RULES


@pytest.mark.parametrize(
    ("organization_id", "period_id", "rule"),
    [
        ("org-1804", "2025", "sum_undersokelser"),
        ("org-1804", "2024", "funn"),
        ("org-1804", "2025", "funn"),
        ("org-4601-08", "2025", "delmengde"),
        ("org-4601-08", "2025", "til_null"),
        ("org-5001-02", "2025", "negativ"),
        ("org-5001-02", "2025", "fra_null"),
        ("org-5025", "2025", "ingen_aktivitet"),
        ("org-5501", "2025", "kilde_endret"),
        ("org-5601", "2024", "ufullstendig"),
        ("org-1865", "2023", "funn"),
        ("org-5601", "2026", "mangler"),
        ("org-0301-02", "2025", "frist_meldinger"),
        ("org-0301-02", "2025", "frist_undersokelser"),
        ("org-3405", "2025", "uten_plan"),
        ("org-0301-02", "2026", "forelopig"),
        ("org-1042", "2024", "stor_endring"),
    ],
)
def test_rule_occurs_in_its_intended_service(
    loaded: LoadedDemo, organization_id: str, period_id: str, rule: str
) -> None:
    assert rule in fired_rules(loaded.previews[organization_id, period_id])


def test_example_matches_api_documentation(loaded: LoadedDemo) -> None:
    newest, prior = loaded.previews["org-1042", "2024"], loaded.previews["org-1042", "2023"]
    assert newest.organization_name == "Barnevernstjenesten Oslo Sør"
    assert newest.snapshot is not None
    assert prior.snapshot is not None
    assert (newest.snapshot.status, newest.snapshot.populated, newest.snapshot.cache_valid) == ("current", 32, True)
    assert (prior.snapshot.status, prior.snapshot.populated, prior.snapshot.cache_valid) == ("historical", 34, True)
    for key, value, before in (("antall_barn_plassert_utenfor_hjemmet", 47, 52), ("antall_akuttplasseringer", 8, 6)):
        row = next(row for row in newest.rows if row.field_key == key)
        assert (row.value, row.compared_value, row.data_source) == (value, before, "fagsystem-cis")
    assert [row.field_key for row in newest.rows if row.value is None] == ["antall_arsverk", "antall_arsverk_ubesatt"]


def test_example_has_about_600_meldinger_a_year(loaded: LoadedDemo) -> None:
    for period_id in ("2023", "2024"):
        assert 550 <= (values(loaded.previews["org-1042", period_id])["antall_meldinger_mottatt"] or 0) <= 650
    severities = {
        deviation.severity for row in loaded.previews["org-1042", "2024"].rows for deviation in row.deviations
    }
    assert severities == {"warning", "notice"}


def test_newest_snapshot_of_other_services_is_this_year(loaded: LoadedDemo) -> None:
    statuses = {
        key: preview.snapshot.status for key, preview in loaded.previews.items() if preview.snapshot is not None
    }
    ended = {"org-1042": "2024", "org-1508": "2025"}
    assert {key for key, status in statuses.items() if status == "current"} == {
        (organization_id, ended.get(organization_id, "2026")) for organization_id, _ in statuses
    }
    assert set(statuses.values()) == {"current", "historical"}


def test_deliveries_have_every_possible_outcome(loaded: LoadedDemo) -> None:
    assert {delivery.delivery_status for delivery in loaded.deliveries} == {"taken"}
    assert sum(delivery.refused_files for delivery in loaded.deliveries) == 1
    (full,) = (delivery for delivery in loaded.deliveries if delivery.full)
    assert full.removed_cases > 0
    assert full.new_cases == full.changed_cases == 0
    assert {delivery.format for delivery in loaded.deliveries} == {"organizations", "figures", "v4", "15f"}
    with_faults = {
        (delivery.format, *delivery.organizations)
        for delivery in loaded.deliveries
        if findings_of(loaded.application, delivery)
    }
    assert with_faults == {("v4", "org-1804"), *(("15f", organization_id) for organization_id in WITH_15F)}
    assert [delivery.finding_count for delivery in loaded.deliveries if delivery.format == "15f"] == [1] * 22


@pytest.mark.parametrize("organization_id", BEGAN_WITH_15F)
def test_first_year_is_15f_and_prior_of_the_next(loaded: LoadedDemo, organization_id: str) -> None:
    oldest, following = loaded.previews[organization_id, "2023"], loaded.previews[organization_id, "2024"]
    assert oldest.source is not None
    assert following.source is not None
    assert (oldest.source.data_source, oldest.source.case_system, oldest.source.incomplete) == ("kostra-15f", "", False)
    assert following.source.data_source.startswith("fagsystem-")
    assert not following.source.incomplete
    assert {key for key, value in values(oldest).items() if value is None} - {
        "antall_arsverk",
        "antall_arsverk_ubesatt",
    } == {"antall_tilsynsbesok"}
    before = {row.field_key: row.compared_value for row in following.rows}
    assert before == values(oldest)
    assert (before["antall_meldinger_mottatt"] or 0) > 20
    assert "kilde_endret" not in fired_rules(following)
    assert loaded.previews[organization_id, "2026"].snapshot is not None


@pytest.mark.parametrize("organization_id", WITH_15F)
def test_eight_years_have_values(loaded: LoadedDemo, organization_id: str) -> None:
    years = [str(year) for year in range(TODAY.year - 7, TODAY.year + 1)]
    of_years = [values(loaded.previews[organization_id, year]) for year in years]
    assert all((of_year["antall_meldinger_mottatt"] or 0) > 10 for of_year in of_years)
    assert all((of_year["antall_barn_med_hjelpetiltak"] or 0) > 3 for of_year in of_years)
    assert all((of_year["antall_arsverk"] or 0) > 0 for of_year in of_years) or organization_id == "org-1865"


def test_overview_of_the_last_year_has_every_state(loaded: LoadedDemo) -> None:
    overview = loaded.application.overviews.read("2025")
    assert {entry.organization_id: entry.decision for entry in overview.entries} == {
        "org-1042": "not_delivered",
        "org-5056": "not_delivered",
        LARGEST: "not_delivered",  # it is left out here
        "org-1508": "provisional",
        "org-1804": "has_errors",
        "org-4601-08": "has_errors",
        "org-5001-02": "has_errors",
        "org-0301-02": "warnings_waiting",
        "org-5501": "warnings_waiting",
        "org-1865": "ready",
        "org-5025": "ready",
        "org-3405": "approved",
        "org-5601": "changed",
    }
    latest = {entry.organization_id: entry.latest_period for entry in overview.entries}
    assert (latest["org-1042"], latest["org-5056"]) == ("2024", None)


def test_reviews_of_the_last_year_have_every_decision(loaded: LoadedDemo) -> None:
    reviews = {
        each.organization_id: each for each in loaded.application.reviews.query.page(None, "2025", None, 1, 50)[0]
    }
    withdrawn = loaded.application.reviews.approvals.list("org-5025", "2025")
    assert [each.withdrawn_by for each in withdrawn] == ["Ingrid Demo"]
    answered = {name for name, review in reviews.items() if review.acknowledgements}
    assert answered == {"org-5025", "org-5601", "org-0301-02"}
    assert any(each.lapsed for each in reviews["org-5601"].acknowledgements)
    assert len(reviews["org-5601"].changed_since_approval) >= 3
    open_comments = {name for name, review in reviews.items() if review.open_comment_count}
    assert open_comments == {"org-1804", "org-5001-02", "org-5501", "org-0301-02"}
    resolved = {name for name, review in reviews.items() if review.comment_count > review.open_comment_count}
    assert resolved == {"org-5025", "org-3405", "org-0301-02"}


def test_example_is_ready_after_its_warnings_are_answered(loaded: LoadedDemo) -> None:
    (review,), _, _ = loaded.application.reviews.query.page("org-1042", "2024", None, 1, 1)
    assert {each.code for each in review.blocking} == {"warning"}


def test_decisions_are_made_once(loaded: LoadedDemo) -> None:
    """A loader that continues after a crash repeats the delivery that it began."""

    def events() -> int:
        return loaded.application.reviews.query.page(None, None, None, 1, 1)[2]

    before = events()
    for organization_id in ("org-5025", "org-3405", "org-0301-02"):
        for decisions in decisions_of(organization_id):
            reviewer = DemoReviewer(loaded.application.reviews, loaded.application.snapshots, TODAY)
            assert reviewer.decide(decisions)
    assert events() == before


def test_shares_with_nothing_to_count_are_not_applicable(loaded: LoadedDemo) -> None:
    absent = {row.field_key for row in loaded.previews["org-5025", "2025"].rows if row.state == "not_applicable"}
    assert absent == {"andel_meldinger_innen_frist"}


def test_suppression_withholds_counts_of_the_demo(loaded: LoadedDemo) -> None:
    """Its smallest service has few enough persons that the setting hides some."""
    application = loaded.application
    with_suppression = ReportConfig(application.catalogue, True)
    application.database.write(lambda connection: reconcile(connection, with_suppression, "org-5025"))
    preview = PreviewQuery(application.database, with_suppression, application.settings).read("org-5025", "2025")
    application.database.write(lambda connection: reconcile(connection, application.report_config, "org-5025"))
    assert "withheld" in {row.state for row in preview.rows}


@pytest.mark.parametrize("organization_id", ["org-1042", "org-5501", "org-3405"])
def test_updated_folder_changes_one_case_without_findings(loaded: LoadedDemo, organization_id: str) -> None:
    at = datetime.combine(TODAY, datetime.min.time(), OSLO) + timedelta(hours=9)
    for step in range(12):
        turn = CaseUpdate(TODAY, TODAY if step % 2 else None)
        imported = import_delivery(
            loaded.application, updated_folder(organization_id, TODAY, step // 2, [turn], at + timedelta(minutes=step))
        )
        assert (imported.organizations, findings_of(loaded.application, imported)) == ([organization_id], set())
        assert (imported.new_cases, imported.changed_cases, imported.unchanged_cases) == (0, 1, 0)


@pytest.mark.parametrize("organization_id", ["org-5601", "org-0301-02"])
def test_correction_changes_the_last_year_only(loaded: LoadedDemo, organization_id: str) -> None:
    application = loaded.application
    before = values(aggregated(application, organization_id, "2025"))
    at = datetime.combine(TODAY, datetime.min.time(), OSLO) + timedelta(hours=11)
    for number, case_index in enumerate(correctable_cases(organization_id, TODAY)[3:6]):
        for step, second_day in enumerate((None, TODAY)):
            correction = CaseUpdate(TODAY, second_day, is_correction=True)
            instant = at + timedelta(minutes=2 * number + step)
            imported = import_delivery(
                application, updated_folder(organization_id, TODAY, case_index, [correction], instant)
            )
            assert (imported.changed_cases, findings_of(application, imported)) == (1, set())
    after = values(aggregated(application, organization_id, "2025"))
    changed = {key for key in after if after[key] != before[key]}
    assert {"antall_meldinger_mottatt", "antall_meldinger_over_frist"} <= changed
    assert changed & {"antall_avsluttede_hjelpetiltak", "antall_barn_med_hjelpetiltak"}


def test_approved_reports_stay_approved_while_cases_go_on(loaded: LoadedDemo) -> None:
    application, organization_id = loaded.application, "org-3405"
    assert stays_approved(organization_id)
    at = datetime.combine(TODAY, datetime.min.time(), OSLO) + timedelta(hours=12)
    for case_index in range(5):
        turn, instant = CaseUpdate(TODAY, TODAY), at + timedelta(minutes=case_index)
        import_delivery(application, updated_folder(organization_id, TODAY, case_index, [turn], instant))
    aggregated(application, organization_id, "2025")
    (review,), _, _ = application.reviews.query.page(organization_id, "2025", None, 1, 1)
    assert review.review_status == "approved"


def aggregated(application: Application, organization_id: str, period_id: str) -> Preview:
    """Return the preview after another aggregation."""
    job = application.snapshots.request(organization_id, period_id, True, "demo")[0].job_id
    while application.jobs.get(job).ended_at is None:
        time.sleep(0.005)
    return application.previews.read(organization_id, period_id)
