"""Every route of the API on one screen: path, handler, and by method who may call it and its operation id."""

from typing import Any

from api_handlers import openapi
from api_handlers.base import API, REPORT_DATA, NoSuchResource
from api_handlers.event_broadcaster import Broadcaster
from api_handlers.operations import METHODS, Policy, Route, operation_of
from api_handlers.resources.deliveries import Deliveries, Delivery
from api_handlers.resources.finding_codes import FindingCodes
from api_handlers.resources.health import Livez, Readyz
from api_handlers.resources.jobs import Job
from api_handlers.resources.organizations import Organizations
from api_handlers.resources.report_fields import ReportFields
from api_handlers.resources.snapshots import Snapshot, Snapshots
from api_handlers.watch import Watch
from preview.runtime.application import Application

PUBLIC = Policy.PUBLIC

# The customer writes the six paths with their base twice (contract G1): `doubled` serves that form too. `watch` stands before the ids.
ROUTES = (
    Route(REPORT_DATA, Snapshots, {"get": (PUBLIC, "listSnapshots"), "post": (PUBLIC, "requestSnapshot")}, doubled=REPORT_DATA),
    Route(f"{REPORT_DATA}/watch", Watch, {"get": (PUBLIC, "watchChanges")}, doubled=REPORT_DATA),
    Route(
        f"{REPORT_DATA}/{{snapshot_id}}",
        Snapshot,
        {"get": (PUBLIC, "getSnapshot"), "put": (PUBLIC, "invalidateSnapshot"), "delete": (PUBLIC, "deleteSnapshot")},
        doubled=REPORT_DATA,
    ),
    Route(f"{API}/jobs/{{job_id}}", Job, {"get": (PUBLIC, "getJob")}),
    Route(f"{API}/organizations", Organizations, {"get": (PUBLIC, "listOrganizations")}),
    Route(f"{API}/report-fields", ReportFields, {"get": (PUBLIC, "getReportFields")}),
    Route(f"{API}/deliveries", Deliveries, {"get": (PUBLIC, "listDeliveries"), "post": (PUBLIC, "deliver")}),
    Route(f"{API}/deliveries/{{delivery_id}}", Delivery, {"get": (PUBLIC, "getDelivery")}),
    Route(f"{API}/finding-codes", FindingCodes, {"get": (PUBLIC, "getFindingCodes")}),
    Route("/openapi.json", openapi.OpenApi, {"get": (PUBLIC, "getOpenApi")}),
    Route("/livez", Livez, {"get": (PUBLIC, "isAlive")}),
    Route("/readyz", Readyz, {"get": (PUBLIC, "isReady")}),
)


def routes(application: Application, broadcaster: Broadcaster | None = None) -> list[tuple[str, type, dict[str, Any]]]:
    """The rules for Tornado (`extra_patterns` of `pn.serve`). Give a broadcaster of your own to `drain` it when the program stops."""
    check_policies()
    given = {"preview": application, "broadcaster": broadcaster or Broadcaster(application)}
    described = given | {"document": openapi.describe(ROUTES, application.settings.prefix)}
    rules = [(route.pattern(), route.handler, described if route.handler is openapi.OpenApi else given) for route in ROUTES]
    return [*rules, (f"{API.rpartition('/')[0]}(?:/.*)?", NoSuchResource, given)]


def check_policies() -> None:
    """Raises `AssertionError` where a method of a handler is without a policy, or a policy without a method."""
    for route in ROUTES:
        taken = {method for method in METHODS if operation_of(route.handler, method)}
        assert taken == set(route.operations), f"{route.path}: {sorted(taken ^ set(route.operations))}"
