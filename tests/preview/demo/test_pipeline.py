"""Tests of the demo in the real pipeline: every intended deviation and status occurs."""

import time
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from preview.core.clock import OSLO
from preview.core.settings import Settings
from preview.demo.case_updates import CaseUpdate, updated_folder
from preview.model.findings import CHECK_PREFIX
from preview.model.resources import DeliveryDocument, DeliverySummary
from preview.runtime.application import Application
from preview.views.preview import Preview
from tests.preview.demo.conftest import TODAY, Demo

LARGEST = "org-1103"
"""This service is left out: no deviation depends on it, and it has half of all case files."""

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
    try:
        for delivery in demo.deliveries:
            if LARGEST not in delivery.name:
                import_delivery(application, delivery.content, full=delivery.full)
                for organization_id, period_id in delivery.aggregate:
                    job = application.snapshots.request(organization_id, period_id, False, "demo")[0].job_id
                    while application.jobs.get(job).ended_at is None:
                        time.sleep(0.005)
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


def test_every_possible_rule_occurs(loaded: LoadedDemo) -> None:
    assert {
        rule for preview in loaded.previews.values() for rule in fired_rules(preview)
    } == loaded.rules - IMPOSSIBLE_RULES


@pytest.mark.parametrize(
    ("organization_id", "period_id", "rule"),
    [
        ("org-1804", "2025", "sum_undersokelser"),
        ("org-1804", "2024", "funn"),
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
    assert {key for key, status in statuses.items() if status == "current"} == {
        (organization_id, "2024" if organization_id == "org-1042" else "2026") for organization_id, _ in statuses
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
    assert with_faults == {("v4", "org-1804"), *(("15f", organization_id) for organization_id in BEGAN_WITH_15F)}
    assert [delivery.finding_count for delivery in loaded.deliveries if delivery.format == "15f"] == [1, 1]


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
