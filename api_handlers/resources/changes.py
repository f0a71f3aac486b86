"""Resource changes: what has changed in a report since then (rule A3, docs/api.md)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from api_handlers.base import ApiHandler
from api_handlers.content_negotiation import CSV_MEDIA_TYPE
from api_handlers.operations import operation
from api_handlers.request_parsing import OrganizationId, PeriodId
from preview.activity.changes import csv_rows
from preview.activity.since import parse_since
from preview.model.activity import FieldChangeRow, ReportChanges

_MAX_SINCE_LENGTH = 40

SincePoint = Annotated[
    str,
    Meta(
        title="approval, an event id, a snapshot id or a time such as 2026-03-25T14:00:00Z",
        min_length=1,
        max_length=_MAX_SINCE_LENGTH,
        examples=["approval"],
    ),
]


class ChangesParams(msgspec.Struct, frozen=True):
    """Query of the changes: the report, and from where on changes count."""

    organization_id: OrganizationId
    period_id: PeriodId
    since: SincePoint


class ChangesHandler(ApiHandler):
    """The changes of a report."""

    @operation(
        query=ChangesParams,
        responses={200: ReportChanges, 304: None},
        problem_statuses=(404, 410),
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID"),
        alternatives=(CSV_MEDIA_TYPE,),
    )
    async def get(self, query: ChangesParams) -> None:
        """Get the fields of a report whose values then and now differ, with when, by which job and deliveries."""
        since = parse_since(query.since)
        get_changes = self.services.activity.changes.get
        changes, last_event_id = await self.run_blocking(get_changes, query.organization_id, query.period_id, since)
        if self.prefers_csv:
            self.send_csv(FieldChangeRow, csv_rows(changes), last_event_id=last_event_id)
        else:
            self.send_json(changes, last_event_id=last_event_id)
