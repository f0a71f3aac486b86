"""Deliveries: what has been sent in, and what became of it (contract, Deliveries)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from api_handlers.base import API, Handler
from api_handlers.operations import operation
from api_handlers.paging import Pagination
from api_handlers.parsing import OrganizationId, Paging
from preview.documents import DeliveryDocument, DeliveryStatus, DeliverySummary

DeliveryStatusFilter = Annotated[DeliveryStatus, Meta(title="received, reading, taken or refused")]


class DeliveryQuery(Paging, frozen=True):
    """Filters of the list, each optional."""

    organization_id: OrganizationId | None = None
    delivery_status: DeliveryStatusFilter | None = None


class DeliveryPage(msgspec.Struct, frozen=True):
    """A page of deliveries."""

    data: list[DeliverySummary]
    pagination: Pagination


class Deliveries(Handler):
    """The list of deliveries."""

    @operation(query=DeliveryQuery, answers={200: DeliveryPage, 304: None}, heeds=("If-None-Match",), sends=("ETag", "Link"))
    async def get(self, query: DeliveryQuery) -> None:
        """List deliveries, the newest first, without their findings."""
        rows, total = await self.call(self.preview.deliveries.page, query.organization_id, query.delivery_status, query.page, query.limit)
        self.reply(DeliveryPage(rows, self.link_pages(f"{API}/deliveries", query, total)))


class Delivery(Handler):
    """One delivery."""

    @operation(answers={200: DeliveryDocument, 304: None}, errors=(404,), heeds=("If-None-Match",), sends=("ETag",))
    async def get(self, delivery_id: str) -> None:
        """One delivery with its findings, at most 1,000."""
        self.reply(await self.call(self.preview.deliveries.document, delivery_id))
