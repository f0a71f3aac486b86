"""Deliveries: sending them in, what has been sent in, and what became of it (contract, Deliveries)."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from api_handlers import content_negotiation
from api_handlers.base import API_PATH, ApiHandler
from api_handlers.operations import operation
from api_handlers.pagination import Pagination
from api_handlers.request_parsing import BooleanParam, OrganizationId, PageParams
from api_handlers.upload import UploadHandler
from preview.ingest.spool_file import SpoolFile
from preview.model.resources import DeliveryDocument, DeliveryReceipt, DeliveryStatus, DeliverySummary
from preview.runtime.idempotency import StoredResponse

DeliveryStatusFilter = Annotated[DeliveryStatus, Meta(title="received, reading, taken or refused")]


class DeliveryQuery(PageParams, frozen=True):
    """Filters of the list, each optional."""

    organization_id: OrganizationId | None = None
    delivery_status: DeliveryStatusFilter | None = None


class DeliveryPage(msgspec.Struct, frozen=True):
    """A page of deliveries."""

    data: list[DeliverySummary]
    pagination: Pagination


class DeliveryOptions(msgspec.Struct, frozen=True):
    """`full` declares that the delivery holds every case of its organisations: others are taken out (`domain.md` 1.3)."""

    full: BooleanParam = False


_FILE_SCHEMA = {"type": "string", "format": "binary"}
_NON_EMPTY_FILE_SCHEMA = _FILE_SCHEMA | {"minLength": 1}
_MULTIPART_SCHEMA = {
    "type": "object",
    "properties": {"files": {"type": "array", "items": _FILE_SCHEMA, "minItems": 1, "description": "Files; each part may have any name."}},
    "required": ["files"],
}
ACCEPTED_TYPES: Mapping[str, Mapping[str, Any]] = {
    "application/xml": _NON_EMPTY_FILE_SCHEMA,
    "text/xml": _NON_EMPTY_FILE_SCHEMA,
    "application/zip": _NON_EMPTY_FILE_SCHEMA,
    "application/x-zip-compressed": _NON_EMPTY_FILE_SCHEMA,
    "text/csv": _NON_EMPTY_FILE_SCHEMA,
    "multipart/form-data": _MULTIPART_SCHEMA,
}
"""The contract's media types, and two that browsers give the same files. The reader tells by the bytes what a file is."""


class DeliveryListHandler(UploadHandler):
    """The list of deliveries, and a new one."""

    @operation(
        query=DeliveryOptions,
        request_types=ACCEPTED_TYPES,
        responses={202: DeliveryReceipt},
        problem_statuses=(400, 403, 409, 413, 415, 429, 507),
        request_headers=("Idempotency-Key",),
        response_headers=("Location",),
    )
    async def post(self, query: DeliveryOptions) -> None:
        """Deliver a file, or a form with any number of files, as one delivery; it is on disk when this is answered."""
        await self.respond_idempotently("deliveries", partial(self._receive, await self.finish_upload(), query.full, self.actor))

    @operation(
        query=DeliveryQuery, responses={200: DeliveryPage, 304: None}, request_headers=("If-None-Match",), response_headers=("ETag", "Link")
    )
    async def get(self, query: DeliveryQuery) -> None:
        """List deliveries, the newest first, without their findings."""
        rows, total = await self.run_blocking(
            self.services.deliveries.page, query.organization_id, query.delivery_status, query.page, query.limit
        )
        self.send_json(DeliveryPage(rows, self.paginate(f"{API_PATH}/deliveries", query, total)))

    @property
    def actor(self) -> str:
        """What a page of ours sends comes by the dashboard's door."""
        actor = super().actor
        return "dashboard" if actor == "api" and content_negotiation.is_same_origin(self.request.headers) else actor

    @property
    def request_hash(self) -> bytes:
        """The same files, declared full, are another request."""
        return super().request_hash + (b"full" if self.parse_query(DeliveryOptions).full else b"")

    def _receive(self, file: SpoolFile, full: bool, actor: str) -> StoredResponse:
        receipt = self.services.deliveries.receive(file, full=full, actor=actor)
        return StoredResponse(202, self.external_path(f"{API_PATH}/deliveries/{receipt.delivery_id}"), msgspec.json.encode(receipt))


class DeliveryHandler(ApiHandler):
    """One delivery."""

    @operation(
        responses={200: DeliveryDocument, 304: None},
        problem_statuses=(404,),
        request_headers=("If-None-Match",),
        response_headers=("ETag",),
    )
    async def get(self, delivery_id: str) -> None:
        """One delivery with its findings, at most 1,000."""
        self.send_json(await self.run_blocking(self.services.deliveries.get, delivery_id))
