"""The OpenAPI description matches the shapes of the API and what the server does."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api_handlers.openapi import EVENT_TYPES, build_spec
from api_handlers.routes import ROUTES
from tests.api_handlers.in_process_server import InProcessServer, run_in_process_server
from tests.api_handlers.sse_client import open_stream
from tests.contract.scenario_fixtures import ChildWelfareService, base_delivery
from tests.contract.schema_shapes import SHAPES

SHAPE_BY_COMPONENT = {
    "SnapshotSummary": "summary",
    "Pagination": "pagination",
    "SnapshotPage": "snapshots",
    "FieldValue": "field",
    "SectionValues": "section",
    "PriorPeriod": "prior_period",
    "SnapshotDocument": "document",
    "SnapshotRequested": "requested",
    "SnapshotInvalidated": "invalidated",
    "SnapshotDeletion": "deleted",
    "JobDocument": "job",
    "OrganizationDocument": "organization",
    "DeliveryReceipt": "receipt",
    "DeliveryDocument": "delivery",
    "DeliverySummary": "listed_delivery",
    "ReportForm": "form",
    "ReportField": "form_field",
    "FindingDocument": "finding",
    "ActivityPage": "activities",
    "Activity": "activity",
    "ValueChange": "value_change",
    "ReportChanges": "changes",
    "FieldChange": "field_change",
    "FindingCodeDocument": "finding_code",
}


class ExampleService(ChildWelfareService):
    """A service with the id that the description gives as an example."""

    @property
    def organization_id(self) -> str:
        return "org-1042"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return msgspec.json.decode(build_spec(ROUTES, ""))


@pytest.mark.parametrize(("component", "shape"), SHAPE_BY_COMPONENT.items())
def test_schema_keys_match_shapes_in_order(document: dict[str, Any], component: str, shape: str) -> None:
    schema = document["components"]["schemas"][component]
    assert list(schema["properties"]) == schema["required"] == list(SHAPES[shape])
    assert schema["additionalProperties"] is False


def test_every_event_type_is_described(document: dict[str, Any]) -> None:
    described = document["paths"]["/api/v1/aggregated-report-data/watch"]["get"]["responses"]["200"]["content"][
        "text/event-stream"
    ]
    kinds = [str(event.__struct_config__.tag) for event in EVENT_TYPES]
    assert list(described["x-event-data"]) == kinds
    for kind, event in zip(kinds, EVENT_TYPES, strict=True):
        assert list(document["components"]["schemas"][event.__name__]["properties"]) == list(SHAPES[kind])


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    described = {
        (path, method)
        for path, item in document["paths"].items()
        for method in item
        if method in ("get", "post", "put", "delete")
    }
    assert described == {(route.path, method) for route in ROUTES for method in route.operations}


def test_faults_of_every_operation_are_described(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method in set(item) & {"get", "post", "put", "delete"}:
            responses = item[method]["responses"]
            assert {"406", "421", "422", "503"} <= set(responses), (method, path)
            assert ("507" in responses) == ("403" in responses) == (method != "get"), (method, path)
            for status in {"429", "503", "507"} & set(responses):
                assert "Retry-After" in responses[status]["headers"], (method, path)


def test_every_request_part_is_described(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method in set(item) & {"get", "post", "put", "delete"}:
            headers = [parameter for parameter in item[method]["parameters"] if parameter["in"] == "header"]
            assert all(header["description"] for header in headers), (method, path)
            for media_type, content in item[method].get("requestBody", {"content": {}})["content"].items():
                reference = content["schema"].get("$ref", "").rpartition("/")[2]
                schema = document["components"]["schemas"][reference] if reference else content["schema"]
                assert schema["description"].endswith("."), (method, path, media_type)


@pytest.mark.slow
def test_server_conforms_to_openapi_many_examples(data_dir: Path) -> None:
    """Run all phases of Schemathesis. The only stream is in use, so that its own ones are answered and closed."""
    with (
        run_in_process_server(data_dir, max_streams=1) as server,
        open_stream(server.url, "/api/v1/aggregated-report-data/watch"),
    ):
        service = ExampleService(958935420)
        server.deliver(service.listing("Barnevernstjenesten Oslo Sør"))
        server.deliver(*base_delivery(service))
        position = server.application.event_log.last_event_id()
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            *("--config-file", str(Path(__file__).with_name("schemathesis.toml"))),
            *("run", f"{server.url}/openapi.json", "--max-examples", "300", "--seed", "1"),
            *("--generation-database", "none", "--suppress-health-check", "all", "--no-color"),
        ]
        run = subprocess.run(command, cwd=data_dir, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout
        operations = sum(len(route.operations) for route in ROUTES) - 1  # the description itself is not tested
        assert f"Tested: {operations}" in run.stdout
        assert event_types_since(server, position) >= {"snapshot_created", "aggregation_completed"}, (
            "no request was valid"
        )


def event_types_since(server: InProcessServer, position: int) -> set[str]:
    """Return the types of the events after a log position."""
    return {row.type for row in server.application.event_log.read_after(position, 10_000)}
