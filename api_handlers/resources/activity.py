"""Resource activity: what happened, newest first (rule A1, docs/api.md)."""

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from api_handlers.base import API_PATH, ApiHandler
from api_handlers.operations import operation
from api_handlers.request_parsing import MAX_PAGE_NUMBER, OrganizationId, PageLimit, PeriodId
from preview.core.actor import MAX_ACTOR_LENGTH
from preview.model.activity import ACTIVITY_KINDS, ActivityKind, ActivityPage
from preview.storage.history.activity import ActivityFilter

ACTIVITY_PATH = f"{API_PATH}/activity"

Kind = Annotated[ActivityKind, Meta(title=f"one of {', '.join(ACTIVITY_KINDS)}")]
Actor = Annotated[
    str,
    Meta(title=f"text of 1 to {MAX_ACTOR_LENGTH} characters", min_length=1, max_length=MAX_ACTOR_LENGTH),
]
BeforeEvent = Annotated[int, Meta(title="the id of an event", ge=0, le=MAX_PAGE_NUMBER)]


class ActivityListQuery(msgspec.Struct, frozen=True):
    """Query of the activity: optional filters, and the event before which a page begins."""

    organization_id: OrganizationId | None = None
    period_id: PeriodId | None = None
    kind: Kind | None = None
    actor: Actor | None = None
    before: BeforeEvent | None = None
    limit: PageLimit = 20


class ActivityHandler(ApiHandler):
    """What happened."""

    @operation(
        query=ActivityListQuery,
        responses={200: ActivityPage, 304: None},
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID", "Link"),
    )
    async def get(self, query: ActivityListQuery) -> None:
        """List what happened, newest first: who, when, why, by which deliveries, from what to what."""
        only = ActivityFilter(
            organization_id=query.organization_id,
            period_id=query.period_id,
            action=query.kind,
            actor=query.actor,
        )
        get_page = self.services.activity.query.page
        page, last_event_id = await self.run_blocking(get_page, only, query.before, query.limit)
        self.set_header("Link", self._links(query, page.next_before))
        self.send_json(page, last_event_id=last_event_id)

    def _links(self, query: ActivityListQuery, next_before: int | None) -> str:
        """Return the links `first` and `next`, with the filters of the query (rule H2)."""
        given = {name: value for name, value in msgspec.structs.asdict(query).items() if value is not None}
        first = {name: value for name, value in given.items() if name != "before"}
        links = {"first": first} | ({"next": first | {"before": next_before}} if next_before is not None else {})
        path = self.external_path(ACTIVITY_PATH)
        return ", ".join(f'<{path}?{urlencode(parameters)}>; rel="{rel}"' for rel, parameters in links.items())
