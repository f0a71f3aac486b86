"""Supplementary figures (`domain.md` 6.1), through the real pipeline."""

import pytest

from preview.model.resources import DeliveryDocument, FieldValue
from preview.runtime.application import Application
from tests.builders.services import Service
from tests.support.pipeline import aggregate, deliver, document, events, kinds

STAFF, VACANT, COMPUTED = "antall_arsverk", "antall_arsverk_ubesatt", "antall_meldinger_mottatt"


def field(application: Application, snapshot: str, key: str) -> FieldValue:
    """One field of a document."""
    return next(each for section in document(application, snapshot).sections for each in section.fields if each.field_key == key)


def wrong(delivery: DeliveryDocument) -> list[tuple[str, str, int, str]]:
    """(severity, code, line, column) of its findings."""
    return [(each.severity, each.code, each.line, each.element) for each in delivery.findings]


@pytest.fixture
def served(application: Application, service: Service) -> Service:
    """One that has delivered a case."""
    deliver(application, service.folder(1, "2024-12-31", ["2023-03-01", "2024-03-01"]), service.folder(2, "2023-01-02"))
    return service


def test_they_fill_the_fields_that_no_case_gives(application: Application, served: Service) -> None:
    taken = deliver(application, served.figures(f"2024,{STAFF},12.5,agresso", f"2024,{VACANT},0.5,"))
    assert (taken.delivery_status, taken.format, taken.organizations) == ("taken", "figures", [served.organization_id])
    made = aggregate(application, served.organization_id, "2024").snapshot_id
    assert (field(application, made, STAFF).value, field(application, made, STAFF).data_source) == (12.5, "agresso")
    assert (field(application, made, VACANT).value, field(application, made, VACANT).data_source) == (0.5, "manuell")
    assert (
        application.snapshots.page(served.organization_id, None, None, 1, 10)[0][0].populated_field_count == 33
    )  # a share of none is null


@pytest.mark.parametrize(("given", "shown"), [("12.25", 12.3), ("12.249", 12.2), ("-0.25", -0.3), ("13", 13.0)])
def test_they_have_one_decimal(application: Application, served: Service, given: str, shown: float) -> None:
    """Contract G3; half up."""
    deliver(application, served.figures(f"2024,{STAFF},{given},"))
    made = aggregate(application, served.organization_id, "2024").snapshot_id
    assert f'"field_key":"{STAFF}","value":{shown},'.encode() in application.snapshots.document(made).body


def test_without_them_value_and_data_source_are_null(application: Application, served: Service) -> None:
    """`domain.md` 6.2."""
    made = aggregate(application, served.organization_id, "2024").snapshot_id
    assert (field(application, made, STAFF).value, field(application, made, STAFF).data_source) == (None, None)
    assert field(application, made, COMPUTED).data_source == "fagsystem-testsystem"
    assert application.snapshots.page(served.organization_id, None, None, 1, 10)[0][0].populated_field_count == 31


def test_an_empty_value_takes_the_figure_away(application: Application, served: Service) -> None:
    deliver(application, served.figures(f"2024,{STAFF},12.5,", f"2024,{VACANT},1,"))
    first = aggregate(application, served.organization_id, "2024").snapshot_id
    deliver(application, served.figures(f"2024,{STAFF},,"))
    assert not document(application, first).cache_valid
    second = aggregate(application, served.organization_id, "2024").snapshot_id
    assert (field(application, second, STAFF).value, field(application, second, STAFF).data_source) == (None, None)
    assert field(application, second, VACANT).value == 1


def test_a_later_one_replaces_an_earlier(application: Application, served: Service) -> None:
    deliver(application, served.figures(f"2024,{STAFF},12.5,", f"2024,{STAFF},13,"))
    deliver(application, served.figures(f"2024,{STAFF},14,lonn"))
    made = aggregate(application, served.organization_id, "2024").snapshot_id
    assert (field(application, made, STAFF).value, field(application, made, STAFF).data_source) == (14, "lonn")


