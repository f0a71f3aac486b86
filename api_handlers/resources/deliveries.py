"""Deliveries: sending them in, what has been sent in, and what became of it (contract, Deliveries)."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from api_handlers import content_negotiation
from api_handlers.base import API, Handler
from api_handlers.operations import operation
from api_handlers.pagination import Pagination
from api_handlers.request_parsing import Flag, OrganizationId, Paging
from api_handlers.upload import Upload
from preview.ingest.spool_file import SpoolFile
from preview.model.resources import DeliveryDocument, DeliveryReceipt, DeliveryStatus, DeliverySummary
from preview.runtime.idempotency import Answer

DeliveryStatusFilter = Annotated[DeliveryStatus, Meta(title="received, reading, taken or refused")]


class DeliveryQuery(Paging, frozen=True):
    """Filters of the list, each optional."""

    organization_id: OrganizationId | None = None
    delivery_status: DeliveryStatusFilter | None = None


class DeliveryPage(msgspec.Struct, frozen=True):
    """A page of deliveries."""

    data: list[DeliverySummary]
    pagination: Pagination


class DeliveryOptions(msgspec.Struct, frozen=True):
    """`full` declares that the delivery holds every case of its organisations: others are taken out (`domain.md` 1.3)."""

    full: Flag = False


_FILE = {"type": "string", "format": "binary"}
_BYTES = _FILE | {"minLength": 1}
_FORM = {
    "type": "object",
    "properties": {"files": {"type": "array", "items": _FILE, "minItems": 1, "description": "Files; each part may have any name."}},
    "required": ["files"],
}
TAKEN: Mapping[str, Mapping[str, Any]] = {
    "application/xml": _BYTES,
    "text/xml": _BYTES,
    "application/zip": _BYTES,
    "application/x-zip-compressed": _BYTES,
    "text/csv": _BYTES,
    "multipart/form-data": _FORM,
}
"""The contract's media types, and two that browsers give the same files. The reader tells by the bytes what a file is."""


class Deliveries(Upload):
    """The list of deliveries, and a new one."""

    @operation(
        query=DeliveryOptions,
        takes=TAKEN,
        answers={202: DeliveryReceipt},
        errors=(400, 403, 409, 413, 415, 429, 507),
        heeds=("Idempotency-Key",),
        sends=("Location",),
    )
    async def post(self, query: DeliveryOptions) -> None:
        """Deliver a file, or a form with any number of files, as one delivery; it is on disk when this is answered."""
        await self.answer_once("deliveries", partial(self._receive, await self.received(), query.full, self.actor))

    @operation(query=DeliveryQuery, answers={200: DeliveryPage, 304: None}, heeds=("If-None-Match",), sends=("ETag", "Link"))
    async def get(self, query: DeliveryQuery) -> None:
        """List deliveries, the newest first, without their findings."""
        rows, total = await self.call(self.preview.deliveries.page, query.organization_id, query.delivery_status, query.page, query.limit)
        self.reply(DeliveryPage(rows, self.link_pages(f"{API}/deliveries", query, total)))

    @property
    def actor(self) -> str:
        """What a page of ours sends comes by the dashboard's door."""
        named = super().actor
        return "dashboard" if named == "api" and content_negotiation.is_own_page(self.request.headers) else named

    @property
    def body_digest(self) -> bytes:
        """The same files, declared full, are another request."""
        return super().body_digest + (b"full" if self.parse_query(DeliveryOptions).full else b"")

    def _receive(self, file: SpoolFile, full: bool, actor: str) -> Answer:
        receipt = self.preview.deliveries.receive(file, full=full, actor=actor)
        return Answer(202, self.url(f"{API}/deliveries/{receipt.delivery_id}"), msgspec.json.encode(receipt))


class Delivery(Handler):
    """One delivery."""

    @operation(answers={200: DeliveryDocument, 304: None}, errors=(404,), heeds=("If-None-Match",), sends=("ETag",))
    async def get(self, delivery_id: str) -> None:
        """One delivery with its findings, at most 1,000."""
        self.reply(await self.call(self.preview.deliveries.document, delivery_id))
