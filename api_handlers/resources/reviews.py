"""Resource reviews: the list, one review, and its approval (rules R1 to R4, docs/api.md)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from api_handlers.base import API_PATH, ApiHandler
from api_handlers.operations import operation
from api_handlers.pagination import Pagination
from api_handlers.request_parsing import NOT_BLANK, OrganizationId, PageParams, PeriodId
from preview.model.resources import MAX_REASON_LENGTH
from preview.model.reviews import MAX_NAME_LENGTH, ApprovalDocument, ReviewDocument, ReviewStatus

REVIEWS_PATH = f"{API_PATH}/reviews"

SnapshotId = Annotated[str, Meta(title="the id of a snapshot", pattern=r"^snap-[0-9]{3,18}$", examples=["snap-001"])]
Reason = Annotated[
    str,
    Meta(
        title=f"text of 1 to {MAX_REASON_LENGTH} characters, not only white space",
        min_length=1,
        max_length=MAX_REASON_LENGTH,
        pattern=NOT_BLANK,
    ),
]
Note = Annotated[
    str,
    Meta(
        title=f"text of 1 to {MAX_REASON_LENGTH} characters, not only white space, or null",
        min_length=1,
        max_length=MAX_REASON_LENGTH,
        pattern=NOT_BLANK,
        extra={"nullable": True},
    ),
]
StatedName = Annotated[
    str,
    Meta(
        title=f"text of 1 to {MAX_NAME_LENGTH} characters, not only white space, or null",
        min_length=1,
        max_length=MAX_NAME_LENGTH,
        pattern=NOT_BLANK,
        extra={"nullable": True},
    ),
]
ReviewStatusFilter = Annotated[ReviewStatus, Meta(title="open, approved or changed")]


class ReviewListQuery(PageParams, frozen=True):
    """Query of the list: optional filters."""

    organization_id: OrganizationId | None = None
    period_id: PeriodId | None = None
    review_status: ReviewStatusFilter | None = None


class ReviewPage(msgspec.Struct, frozen=True):
    """A page of the list of reviews."""

    data: list[ReviewDocument]
    pagination: Pagination


class ApprovalRequest(msgspec.Struct, frozen=True):
    """An approval of the snapshot that was seen. The texts must name no person but the one who approves."""

    snapshot_id: SnapshotId
    note: Note | None = None
    stated_name: StatedName | None = None


class WithdrawalRequest(msgspec.Struct, frozen=True):
    """A withdrawal. `reason` is stored, so it must name no person."""

    reason: Reason


class ApprovalList(msgspec.Struct, frozen=True):
    """Every approval of a report, newest first."""

    data: list[ApprovalDocument]


class ReviewListHandler(ApiHandler):
    """The list of reviews."""

    @operation(
        query=ReviewListQuery,
        responses={200: ReviewPage, 304: None},
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID", "Link"),
    )
    async def get(self, query: ReviewListQuery) -> None:
        """List reviews, newest period first."""
        rows, total, last_event_id = await self.run_blocking(
            self.services.reviews.query.page,
            query.organization_id,
            query.period_id,
            query.review_status,
            query.page,
            query.limit,
        )
        page = ReviewPage(rows, self.paginate(REVIEWS_PATH, query, total))
        self.send_json(page, last_event_id=last_event_id)


class ReviewHandler(ApiHandler):
    """One review."""

    @operation(
        responses={200: ReviewDocument, 304: None},
        problem_statuses=(404,),
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID"),
    )
    async def get(self, organization_id: str, period_id: str) -> None:
        """Get the review of a report: what was decided, what has changed since, and what blocks an approval."""
        rendered, last_event_id = await self.run_blocking(self.services.reviews.query.get, organization_id, period_id)
        self.set_header("Last-Event-ID", str(last_event_id))
        self.send_versioned(rendered.body, rendered.etag)


class ApprovalHandler(ApiHandler):
    """The approval of a report that is in force."""

    @operation(
        body=ApprovalRequest,
        responses={200: ReviewDocument},
        problem_statuses=(400, 403, 404, 409, 412, 413, 415, 428),
        request_headers=("If-Match",),
    )
    async def put(self, organization_id: str, period_id: str, body: ApprovalRequest) -> None:
        """Approve the document that `If-Match` names; 409 says what blocks it."""
        approve = self.services.reviews.approvals.approve
        review = await self.run_blocking(
            approve,
            organization_id,
            period_id,
            body.snapshot_id,
            self.request.headers.get("If-Match"),
            self.actor,
            is_named=self.is_actor_named,
            note=body.note,
            stated_name=body.stated_name,
        )
        self._changed_id = review.snapshot_id
        self.send_json(review)

    @operation(
        body=WithdrawalRequest,
        responses={200: ReviewDocument},
        problem_statuses=(400, 403, 404, 412, 413, 415),
        request_headers=("If-Match",),
    )
    async def delete(self, organization_id: str, period_id: str, body: WithdrawalRequest) -> None:
        """Withdraw the approval in force."""
        if_match = self.request.headers.get("If-Match")
        withdraw = self.services.reviews.approvals.withdraw
        review = await self.run_blocking(withdraw, organization_id, period_id, body.reason, self.actor, if_match)
        self._changed_id = review.snapshot_id
        self.send_json(review)


class ApprovalListHandler(ApiHandler):
    """All approvals of a report."""

    @operation(
        responses={200: ApprovalList, 304: None},
        problem_statuses=(404,),
        request_headers=("If-None-Match",),
        response_headers=("ETag",),
    )
    async def get(self, organization_id: str, period_id: str) -> None:
        """List every approval of a report, newest first, withdrawn ones too."""
        self.send_json(
            ApprovalList(await self.run_blocking(self.services.reviews.approvals.list, organization_id, period_id))
        )


class ApprovedDocumentHandler(ApiHandler):
    """A document as it was approved."""

    @operation(
        responses={200: msgspec.Raw, 304: None},
        problem_statuses=(404,),
        request_headers=("If-None-Match",),
        response_headers=("ETag",),
    )
    async def get(self, organization_id: str, period_id: str, approval_id: str) -> None:
        """Get the document of a snapshot as it was approved, byte for byte."""
        document = self.services.reviews.approvals.document
        self.send_versioned(*await self.run_blocking(document, organization_id, period_id, approval_id))
