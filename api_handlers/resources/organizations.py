"""Organisations and their sources."""

import msgspec

from api_handlers.base import API, Handler
from api_handlers.operations import operation
from api_handlers.pagination import Pagination
from api_handlers.request_parsing import Paging
from preview.model.resources import OrganizationDocument


class OrganizationPage(msgspec.Struct, frozen=True):
    """A page of organisations."""

    data: list[OrganizationDocument]
    pagination: Pagination


class Organizations(Handler):
    """The list of organisations."""

    @operation(query=Paging, answers={200: OrganizationPage, 304: None}, heeds=("If-None-Match",), sends=("ETag", "Last-Event-ID", "Link"))
    async def get(self, query: Paging) -> None:
        """List organisations with what is held of them."""
        rows, total, place = await self.call(self.preview.organizations.page, query.page, query.limit)
        self.reply(OrganizationPage(rows, self.link_pages(f"{API}/organizations", query, total)), place=place)
