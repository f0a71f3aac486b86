"""Resource snapshots: list, get, request, invalidate and delete (rules 1 to 5, docs/api.md)."""

from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from api_handlers.base import REPORT_DATA_PATH, ApiHandler
from api_handlers.operations import operation
from api_handlers.pagination import Pagination
from api_handlers.request_parsing import (
    NOT_BLANK,
    BooleanParam,
    OrganizationId,
    PageParams,
    PeriodId,
    SnapshotStatusFilter,
)
from preview.model.resources import (
    MAX_REASON_LENGTH,
    SnapshotDeletion,
    SnapshotDocument,
    SnapshotInvalidated,
    SnapshotRequested,
    SnapshotSummary,
)
from preview.runtime.idempotency import StoredResponse

ConfirmationParam = Annotated[bool, Meta(title="true", extra_json_schema={"const": True})]
InvalidationReason = Annotated[
    str,
    Meta(
        title=f"text of 1 to {MAX_REASON_LENGTH} characters, not only white space",
        min_length=1,
        max_length=MAX_REASON_LENGTH,
        pattern=NOT_BLANK,
    ),
]


class SnapshotQuery(PageParams, frozen=True):
    """Query of the list: optional filters."""

    organization_id: OrganizationId | None = None
    period_id: PeriodId | None = None
    snapshot_status: SnapshotStatusFilter | None = None


class SnapshotPage(msgspec.Struct, frozen=True):
    """A page of the list of snapshots."""

    data: list[SnapshotSummary]
    pagination: Pagination


class SnapshotRequest(msgspec.Struct, frozen=True):
    """Request of an aggregation. `force_reaggregate` makes a new snapshot although the last one is valid."""

    organization_id: OrganizationId
    period_id: PeriodId
    force_reaggregate: BooleanParam = False


class InvalidationRequest(msgspec.Struct, frozen=True):
    """Request to aggregate a snapshot again. `invalidate_cache` must be true; `reason` is stored in the
    audit trail, so it must name no person.
    """

    invalidate_cache: ConfirmationParam
    reason: InvalidationReason


class SnapshotListHandler(ApiHandler):
    """The list of snapshots, and requests for a new one."""

    @operation(
        query=SnapshotQuery,
        responses={200: SnapshotPage, 304: None},
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID", "Link"),
    )
    async def get(self, query: SnapshotQuery) -> None:
        """List snapshots across all periods, newest period first."""
        rows, total, last_event_id = await self.run_blocking(
            self.services.snapshots.page,
            query.organization_id,
            query.period_id,
            query.snapshot_status,
            query.page,
            query.limit,
        )
        page = SnapshotPage(rows, self.paginate(REPORT_DATA_PATH, query, total))
        self.send_json(page, last_event_id=last_event_id)

    @operation(
        body=SnapshotRequest,
        responses={200: SnapshotRequested, 202: SnapshotRequested},
        problem_statuses=(400, 409, 413, 415),
        request_headers=("Idempotency-Key",),
        response_headers=("Location",),
    )
    async def post(self, body: SnapshotRequest) -> None:
        """Request an aggregation: returns a new snapshot, the one in progress, or the one that is still valid."""
        request = partial(
            self.services.snapshots.request, body.organization_id, body.period_id, body.force_reaggregate, self.actor
        )
        await self.respond_idempotently("snapshots", request, self._to_response)

    def _to_response(self, result: tuple[SnapshotRequested, bool]) -> StoredResponse:
        requested, is_pending = result
        location = self.external_path(f"{REPORT_DATA_PATH}/{requested.snapshot_id}")
        return StoredResponse(202 if is_pending else 200, location, msgspec.json.encode(requested))


class SnapshotHandler(ApiHandler):
    """One snapshot with every field."""

    @operation(
        responses={200: SnapshotDocument, 304: None},
        problem_statuses=(404,),
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID"),
    )
    async def get(self, snapshot_id: str) -> None:
        """Get one snapshot with every field, current and prior period."""
        rendered = await self.run_blocking(self.services.snapshots.get, snapshot_id)
        self.set_header("Last-Event-ID", str(rendered.position))
        self.send_versioned(rendered.body, rendered.etag)

    @operation(
        body=InvalidationRequest,
        responses={202: SnapshotInvalidated},
        problem_statuses=(400, 404, 412, 413, 415),
        request_headers=("If-Match",),
    )
    async def put(self, snapshot_id: str, body: InvalidationRequest) -> None:
        """Invalidate the cache of a snapshot and aggregate it again under the same id."""
        if_match = self.request.headers.get("If-Match")
        invalidate = self.services.snapshots.invalidate
        invalidated = await self.run_blocking(invalidate, snapshot_id, body.reason, self.actor, if_match)
        self._changed_id = snapshot_id  # It exists, so it is an id and no other text.
        self.send_json(invalidated, 202)

    @operation(
        responses={200: SnapshotDeletion},
        problem_statuses=(404, 412),
        request_headers=("If-Match",),
    )
    async def delete(self, snapshot_id: str) -> None:
        """Delete a snapshot and its cached document."""
        if_match = self.request.headers.get("If-Match")
        deletion = await self.run_blocking(self.services.snapshots.delete, snapshot_id, self.actor, if_match)
        self._changed_id = snapshot_id  # It existed, so it is an id and no other text.
        self.send_json(deletion)
