"""Resource totals: the form summed over the country or a county, and one field of every service (docs/api.md)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from api_handlers.base import API_PATH, ApiHandler
from api_handlers.content_negotiation import CSV_MEDIA_TYPE
from api_handlers.operations import operation
from api_handlers.pagination import Pagination
from api_handlers.request_parsing import PageParams, PeriodId
from preview.totals.documents import ServiceValue, TotalsDocument
from preview.totals.field_list import SortKey

CountyNumber = Annotated[str, Meta(title="the number of a county, two digits", pattern=r"^[0-9]{2}$", examples=["18"])]
Sort = Annotated[
    SortKey,
    Meta(title="rank, organization_name, value, prior_period_value, change or review_status, or one of them after a -"),
]


class TotalsQueryParams(msgspec.Struct, frozen=True):
    """Query of the totals. Without a period it is the reporting period, without a county the whole country."""

    period_id: PeriodId | None = None
    county: CountyNumber | None = None


class FieldQueryParams(PageParams, frozen=True):
    """Query of one field everywhere. Without a period it is the reporting period."""

    period_id: PeriodId | None = None
    county: CountyNumber | None = None
    sort: Sort = "rank"


class FieldValues(msgspec.Struct, frozen=True):
    """A page of one field of every service; `county` is null for the whole country."""

    field_key: str
    period_id: str
    county: str | None
    data: list[ServiceValue]
    pagination: Pagination


class TotalsHandler(ApiHandler):
    """The totals."""

    @operation(
        query=TotalsQueryParams,
        responses={200: TotalsDocument, 304: None},
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID"),
    )
    async def get(self, query: TotalsQueryParams) -> None:
        """Get the form summed over all services, or those of a county, compared with the prior period."""
        document, last_event_id = await self.run_blocking(self.services.totals.document, query.period_id, query.county)
        self.send_json(document, last_event_id=last_event_id)


class FieldHandler(ApiHandler):
    """One field of every service."""

    @operation(
        query=FieldQueryParams,
        responses={200: FieldValues, 304: None},
        problem_statuses=(404,),
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID", "Link"),
        alternatives=(CSV_MEDIA_TYPE,),
    )
    async def get(self, field_key: str, query: FieldQueryParams) -> None:
        """List one field of every service, ranked. As CSV the list is whole, whatever `page` and `limit` are."""
        period_id, rows, last_event_id = await self.run_blocking(
            self.services.totals.field_list, field_key, query.period_id, query.county, query.sort
        )
        if self.prefers_csv:
            self.send_csv(ServiceValue, rows, last_event_id=last_event_id)
            return
        first = (query.page - 1) * query.limit
        pagination = self.paginate(f"{API_PATH}/fields/{field_key}", query, len(rows))
        page = FieldValues(field_key, period_id, query.county, rows[first : first + query.limit], pagination)
        self.send_json(page, last_event_id=last_event_id)
