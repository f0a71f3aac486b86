"""Tests of supplementary figures (rule 6.1, docs/domain.md) through the real pipeline."""

import pytest

from preview.model.resources import DeliveryDocument, FieldValue
from preview.runtime.application import Application
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, document, event_types, events

STAFF, VACANT, COMPUTED = "antall_arsverk", "antall_arsverk_ubesatt", "antall_meldinger_mottatt"


def field(application: Application, snapshot: str, key: str) -> FieldValue:
    """Return one field of a document."""
    return next(
        field
        for section in document(application, snapshot).sections
        for field in section.fields
        if field.field_key == key
    )


def finding_locations(delivery: DeliveryDocument) -> list[tuple[str, str, int, str]]:
    """Return (severity, code, line, column) of the delivery's findings."""
    return [(finding.severity, finding.code, finding.line, finding.element) for finding in delivery.findings]


@pytest.fixture
def service_with_case(application: Application, service: SampleService) -> SampleService:
    """A service that has delivered a case."""
    deliver(application, service.folder(1, "2024-12-31", ["2023-03-01", "2024-03-01"]), service.folder(2, "2023-01-02"))
    return service


def test_figures_fill_supplementary_fields(application: Application, service_with_case: SampleService) -> None:
    imported = deliver(application, service_with_case.figures(f"2024,{STAFF},12.5,agresso", f"2024,{VACANT},0.5,"))
    assert (imported.delivery_status, imported.format, imported.organizations) == (
        "taken",
        "figures",
        [service_with_case.organization_id],
    )
    made = aggregate(application, service_with_case.organization_id, "2024").snapshot_id
    assert (field(application, made, STAFF).value, field(application, made, STAFF).data_source) == (12.5, "agresso")
    assert (field(application, made, VACANT).value, field(application, made, VACANT).data_source) == (0.5, "manuell")
    # a share of none is null
    assert (
        application.snapshots.page(service_with_case.organization_id, None, None, 1, 10)[0][0].populated_field_count
        == 33
    )


@pytest.mark.parametrize(("given", "shown"), [("12.25", 12.3), ("12.249", 12.2), ("-0.25", -0.3), ("13", 13.0)])
def test_figures_have_one_decimal(
    application: Application, service_with_case: SampleService, given: str, shown: float
) -> None:
    """Rule G3 (docs/api.md); a half is rounded up."""
    deliver(application, service_with_case.figures(f"2024,{STAFF},{given},"))
    made = aggregate(application, service_with_case.organization_id, "2024").snapshot_id
    assert f'"field_key":"{STAFF}","value":{shown},'.encode() in application.snapshots.get(made).body


def test_value_and_data_source_are_null_without_figures(
    application: Application, service_with_case: SampleService
) -> None:
    """Rule 6.2."""
    made = aggregate(application, service_with_case.organization_id, "2024").snapshot_id
    assert (field(application, made, STAFF).value, field(application, made, STAFF).data_source) == (None, None)
    assert field(application, made, COMPUTED).data_source == "fagsystem-testsystem"
    assert (
        application.snapshots.page(service_with_case.organization_id, None, None, 1, 10)[0][0].populated_field_count
        == 31
    )


def test_empty_value_deletes_the_figure(application: Application, service_with_case: SampleService) -> None:
    deliver(application, service_with_case.figures(f"2024,{STAFF},12.5,", f"2024,{VACANT},1,"))
    first = aggregate(application, service_with_case.organization_id, "2024").snapshot_id
    deliver(application, service_with_case.figures(f"2024,{STAFF},,"))
    assert not document(application, first).cache_valid
    second = aggregate(application, service_with_case.organization_id, "2024").snapshot_id
    assert (field(application, second, STAFF).value, field(application, second, STAFF).data_source) == (None, None)
    assert field(application, second, VACANT).value == 1


def test_later_figure_replaces_an_earlier(application: Application, service_with_case: SampleService) -> None:
    deliver(application, service_with_case.figures(f"2024,{STAFF},12.5,", f"2024,{STAFF},13,"))
    deliver(application, service_with_case.figures(f"2024,{STAFF},14,lonn"))
    made = aggregate(application, service_with_case.organization_id, "2024").snapshot_id
    assert (field(application, made, STAFF).value, field(application, made, STAFF).data_source) == (14, "lonn")


