"""Streaming of request bodies to the spool, chunk by chunk on dedicated threads, with back-pressure."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from tornado.http1connection import HTTP1Connection

from api_handlers.base import ApiHandler
from api_handlers.content_negotiation import CSV_MEDIA_TYPE, parse_content_type
from api_handlers.csrf import check_same_origin
from api_handlers.event_broadcaster import EventBroadcaster
from api_handlers.idempotency import parse_idempotency_key
from api_handlers.multipart_upload import MEDIA_TYPE as MULTIPART_MEDIA_TYPE
from api_handlers.multipart_upload import MultipartUpload
from api_handlers.operations import declared_operation
from api_handlers.problem_details import UnsupportedMediaType
from api_handlers.sse_connection import stream_of
from api_handlers.upload_pace import UploadPace
from preview.core.errors import FieldError, PreviewError, Unavailable, ValidationError
from preview.ingest.spool_file import SpoolFile
from preview.parsing import encodings
from preview.runtime.application import Application
from preview.runtime.connections import Use, client_of
from preview.runtime.upload_slots import UploadSlot

R = TypeVar("R")

IDLE_TIMEOUT_SECONDS = 60.0
"""An upload that sends nothing for this long is disconnected."""

MIN_UPLOAD_BYTES_PER_SECOND = 1024
UPLOAD_GRACE_SECONDS = 60.0
"""An upload that is slower than the least rate, from this long after its start, is disconnected."""

_NO_BODY_TIMEOUT_SECONDS = 10.0 * 365 * 86400

CSV_CHARSETS = (encodings.UTF_8, encodings.UTF_16, encodings.WINDOWS_1252, encodings.ASCII)
"""Encodings that a CSV file may have (rule 3.4, docs/domain.md). Its content decides which of them it has."""


class UploadHandler(ApiHandler):
    """Base class of a resource whose POST accepts files; its `post` begins with `finish_upload`."""

    def initialize(self, services: Application, broadcaster: EventBroadcaster) -> None:
        """Set the dependencies (Tornado's hook)."""
        super().initialize(services, broadcaster)
        self._multipart: MultipartUpload | None = None
        self._spool_file: SpoolFile | None = None
        self._rejection: Exception | None = None
        self._discarded_bytes = 0
        self._pace: UploadPace | None = None
        self._slot: UploadSlot | None = None

    @property
    def body_limit(self) -> int:
        """Return the largest size of a body, in bytes."""
        return self.services.settings.max_delivery_bytes if self._is_upload else super().body_limit

    @property
    def request_hash(self) -> bytes:
        """Return a digest of the files, whatever wraps them: a repeated form may have another boundary (rule H3)."""
        assert self._spool_file is not None
        return self._spool_file.fingerprint

    def prepare(self) -> None:
        """Check the headers before the body arrives (Tornado's hook).

        A client that waits for `100 Continue` gets a rejection at once. Any other sends its body first, which is
        discarded, so that it can read the response.
        """
        super().prepare()
        if not self._is_upload:
            return
        self._pace = UploadPace(IDLE_TIMEOUT_SECONDS, MIN_UPLOAD_BYTES_PER_SECOND, self._close_connection)
        if isinstance(self.request.connection, HTTP1Connection):
            # A large delivery takes longer than other bodies may: its pauses and its rate are limited instead.
            self.request.connection.set_body_timeout(_NO_BODY_TIMEOUT_SECONDS)
        try:
            self._multipart = self._check_headers()
            self._take_slot(self._pace)
        except PreviewError as error:
            if "Expect" in self.request.headers:
                raise
            self._rejection = error

    async def data_received(self, chunk: bytes) -> None:
        """Write a chunk to the spool; the next one is not read before this one is written (Tornado's hook)."""
        if not self._is_upload:
            super().data_received(chunk)
            return
        assert self._pace is not None
        self._pace.pause(len(chunk))
        if self._pace.seconds_behind(UPLOAD_GRACE_SECONDS) > 0:
            self._close_connection()
            return
        if self._rejection is None and self.broadcaster.draining:
            self._refuse_unfinished()
            return
        if self._rejection is None:
            await self._spool_chunk(chunk)
        else:
            self._discarded_bytes += len(chunk)
            self._check_discarded(self._discarded_bytes, self._rejection)
        self._pace.resume()

    async def finish_upload(self) -> SpoolFile:
        """Return the complete body, synced to disk.

        Raises:
            ValidationError: The body is empty or holds no file.
            PreviewError: Any other reason for which the headers or the body were rejected.
        """
        if self._pace is not None:
            self._pace.stop()
        if self._rejection is None and self._spool_file is None:
            raise ValidationError("There is no file to deliver.", [FieldError("", "is empty")])
        if self._rejection is None:
            await self._run_on_upload_executor(self._seal_spool_file)
        if self._rejection is not None:
            raise self._rejection
        assert self._spool_file is not None
        return self._spool_file

    def on_finish(self) -> None:
        """Delete what was not handed on as a delivery (Tornado's hook)."""
        super().on_finish()
        self._cleanup()

    def on_connection_close(self) -> None:
        """Delete what was received, because the client has closed the connection (Tornado's hook)."""
        super().on_connection_close()
        self._cleanup()

    @property
    def _is_upload(self) -> bool:
        return self.request.method == "POST"

    def _check_headers(self) -> MultipartUpload | None:
        """Check all that the decorator of `post` would check after the body, and the body's media type and coding.

        Returns:
            The parser of a multipart body, None for a body that is one file.
        """
        declared = declared_operation(type(self), "post")
        assert declared is not None
        self.check_serving()
        check_same_origin(self.request, self.services.settings)
        self.check_accept(declared.media_type)
        self.parse_query(declared.query)
        parse_idempotency_key(self.request.headers)
        if "Content-Encoding" in self.request.headers:
            raise UnsupportedMediaType("`Content-Encoding` is not supported. To send less, send a ZIP archive.")
        content_type = parse_content_type(self.request.headers.get("Content-Type", ""))
        if content_type.media_type and content_type.media_type not in declared.request_types:
            accepted = ", ".join(declared.request_types)
            raise UnsupportedMediaType(f"The media type of the body is not accepted. Send one of {accepted}.")
        charset = content_type.parameters.get("charset") or "utf-8"
        if content_type.media_type == CSV_MEDIA_TYPE and encodings.encoding_of(charset) not in CSV_CHARSETS:
            raise UnsupportedMediaType(
                "text/csv is only accepted in UTF-8, UTF-16 and Windows-1252. Save the file as CSV UTF-8."
            )
        return MultipartUpload(content_type) if content_type.media_type == MULTIPART_MEDIA_TYPE else None

    def _take_slot(self, pace: UploadPace) -> None:
        """Take a place among the uploads, from the head of the request on; may raise `TooManyRequests`.

        A body that is rejected is no upload: its connection is closed like a silent one when there is no room.
        """
        slot = UploadSlot(client_of(self.request.remote_ip or ""), pace.lag_seconds, self._close_connection)
        self.services.upload_slots.acquire(slot)
        self._slot = slot
        self.services.connections.use_as(stream_of(self.request), Use.UPLOAD)

    def _refuse_unfinished(self) -> None:
        """Answer at once: the process may end before the rest has arrived, and would not accept the delivery."""
        try:
            self.check_serving()
        except Unavailable as error:
            self.send_problem(error)

    async def _spool_chunk(self, chunk: bytes) -> None:
        try:
            await self._run_on_upload_executor(lambda: self._write(chunk))
        except Exception as error:  # noqa: BLE001, any exception becomes the response
            self._rejection = error
            self._abort_spool_file()

    def _write(self, chunk: bytes) -> None:
        if self._spool_file is None:
            self._spool_file = self.services.deliveries.open_upload(multi_file=self._multipart is not None)
        if self._multipart is None:
            self._spool_file.write(chunk)
        else:
            self._multipart.feed(chunk, self._spool_file)

    def _seal_spool_file(self) -> None:
        assert self._spool_file is not None
        try:
            if self._multipart is not None:
                self._multipart.close()
            self._spool_file.seal()
        except PreviewError as error:
            self._rejection = error

    async def _run_on_upload_executor(self, function: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self.services.upload_executor, function)

    def _cleanup(self) -> None:
        if self._pace is not None:
            self._pace.stop()
        if self._slot is not None:
            self.services.upload_slots.release(self._slot)
        self._abort_spool_file()

    def _abort_spool_file(self) -> None:
        if self._spool_file is not None:
            # The executor rejects new work once the program has stopped; the spool then deletes the file at start.
            with suppress(RuntimeError):
                self.services.upload_executor.submit(self._spool_file.abort)

    def _close_connection(self) -> None:
        if isinstance(self.request.connection, HTTP1Connection):
            self.request.connection.close()
