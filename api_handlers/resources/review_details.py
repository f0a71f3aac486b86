"""Resources of a review's details: acknowledged deviations and comments (rules R5 and R6, docs/api.md)."""

from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from api_handlers.pagination import Pagination
from api_handlers.request_parsing import NOT_BLANK, BooleanParam, PageParams
from api_handlers.resources.reviews import REVIEWS_PATH, Reason
from preview.model.reviews import MAX_COMMENT_LENGTH, CommentDocument, ReviewDocument
from preview.runtime.idempotency import StoredResponse

FieldKey = Annotated[
    str, Meta(title="the key of a field, or null", pattern=r"^[a-z0-9_]{1,80}$", extra={"nullable": True})
]
CommentText = Annotated[
    str,
    Meta(
        title=f"text of 1 to {MAX_COMMENT_LENGTH} characters, not only white space",
        min_length=1,
        max_length=MAX_COMMENT_LENGTH,
        pattern=NOT_BLANK,
    ),
]


class AcknowledgementRequest(msgspec.Struct, frozen=True):
    """Why a deviation is right as it is. `reason` is stored, so it must name no person."""

    reason: Reason


class CommentRequest(msgspec.Struct, frozen=True):
    """A comment on a field, or on the whole report without one. It is stored, so it must name no person."""

    text: CommentText
    field_key: FieldKey | None = None


class CommentEdit(msgspec.Struct, frozen=True):
    """What changes of a comment."""

    text: CommentText | None = None
    resolved: BooleanParam | None = None


class CommentPage(msgspec.Struct, frozen=True):
    """A page of the comments of a report."""

    data: list[CommentDocument]
    pagination: Pagination


class CommentDeletion(msgspec.Struct, frozen=True):
    """Response to the deletion of a comment."""

    deleted: bool
    comment_id: str


class AcknowledgementHandler(ApiHandler):
    """The acknowledgement of one deviation."""

    @operation(
        body=AcknowledgementRequest,
        responses={200: ReviewDocument},
        problem_statuses=(400, 403, 404, 409, 412, 413, 415),
        request_headers=("If-Match",),
    )
    async def put(
        self, organization_id: str, period_id: str, rule: str, field_key: str, body: AcknowledgementRequest
    ) -> None:
        """Acknowledge a warning or notice as it is; `-` as field key for a rule about the whole report."""
        acknowledge = self.services.reviews.acknowledgements.acknowledge
        if_match = self.request.headers.get("If-Match")
        self.send_json(
            await self.run_blocking(
                acknowledge, organization_id, period_id, (rule, field_key), body.reason, self.actor, if_match
            )
        )

    @operation(responses={200: ReviewDocument}, problem_statuses=(403, 404, 412), request_headers=("If-Match",))
    async def delete(self, organization_id: str, period_id: str, rule: str, field_key: str) -> None:
        """Take an acknowledgement back."""
        take_back = self.services.reviews.acknowledgements.take_back
        if_match = self.request.headers.get("If-Match")
        self.send_json(
            await self.run_blocking(take_back, organization_id, period_id, (rule, field_key), self.actor, if_match)
        )


class CommentListHandler(ApiHandler):
    """The comments of a report."""

    @operation(
        query=PageParams,
        responses={200: CommentPage, 304: None},
        problem_statuses=(404,),
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Link"),
    )
    async def get(self, organization_id: str, period_id: str, query: PageParams) -> None:
        """List the comments of a report, oldest first."""
        rows, total = await self.run_blocking(
            self.services.reviews.comments.page, organization_id, period_id, query.page, query.limit
        )
        path = f"{REVIEWS_PATH}/{organization_id}/{period_id}/comments"
        self.send_json(CommentPage(rows, self.paginate(path, query, total)))

    @operation(
        body=CommentRequest,
        responses={201: CommentDocument},
        problem_statuses=(400, 403, 404, 409, 413, 415),
        request_headers=("Idempotency-Key",),
        response_headers=("Location",),
    )
    async def post(self, organization_id: str, period_id: str, body: CommentRequest) -> None:
        """Comment on a report or one of its fields."""
        add = partial(
            self.services.reviews.comments.add, organization_id, period_id, body.field_key, body.text, self.actor
        )
        path = f"{REVIEWS_PATH}/{organization_id}/{period_id}/comments"

        def to_response(comment: CommentDocument) -> StoredResponse:
            location = self.external_path(f"{path}/{comment.comment_id}")
            return StoredResponse(201, location, msgspec.json.encode(comment))

        await self.respond_idempotently(f"comments {organization_id} {period_id}", add, to_response)


class CommentHandler(ApiHandler):
    """One comment."""

    @operation(
        body=CommentEdit,
        responses={200: CommentDocument},
        problem_statuses=(400, 403, 404, 412, 413, 415),
        request_headers=("If-Match",),
    )
    async def put(self, organization_id: str, period_id: str, comment_id: str, body: CommentEdit) -> None:
        """Change the text of a comment, or whether it is resolved."""
        edit = partial(
            self.services.reviews.comments.edit,
            text=body.text,
            resolved=body.resolved,
            if_match=self.request.headers.get("If-Match"),
        )
        self.send_json(await self.run_blocking(edit, organization_id, period_id, comment_id, self.actor))

    @operation(responses={200: CommentDeletion}, problem_statuses=(403, 404, 412), request_headers=("If-Match",))
    async def delete(self, organization_id: str, period_id: str, comment_id: str) -> None:
        """Delete a comment."""
        if_match = self.request.headers.get("If-Match")
        delete = self.services.reviews.comments.delete
        await self.run_blocking(delete, organization_id, period_id, comment_id, self.actor, if_match)
        self.send_json(CommentDeletion(deleted=True, comment_id=comment_id))
