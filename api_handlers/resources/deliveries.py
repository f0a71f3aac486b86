"""Resource deliveries: upload files, list deliveries, get one with its findings (docs/api.md, Deliveries)."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from api_handlers.base import API_PATH, ApiHandler
from api_handlers.csrf import is_same_origin
from api_handlers.operations import operation
from api_handlers.pagination import Pagination
from api_handlers.request_parsing import BooleanParam, OrganizationId, PageParams
from api_handlers.upload import UploadHandler
from preview.model.resources import DeliveryDocument, DeliveryReceipt, DeliveryStatus, DeliverySummary
from preview.runtime.idempotency import StoredResponse

DeliveryStatusFilter = Annotated[DeliveryStatus, Meta(title="received, reading, taken or refused")]


class DeliveryQuery(PageParams, frozen=True):
    """Query of the list: optional filters."""

    organization_id: OrganizationId | None = None
    delivery_status: DeliveryStatusFilter | None = None


class DeliveryPage(msgspec.Struct, frozen=True):
    """A page of the list of deliveries, without their findings."""

    data: list[DeliverySummary]
    pagination: Pagination


class DeliveryOptions(msgspec.Struct, frozen=True):
    """Query of an upload. `full` declares that it holds every case of its organisations: held cases that are not in it
    are removed (domain 1.3, docs/domain.md).
    """

    full: BooleanParam = False


def _file_schema(description: str) -> dict[str, Any]:
    return {"type": "string", "format": "binary", "minLength": 1, "description": description}


_XML_FILE = _file_schema("One case file (Barnevern v4) or one KOSTRA 15F file.")
_ZIP_ARCHIVE = _file_schema("A ZIP archive with any number of files of the other types.")
_CSV_FILE = _file_schema("An organisations file or a file of supplementary figures, in UTF-8, UTF-16 or Windows-1252.")
_FORM = {
    "type": "object",
    "description": "A form with any number of such files. Every part must be a file.",
    "properties": {
        "files": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "minItems": 1,
            "description": "The files. The names of parts and files are ignored.",
        }
    },
    "required": ["files"],
}
ACCEPTED_TYPES: Mapping[str, Mapping[str, Any]] = {
    "application/xml": _XML_FILE,
    "text/xml": _XML_FILE,
    "application/zip": _ZIP_ARCHIVE,
    "application/x-zip-compressed": _ZIP_ARCHIVE,
    "text/csv": _CSV_FILE,
    "multipart/form-data": _FORM,
}
"""Schema of an upload by media type, those of browsers included. The content of a file decides how it is read."""


class DeliveryListHandler(UploadHandler):
    """The list of deliveries, and uploads."""

    @operation(
        query=DeliveryOptions,
        request_types=ACCEPTED_TYPES,
        responses={202: DeliveryReceipt},
        problem_statuses=(400, 409, 413, 415),
        request_headers=("Idempotency-Key",),
        response_headers=("Location",),
    )
    async def post(self, query: DeliveryOptions) -> None:
        """Upload one file, or a form with any number of files, as one delivery; it is on disk when this is answered."""
        file = await self.finish_upload()
        receive = partial(self.services.deliveries.receive, file, full=query.full, actor=self.actor)
        await self.respond_idempotently("deliveries", receive, self._to_response)

    @operation(
        query=DeliveryQuery,
        responses={200: DeliveryPage, 304: None},
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Link"),
    )
    async def get(self, query: DeliveryQuery) -> None:
        """List deliveries, newest first, without their findings."""
        rows, total = await self.run_blocking(
            self.services.deliveries.page, query.organization_id, query.delivery_status, query.page, query.limit
        )
        self.send_json(DeliveryPage(rows, self.paginate(f"{API_PATH}/deliveries", query, total)))

    @property
    def entry_point(self) -> str:
        """Return `dashboard` for an upload by a page of this program, else as all resources."""
        return "dashboard" if is_same_origin(self.request.headers) else super().entry_point

    @property
    def request_hash(self) -> bytes:
        """Return a digest of the files and `full`: the same files declared full are another request."""
        return super().request_hash + (b"full" if self.parse_query(DeliveryOptions).full else b"")

    def _to_response(self, receipt: DeliveryReceipt) -> StoredResponse:
        location = self.external_path(f"{API_PATH}/deliveries/{receipt.delivery_id}")
        return StoredResponse(202, location, msgspec.json.encode(receipt))


class DeliveryHandler(ApiHandler):
    """One delivery."""

    @operation(
        responses={200: DeliveryDocument, 304: None},
        problem_statuses=(404,),
        request_headers=("If-None-Match",),
        response_headers=("ETag",),
    )
    async def get(self, delivery_id: str) -> None:
        """Get one delivery with its findings, at most 1,000."""
        self.send_json(await self.run_blocking(self.services.deliveries.get, delivery_id))