def test_they_make_exactly_their_period_stale(application: Application, served: Service) -> None:
    snapshots = {period: aggregate(application, served.organization_id, period).snapshot_id for period in ("2023", "2024", "2024-H1")}
    place = application.events.newest()
    deliver(application, served.figures(f"2024,{STAFF},12.5,"))
    assert {period: document(application, snapshot).cache_valid for period, snapshot in snapshots.items()} == {
        "2023": True,
        "2024": False,
        "2024-H1": True,
    }
    told = events(application, place)
    assert sorted(kinds(told)) == ["cache_invalidated", "source_received"]
    assert {event.period_id for event in told if event.type == "cache_invalidated"} == {"2024"}


@pytest.mark.parametrize(
    ("line", "stale"), [("12.5,lonn", False), ("12.50,lonn", False), ("12.6,lonn", True), ("12.5,annen", True), (",", True)]
)
def test_the_same_again_changes_nothing(application: Application, served: Service, line: str, stale: bool) -> None:
    deliver(application, served.figures(f"2024,{STAFF},12.5,lonn"))
    made = aggregate(application, served.organization_id, "2024").snapshot_id
    deliver(application, served.figures(f"2024,{STAFF},{line}"))
    assert document(application, made).cache_valid == (not stale)


def test_what_is_not_there_can_be_taken_away_without_effect(application: Application, served: Service) -> None:
    made = aggregate(application, served.organization_id, "2024").snapshot_id
    deliver(application, served.figures(f"2024,{STAFF},,"))
    assert document(application, made).cache_valid


def test_an_unknown_organisation_is_refused_with_its_line(application: Application, served: Service) -> None:
    lines = f"org-nowhere,2024,{STAFF},1,\n{served.organization_id},2024,{STAFF},2,"
    taken = deliver(application, f"organization_id,period_id,field_key,value,data_source\n{lines}".encode())
    assert wrong(taken) == [("error", "csv_unknown_organization", 2, "organization_id")]
    assert (taken.delivery_status, taken.organizations) == ("taken", [served.organization_id])
    made = aggregate(application, served.organization_id, "2024").snapshot_id
    assert field(application, made, STAFF).value == 2


@pytest.mark.parametrize("key", [COMPUTED, "antall_barn_med_tiltak", "antall_noe_annet"])
def test_a_field_that_is_computed_or_unknown_is_refused_with_its_line(application: Application, served: Service, key: str) -> None:
    """An auxiliary value of the catalogue is no field either."""
    taken = deliver(application, served.figures(f"2024,{STAFF},2,", f"2024,{key},99,"))
    assert wrong(taken) == [("error", "csv_field", 3, "field_key")]
    made = aggregate(application, served.organization_id, "2024").snapshot_id
    assert (field(application, made, STAFF).value, field(application, made, COMPUTED).value) == (2, 1)


def test_what_is_no_number_is_refused_with_its_line(application: Application, served: Service) -> None:
    taken = deliver(application, served.figures(f"2024,{STAFF},mange,", f"2024,{VACANT},1e3,", f"2024-Q1,{STAFF},1,"))
    assert wrong(taken) == [
        ("error", "csv_value", 2, "value"),
        ("error", "csv_value", 3, "value"),
        ("error", "csv_period", 4, "period_id"),
    ]
    assert taken.organizations == []


def test_an_organisation_may_be_listed_in_the_same_delivery(application: Application, service: Service) -> None:
    """Whatever the order of the files: figures wait for the end of it."""
    taken = deliver(application, service.figures(f"2024,{STAFF},3,"), service.listing(service.organization_id, "Et navn"))
    assert (taken.finding_count, taken.organizations, taken.format) == (0, [service.organization_id], "mixed")


def test_figures_alone_are_no_source(application: Application, service: Service) -> None:
    """There is nothing to aggregate without data of cases (`domain.md` 5.3)."""
    deliver(application, service.listing(service.organization_id, "Et navn"), service.figures(f"2024,{STAFF},3,"))
    assert service.document(application).sources == []
    assert not application.previews.read(service.organization_id, "2024").has_source
