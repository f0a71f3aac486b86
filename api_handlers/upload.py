"""Bodies of any size: what a POST brings goes to the spool as it comes, on threads of its own, and no further than was read (contract,
Deliveries).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from tornado.http1connection import HTTP1Connection

from api_handlers import content_negotiation
from api_handlers.base import MAX_DISCARDED_BYTES, ApiHandler
from api_handlers.event_broadcaster import EventBroadcaster
from api_handlers.multipart_upload import MEDIA_TYPE as MULTIPART_MEDIA_TYPE
from api_handlers.multipart_upload import MultipartUpload
from api_handlers.operations import declared_operation
from api_handlers.problem_details import UnsupportedMediaType
from preview.core.errors import FieldError, PreviewError, ValidationError
from preview.ingest.spool_file import SpoolFile
from preview.runtime.application import Application

R = TypeVar("R")

IDLE_TIMEOUT_SECONDS = 60.0
"""A client that sends nothing for so long is taken to be gone."""

UTF8_ONLY_TYPES = ("text/csv",)


class UploadHandler(ApiHandler):
    """A resource whose POST takes files. `received` is what its `post` begins with."""

    def initialize(self, services: Application, broadcaster: EventBroadcaster) -> None:
        """Tornado's hook."""
        super().initialize(services, broadcaster)
        self._multipart: MultipartUpload | None = None
        self._spool_file: SpoolFile | None = None
        self._rejection: Exception | None = None
        self._discarded_bytes = 0
        self._last_received_at = 0.0
        self._is_writing = False
        self._idle_timer: asyncio.TimerHandle | None = None

    @property
    def body_limit(self) -> int:
        """Bytes that a body may have."""
        return self.services.settings.max_delivery_bytes if self._is_upload else super().body_limit

    @property
    def request_hash(self) -> bytes:
        """The same for the same files, however they are wrapped: a client that tries again may draw another boundary for its form."""
        assert self._spool_file is not None
        return self._spool_file.fingerprint

    def prepare(self) -> None:
        """Tornado's hook, before the body arrives: what the headers tell is refused here, before a client that asks sends any of it."""
        super().prepare()
        if not self._is_upload:
            return
        self._start_idle_timer()
        try:
            self._multipart = self._check_headers()
        except PreviewError as error:
            if "Expect" in self.request.headers:
                raise
            self._rejection = error

    async def data_received(self, chunk: bytes) -> None:
        """Tornado's hook: the next chunk is not read before this one is written."""
        if not self._is_upload:
            super().data_received(chunk)
            return
        self._is_writing = True
        if self._rejection is None:
            await self._spool_chunk(chunk)
        else:
            self._discard(chunk)
        self._is_writing = False
        self._last_received_at = asyncio.get_running_loop().time()

    async def finish_upload(self) -> SpoolFile:
        """The body, on disk. Raises why it is not taken."""
        self._stop_idle_timer()
        if self._rejection is None and self._spool_file is None:
            raise ValidationError("There is no file to deliver.", [FieldError("", "is empty")])
        if self._rejection is None:
            await self._run_on_upload_executor(self._seal_spool_file)
        if self._rejection is not None:
            raise self._rejection
        assert self._spool_file is not None
        return self._spool_file

    def on_finish(self) -> None:
        """Tornado's hook: what was not received by now is not wanted."""
        self._cleanup()

    def on_connection_close(self) -> None:
        """Tornado's hook: the client is gone."""
        super().on_connection_close()
        self._cleanup()

    @property
    def _is_upload(self) -> bool:
        return self.request.method == "POST"

    def _check_headers(self) -> MultipartUpload | None:
        """Raises what its decorator would raise when all had been read, and for a page, a media type or a coding that is not taken."""
        declared = declared_operation(type(self), "post")
        assert declared is not None
        self.check_serving()
        content_negotiation.check_same_origin(self.request, self.services.settings)
        self.check_accept(declared.media_type)
        self.parse_query(declared.query)
        self.idempotency_key()
        if "Content-Encoding" in self.request.headers:
            raise UnsupportedMediaType("The body must come without a coding (Content-Encoding); to send less, send a ZIP.")
        content_type = self.request.headers.get("Content-Type", "")
        media_type, _, parameters = content_type.partition(";")
        media_type = media_type.strip().lower()
        if media_type and media_type not in declared.request_types:
            raise UnsupportedMediaType(f"The body must be {', '.join(declared.request_types)}.")
        charset = parameters.strip().lower().removeprefix("charset=").strip('"')
        if media_type in UTF8_ONLY_TYPES and charset not in ("", "utf-8", "utf8"):
            raise UnsupportedMediaType(f"{media_type} must be in UTF-8.")
        return MultipartUpload(content_type) if media_type == MULTIPART_MEDIA_TYPE else None

    async def _spool_chunk(self, chunk: bytes) -> None:
        try:
            await self._run_on_upload_executor(lambda: self._write(chunk))
        except Exception as error:  # noqa: BLE001, whatever it is, it becomes the answer
            self._rejection = error
            self._abort_spool_file()

    def _discard(self, chunk: bytes) -> None:
        """Reads over what is not taken, so that its sender can read the answer; not for ever."""
        self._discarded_bytes += len(chunk)
        if self._discarded_bytes > MAX_DISCARDED_BYTES and not self._finished:
            assert self._rejection is not None
            self._can_keep_alive = False
            self.send_problem(self._rejection)

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
        self._stop_idle_timer()
        self._abort_spool_file()

    def _abort_spool_file(self) -> None:
        if self._spool_file is not None:
            with suppress(RuntimeError):  # the program has stopped, and the spool sees to it
                self.services.upload_executor.submit(self._spool_file.abort)

    def _start_idle_timer(self) -> None:
        """Cuts off who sends nothing, now and then looking."""
        loop = asyncio.get_running_loop()
        self._last_received_at = loop.time()

        def check_idle() -> None:
            remaining_seconds = IDLE_TIMEOUT_SECONDS - (0 if self._is_writing else loop.time() - self._last_received_at)
            if remaining_seconds > 0:
                self._idle_timer = loop.call_later(remaining_seconds, check_idle)
            elif isinstance(self.request.connection, HTTP1Connection):
                self.request.connection.close()

        self._idle_timer = loop.call_later(IDLE_TIMEOUT_SECONDS, check_idle)

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
