"""Table of all API routes: path, handler, and the policy and operation id of each method."""

from collections.abc import Iterable
from typing import Any

from api_handlers import openapi
from api_handlers.base import API_PATH, REPORT_DATA_PATH
from api_handlers.event_broadcaster import EventBroadcaster
from api_handlers.operations import METHODS, Policy, Route, declared_operation
from api_handlers.resources.activity import ACTIVITY_PATH, ActivityHandler
from api_handlers.resources.changes import ChangesHandler
from api_handlers.resources.deliveries import DeliveryHandler, DeliveryListHandler
from api_handlers.resources.deviation_rules import DeviationRulesHandler
from api_handlers.resources.deviations import DeviationListHandler
from api_handlers.resources.finding_codes import FindingCodesHandler
from api_handlers.resources.health import LivenessHandler, ReadinessHandler
from api_handlers.resources.jobs import JobHandler
from api_handlers.resources.not_found import NotFoundHandler
from api_handlers.resources.organizations import OrganizationListHandler
from api_handlers.resources.report_fields import ReportFieldsHandler
from api_handlers.resources.reporting_period import ReportingPeriodHandler
from api_handlers.resources.review_details import AcknowledgementHandler, CommentHandler, CommentListHandler
from api_handlers.resources.reviews import (
    REVIEWS_PATH,
    ApprovalHandler,
    ApprovalListHandler,
    ApprovedDocumentHandler,
    ReviewHandler,
    ReviewListHandler,
)
from api_handlers.resources.snapshots import SnapshotHandler, SnapshotListHandler
from api_handlers.resources.totals import FieldHandler, TotalsHandler
from api_handlers.watch import WatchHandler
from preview.runtime.application import Application

PUBLIC = Policy.PUBLIC
REVIEW_PATH = f"{REVIEWS_PATH}/{{organization_id}}/{{period_id}}"

# The six endpoints are also served with their base path given twice (rule G1, docs/api.md). The first match is used,
# so `watch` precedes the snapshot ids.
ROUTES = (
    Route(
        REPORT_DATA_PATH,
        SnapshotListHandler,
        {"get": (PUBLIC, "listSnapshots"), "post": (PUBLIC, "requestSnapshot")},
        duplicate_prefix=REPORT_DATA_PATH,
    ),
    Route(
        f"{REPORT_DATA_PATH}/watch", WatchHandler, {"get": (PUBLIC, "watchChanges")}, duplicate_prefix=REPORT_DATA_PATH
    ),
    Route(
        f"{REPORT_DATA_PATH}/{{snapshot_id}}",
        SnapshotHandler,
        {"get": (PUBLIC, "getSnapshot"), "put": (PUBLIC, "invalidateSnapshot"), "delete": (PUBLIC, "deleteSnapshot")},
        duplicate_prefix=REPORT_DATA_PATH,
    ),
    Route(
        f"{API_PATH}/snapshots/{{snapshot_id}}/deviations", DeviationListHandler, {"get": (PUBLIC, "listDeviations")}
    ),
    Route(f"{API_PATH}/jobs/{{job_id}}", JobHandler, {"get": (PUBLIC, "getJob")}),
    Route(f"{API_PATH}/organizations", OrganizationListHandler, {"get": (PUBLIC, "listOrganizations")}),
    Route(f"{API_PATH}/report-fields", ReportFieldsHandler, {"get": (PUBLIC, "getReportFields")}),
    Route(f"{API_PATH}/deviation-rules", DeviationRulesHandler, {"get": (PUBLIC, "getDeviationRules")}),
    Route(
        f"{API_PATH}/deliveries", DeliveryListHandler, {"get": (PUBLIC, "listDeliveries"), "post": (PUBLIC, "deliver")}
    ),
    Route(f"{API_PATH}/deliveries/{{delivery_id}}", DeliveryHandler, {"get": (PUBLIC, "getDelivery")}),
    Route(f"{API_PATH}/finding-codes", FindingCodesHandler, {"get": (PUBLIC, "getFindingCodes")}),
    Route(f"{API_PATH}/reporting-period", ReportingPeriodHandler, {"get": (PUBLIC, "getReportingPeriod")}),
    Route(REVIEWS_PATH, ReviewListHandler, {"get": (PUBLIC, "listReviews")}),
    Route(REVIEW_PATH, ReviewHandler, {"get": (PUBLIC, "getReview")}),
    Route(
        f"{REVIEW_PATH}/approval",
        ApprovalHandler,
        {"put": (PUBLIC, "approveReport"), "delete": (PUBLIC, "withdrawApproval")},
    ),
    Route(f"{REVIEW_PATH}/approvals", ApprovalListHandler, {"get": (PUBLIC, "listApprovals")}),
    Route(
        f"{REVIEW_PATH}/approvals/{{approval_id}}", ApprovedDocumentHandler, {"get": (PUBLIC, "getApprovedDocument")}
    ),
    Route(
        f"{REVIEW_PATH}/acknowledgements/{{rule}}/{{field_key}}",
        AcknowledgementHandler,
        {"put": (PUBLIC, "acknowledgeDeviation"), "delete": (PUBLIC, "deleteAcknowledgement")},
    ),
    Route(
        f"{REVIEW_PATH}/comments",
        CommentListHandler,
        {"get": (PUBLIC, "listComments"), "post": (PUBLIC, "addComment")},
    ),
    Route(
        f"{REVIEW_PATH}/comments/{{comment_id}}",
        CommentHandler,
        {"put": (PUBLIC, "editComment"), "delete": (PUBLIC, "deleteComment")},
    ),
    Route(f"{API_PATH}/totals", TotalsHandler, {"get": (PUBLIC, "getTotals")}),
    Route(f"{API_PATH}/fields/{{field_key}}", FieldHandler, {"get": (PUBLIC, "listFieldValues")}),
    Route(ACTIVITY_PATH, ActivityHandler, {"get": (PUBLIC, "listActivity")}),
    Route(f"{API_PATH}/changes", ChangesHandler, {"get": (PUBLIC, "getChanges")}),
    Route("/openapi.json", openapi.OpenApiHandler, {"get": (PUBLIC, "getOpenApi")}),
    Route("/livez", LivenessHandler, {"get": (PUBLIC, "isAlive")}),
    Route("/readyz", ReadinessHandler, {"get": (PUBLIC, "isReady")}),
)


def build_routes(
    application: Application, broadcaster: EventBroadcaster | None = None
) -> list[tuple[str, type, dict[str, Any]]]:
    """Return the URL rules for Tornado.

    Args:
        application: The services behind the API.
        broadcaster: Sends events to streams; give one to `drain` it at shutdown. A new one by default.
    """
    check_policies()
    handler_arguments = {"services": application, "broadcaster": broadcaster or EventBroadcaster(application)}
    spec_arguments = handler_arguments | {"spec": openapi.build_spec(ROUTES, application.settings.prefix)}
    url_rules = [
        (
            route.pattern(),
            route.handler,
            (spec_arguments if route.handler is openapi.OpenApiHandler else handler_arguments) | {"route": route.path},
        )
        for route in ROUTES
    ]
    return [*url_rules, (f"{API_PATH.rpartition('/')[0]}(?:/.*)?", NotFoundHandler, handler_arguments)]


def check_policies(routes: Iterable[Route] = ROUTES) -> None:
    """Raise `AssertionError` if a declared method has no policy, or a policy no method."""
    for route in routes:
        declared = {method for method in METHODS if declared_operation(route.handler, method)}
        assert declared == set(route.operations), f"{route.path}: {sorted(declared ^ set(route.operations))}"
