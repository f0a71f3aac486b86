"""Snapshots: five of the six endpoints (contract 1 to 5)."""

from collections.abc import Awaitable
from typing import Annotated

import msgspec
from msgspec import Meta

from api_handlers.base import REPORT_DATA, Handler
from api_handlers.operations import operation
from api_handlers.pagination import Pagination
from api_handlers.request_parsing import Flag, OrganizationId, Paging, PeriodId, StatusFilter
from preview.model.resources import Deleted, Document, Invalidated, Requested, Summary
from preview.reports.snapshots import Rendered
from preview.runtime.idempotency import Answer

Confirmation = Annotated[bool, Meta(title="true", extra_json_schema={"const": True})]
Reason = Annotated[
    str, Meta(title="text of 1 to 500 characters, not blanks alone", min_length=1, max_length=500, pattern=r"^[\s\S]*\S[\s\S]*$")
]


class SnapshotQuery(Paging, frozen=True):
    """Filters of the list, each optional."""

    organization_id: OrganizationId | None = None
    period_id: PeriodId | None = None
    snapshot_status: StatusFilter | None = None


class SnapshotPage(msgspec.Struct, frozen=True):
    """A page of snapshots (contract 1)."""

    data: list[Summary]
    pagination: Pagination


class SnapshotRequest(msgspec.Struct, frozen=True):
    """Which aggregation is asked for; `force_reaggregate` makes a new one though the last is still valid."""

    organization_id: OrganizationId
    period_id: PeriodId
    force_reaggregate: Flag = False


class Invalidation(msgspec.Struct, frozen=True):
    """Why a snapshot is to be aggregated anew; `invalidate_cache` must be true."""

    invalidate_cache: Confirmation
    reason: Reason


class Snapshots(Handler):
    """The list, and asking for a new one."""

    @operation(
        query=SnapshotQuery, answers={200: SnapshotPage, 304: None}, heeds=("If-None-Match",), sends=("ETag", "Last-Event-ID", "Link")
    )
    async def get(self, query: SnapshotQuery) -> None:
        """List snapshots across all periods, the newest period first."""
        rows, total, place = await self.call(
            self.preview.snapshots.page, query.organization_id, query.period_id, query.snapshot_status, query.page, query.limit
        )
        self.reply(SnapshotPage(rows, self.link_pages(REPORT_DATA, query, total)), place=place)

    @operation(
        body=SnapshotRequest,
        answers={200: Requested, 202: Requested},
        errors=(400, 403, 409, 413, 415),
        heeds=("Idempotency-Key",),
        sends=("Location",),
    )
    async def post(self, body: SnapshotRequest) -> None:
        """Trigger an aggregation: a new snapshot, the one that is being made, or the one that is still valid."""
        actor = self.actor

        def act() -> Answer:
            requested, open_ = self.preview.snapshots.request(body.organization_id, body.period_id, body.force_reaggregate, actor)
            location = self.url(f"{REPORT_DATA}/{requested.snapshot_id}")
            return Answer(202 if open_ else 200, location, msgspec.json.encode(requested))

        await self.answer_once("snapshots", act)


class Snapshot(Handler):
    """One snapshot with every field."""

    @operation(answers={200: Document, 304: None}, errors=(404,), heeds=("If-None-Match",), sends=("ETag", "Last-Event-ID"))
    def get(self, snapshot_id: str) -> Awaitable[None] | None:
        """One snapshot with every field, current and prior period."""
        rendered = self.preview.snapshots.document_now(snapshot_id)
        if rendered is None:
            return self._get_from_store(snapshot_id)
        self._send(rendered)
        return None

    @operation(body=Invalidation, answers={202: Invalidated}, errors=(400, 403, 404, 412, 413, 415), heeds=("If-Match",))
    async def put(self, snapshot_id: str, body: Invalidation) -> None:
        """Invalidate the cache and aggregate anew; the snapshot keeps its id."""
        if_match = self.request.headers.get("If-Match")
        self.reply(await self.call(self.preview.snapshots.invalidate, snapshot_id, body.reason, self.actor, if_match), 202)

    @operation(answers={200: Deleted}, errors=(403, 404, 412), heeds=("If-Match",))
    async def delete(self, snapshot_id: str) -> None:
        """Delete a snapshot and clear its cache entry."""
        self.reply(await self.call(self.preview.snapshots.delete, snapshot_id, self.actor, self.request.headers.get("If-Match")))

    async def _get_from_store(self, snapshot_id: str) -> None:
        self._send(await self.call(self.preview.snapshots.document, snapshot_id))

    def _send(self, rendered: Rendered) -> None:
        headers = self._headers
        headers["Etag"] = rendered.etag
        headers["Last-Event-ID"] = str(rendered.place)
        if "If-None-Match" in self.request.headers and self.check_etag_header():
            self.set_status(304)
            self.finish()
        else:
            self.finish(rendered.body)
