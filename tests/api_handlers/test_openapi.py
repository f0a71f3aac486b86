"""The description of the API agrees with the contract and with what the server does."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api_handlers.openapi import EVENTS, describe
from api_handlers.routes import ROUTES
from tests.api_handlers.in_process_server import Served, serving
from tests.api_handlers.sse_client import watching
from tests.contract.scenario_fixtures import Service, plain
from tests.contract.schema_shapes import SHAPES

COMPONENTS = {
    "Summary": "summary",
    "Pagination": "pagination",
    "SnapshotPage": "snapshots",
    "FieldValue": "field",
    "SectionValues": "section",
    "PriorPeriod": "prior_period",
    "Document": "document",
    "Requested": "requested",
    "Invalidated": "invalidated",
    "Deleted": "deleted",
    "JobDocument": "job",
    "OrganizationDocument": "organization",
    "DeliveryReceipt": "receipt",
    "DeliveryDocument": "delivery",
    "DeliverySummary": "listed_delivery",
    "ReportForm": "form",
    "ReportField": "form_field",
    "FindingDocument": "finding",
    "FindingCode": "finding_code",
}


class Example(Service):
    """The organisation of the contract's examples, which the description names too."""

    @property
    def organization_id(self) -> str:
        return "org-1042"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return msgspec.json.decode(describe(ROUTES, ""))


@pytest.mark.parametrize(("component", "shape"), COMPONENTS.items())
def test_it_shows_the_contract_s_keys_in_order_and_no_others(document: dict[str, Any], component: str, shape: str) -> None:
    schema = document["components"]["schemas"][component]
    assert list(schema["properties"]) == schema["required"] == list(SHAPES[shape])
    assert schema["additionalProperties"] is False


def test_it_shows_every_event(document: dict[str, Any]) -> None:
    described = document["paths"]["/api/v1/aggregated-report-data/watch"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    kinds = [str(event.__struct_config__.tag) for event in EVENTS]
    assert list(described["x-event-data"]) == kinds
    for kind, event in zip(kinds, EVENTS, strict=True):
        assert list(document["components"]["schemas"][event.__name__]["properties"]) == list(SHAPES[kind])


def test_it_shows_every_operation(document: dict[str, Any]) -> None:
    described = {
        (path, method) for path, item in document["paths"].items() for method in item if method in ("get", "post", "put", "delete")
    }
    assert described == {(route.path, method) for route in ROUTES for method in route.operations}


def test_the_server_agrees_with_it(data_dir: Path) -> None:
    """A small budget; `make slow` spends more."""
    explore(data_dir, examples=5)


@pytest.mark.slow
def test_the_server_agrees_with_it_at_length(data_dir: Path) -> None:
    explore(data_dir, examples=300)


def explore(data_dir: Path, examples: int) -> None:
    """Schemathesis in all its phases. Its one stream is taken, so that each further one is answered and closed."""
    with serving(data_dir, max_streams=1) as served, watching(served.url, "/api/v1/aggregated-report-data/watch"):
        service = Example(958935420)
        served.deliver(service.listing("Barnevernstjenesten Oslo Sør"))
        served.deliver(*plain(service))
        place = served.application.events.newest()
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            *("--config-file", str(Path(__file__).with_name("schemathesis.toml"))),
            *("run", f"{served.url}/openapi.json", "--max-examples", str(examples), "--seed", "1"),
            *("--generation-database", "none", "--suppress-health-check", "all", "--no-color"),
        ]
        run = subprocess.run(command, cwd=data_dir, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout
        assert "Tested: 15" in run.stdout
        assert happened(served, place) >= {"snapshot_created", "aggregation_completed"}, "it did not get past the door"


def happened(served: Served, place: int) -> set[str]:
    """The types of the events since."""
    return {row.type for row in served.application.events.after(place, 10_000)}
