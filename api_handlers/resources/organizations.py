"""Resource organisations: the services and what is stored of each (docs/api.md, Organisations)."""

import msgspec

from api_handlers.base import API_PATH, ApiHandler
from api_handlers.operations import operation
from api_handlers.pagination import Pagination
from api_handlers.request_parsing import PageParams
from preview.model.resources import OrganizationDocument


class OrganizationPage(msgspec.Struct, frozen=True):
    """A page of the list of organisations."""

    data: list[OrganizationDocument]
    pagination: Pagination


class OrganizationListHandler(ApiHandler):
    """The list of organisations."""

    @operation(
        query=PageParams,
        responses={200: OrganizationPage, 304: None},
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID", "Link"),
    )
    async def get(self, query: PageParams) -> None:
        """List organisations with their sources."""
        organizations = self.services.organizations
        rows, total, last_event_id = await self.run_blocking(organizations.page, query.page, query.limit)
        page = OrganizationPage(rows, self.paginate(f"{API_PATH}/organizations", query, total))
        self.send_json(page, last_event_id=last_event_id)