def test_figures_stale_only_their_period(application: Application, service_with_case: SampleService) -> None:
    snapshots = {
        period: aggregate(application, service_with_case.organization_id, period).snapshot_id
        for period in ("2023", "2024", "2024-H1")
    }
    position = application.event_log.last_event_id()
    deliver(application, service_with_case.figures(f"2024,{STAFF},12.5,"))
    assert {period: document(application, snapshot).cache_valid for period, snapshot in snapshots.items()} == {
        "2023": True,
        "2024": False,
        "2024-H1": True,
    }
    actual = events(application, position)
    assert sorted(event_types(actual)) == ["cache_invalidated", "source_received"]
    assert {event.period_id for event in actual if event.type == "cache_invalidated"} == {"2024"}


@pytest.mark.parametrize(
    ("line", "stale"),
    [("12.5,lonn", False), ("12.50,lonn", False), ("12.6,lonn", True), ("12.5,annen", True), (",", True)],
)
def test_repeated_figure_changes_nothing(
    application: Application, service_with_case: SampleService, line: str, stale: bool
) -> None:
    deliver(application, service_with_case.figures(f"2024,{STAFF},12.5,lonn"))
    made = aggregate(application, service_with_case.organization_id, "2024").snapshot_id
    deliver(application, service_with_case.figures(f"2024,{STAFF},{line}"))
    assert document(application, made).cache_valid == (not stale)


def test_deleting_a_missing_figure_has_no_effect(application: Application, service_with_case: SampleService) -> None:
    made = aggregate(application, service_with_case.organization_id, "2024").snapshot_id
    deliver(application, service_with_case.figures(f"2024,{STAFF},,"))
    assert document(application, made).cache_valid


def test_unknown_organisation_is_rejected_with_its_line(
    application: Application, service_with_case: SampleService
) -> None:
    lines = f"org-nowhere,2024,{STAFF},1,\n{service_with_case.organization_id},2024,{STAFF},2,"
    imported = deliver(application, f"organization_id,period_id,field_key,value,data_source\n{lines}".encode())
    assert finding_locations(imported) == [("error", "csv_unknown_organization", 2, "organization_id")]
    assert (imported.delivery_status, imported.organizations) == ("taken", [service_with_case.organization_id])
    made = aggregate(application, service_with_case.organization_id, "2024").snapshot_id
    assert field(application, made, STAFF).value == 2


@pytest.mark.parametrize("key", [COMPUTED, "antall_barn_med_tiltak", "antall_noe_annet"])
def test_computed_or_unknown_field_is_rejected_with_its_line(
    application: Application, service_with_case: SampleService, key: str
) -> None:
    """An auxiliary value of the catalogue is not a field either."""
    imported = deliver(application, service_with_case.figures(f"2024,{STAFF},2,", f"2024,{key},99,"))
    assert finding_locations(imported) == [("error", "csv_field", 3, "field_key")]
    made = aggregate(application, service_with_case.organization_id, "2024").snapshot_id
    assert (field(application, made, STAFF).value, field(application, made, COMPUTED).value) == (2, 1)


def test_invalid_number_is_rejected_with_its_line(application: Application, service_with_case: SampleService) -> None:
    imported = deliver(
        application, service_with_case.figures(f"2024,{STAFF},mange,", f"2024,{VACANT},1e3,", f"2024-Q1,{STAFF},1,")
    )
    assert finding_locations(imported) == [
        ("error", "csv_value", 2, "value"),
        ("error", "csv_value", 3, "value"),
        ("error", "csv_period", 4, "period_id"),
    ]
    assert imported.organizations == []


def test_an_organisation_may_be_listed_in_the_same_delivery(application: Application, service: SampleService) -> None:
    """Figures take effect at the end of the delivery, whatever the order of its files."""
    imported = deliver(
        application, service.figures(f"2024,{STAFF},3,"), service.listing(service.organization_id, "Et navn")
    )
    assert (imported.finding_count, imported.organizations, imported.format) == (0, [service.organization_id], "mixed")


def test_figures_alone_are_no_source(application: Application, service: SampleService) -> None:
    """A period without case data cannot be aggregated (rule 5.3)."""
    deliver(application, service.listing(service.organization_id, "Et navn"), service.figures(f"2024,{STAFF},3,"))
    assert service.document(application).sources == []
    assert not application.previews.read(service.organization_id, "2024").has_source
