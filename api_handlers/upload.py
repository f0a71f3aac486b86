"""Bodies of any size: what a POST brings goes to the spool as it comes, on threads of its own, and no further than was read (contract,
Deliveries).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from tornado.http1connection import HTTP1Connection

from api_handlers import content_negotiation
from api_handlers.base import MAX_DISCARDED_BYTES, Handler
from api_handlers.event_broadcaster import Broadcaster
from api_handlers.multipart_upload import MEDIA_TYPE as FORM
from api_handlers.multipart_upload import Form
from api_handlers.operations import operation_of
from api_handlers.problem_details import UnsupportedMediaType
from preview.core.errors import Fault, Invalid, PreviewError
from preview.ingest.spool_file import SpoolFile
from preview.runtime.application import Application

R = TypeVar("R")

SILENT_SECONDS = 60.0
"""A client that sends nothing for so long is taken to be gone."""

UTF8_ONLY = ("text/csv",)


class Upload(Handler):
    """A resource whose POST takes files. `received` is what its `post` begins with."""

    def initialize(self, preview: Application, broadcaster: Broadcaster) -> None:
        """Tornado's hook."""
        super().initialize(preview, broadcaster)
        self._form: Form | None = None
        self._file: SpoolFile | None = None
        self._refusal: Exception | None = None
        self._discarded = 0
        self._heard = 0.0
        self._writing = False
        self._silence: asyncio.TimerHandle | None = None

    @property
    def body_limit(self) -> int:
        """Bytes that a body may have."""
        return self.preview.settings.max_delivery_bytes if self._takes_files else super().body_limit

    @property
    def body_digest(self) -> bytes:
        """The same for the same files, however they are wrapped: a client that tries again may draw another boundary for its form."""
        assert self._file is not None
        return self._file.fingerprint

    def prepare(self) -> None:
        """Tornado's hook, before the body arrives: what the headers tell is refused here, before a client that asks sends any of it."""
        super().prepare()
        if not self._takes_files:
            return
        self._listen()
        try:
            self._form = self._check_headers()
        except PreviewError as error:
            if "Expect" in self.request.headers:
                raise
            self._refusal = error

    async def data_received(self, chunk: bytes) -> None:
        """Tornado's hook: the next chunk is not read before this one is written."""
        if not self._takes_files:
            super().data_received(chunk)
            return
        self._writing = True
        if self._refusal is None:
            await self._keep(chunk)
        else:
            self._discard(chunk)
        self._writing = False
        self._heard = asyncio.get_running_loop().time()

    async def received(self) -> SpoolFile:
        """The body, on disk. Raises why it is not taken."""
        self._stop_listening()
        if self._refusal is None and self._file is None:
            raise Invalid("There is no file to deliver.", [Fault("", "is empty")])
        if self._refusal is None:
            await self._on_thread(self._seal)
        if self._refusal is not None:
            raise self._refusal
        assert self._file is not None
        return self._file

    def on_finish(self) -> None:
        """Tornado's hook: what was not received by now is not wanted."""
        self._let_go()

    def on_connection_close(self) -> None:
        """Tornado's hook: the client is gone."""
        super().on_connection_close()
        self._let_go()

    @property
    def _takes_files(self) -> bool:
        return self.request.method == "POST"

    def _check_headers(self) -> Form | None:
        """Raises what its decorator would raise when all had been read, and for a page, a media type or a coding that is not taken."""
        declared = operation_of(type(self), "post")
        assert declared is not None
        self.check_serving()
        content_negotiation.check_caller(self.request, self.preview.settings)
        self.check_accept(declared.gives)
        self.parse_query(declared.query)
        self.idempotency_key()
        if "Content-Encoding" in self.request.headers:
            raise UnsupportedMediaType("The body must come without a coding (Content-Encoding); to send less, send a ZIP.")
        content_type = self.request.headers.get("Content-Type", "")
        media_type, _, parameters = content_type.partition(";")
        media_type = media_type.strip().lower()
        if media_type and media_type not in declared.takes:
            raise UnsupportedMediaType(f"The body must be {', '.join(declared.takes)}.")
        charset = parameters.strip().lower().removeprefix("charset=").strip('"')
        if media_type in UTF8_ONLY and charset not in ("", "utf-8", "utf8"):
            raise UnsupportedMediaType(f"{media_type} must be in UTF-8.")
        return Form(content_type) if media_type == FORM else None

    async def _keep(self, chunk: bytes) -> None:
        try:
            await self._on_thread(lambda: self._write(chunk))
        except Exception as error:  # noqa: BLE001, whatever it is, it becomes the answer
            self._refusal = error
            self._abort()

    def _discard(self, chunk: bytes) -> None:
        """Reads over what is not taken, so that its sender can read the answer; not for ever."""
        self._discarded += len(chunk)
        if self._discarded > MAX_DISCARDED_BYTES and not self._finished:
            assert self._refusal is not None
            self._may_read_on = False
            self._refuse(self._refusal)

    def _write(self, chunk: bytes) -> None:
        if self._file is None:
            self._file = self.preview.deliveries.begin(packed=self._form is not None)
        if self._form is None:
            self._file.write(chunk)
        else:
            self._form.feed(chunk, self._file)

    def _seal(self) -> None:
        assert self._file is not None
        try:
            if self._form is not None:
                self._form.close()
            self._file.seal()
        except PreviewError as error:
            self._refusal = error

    async def _on_thread(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self.preview.intake, work)

    def _let_go(self) -> None:
        self._stop_listening()
        self._abort()

    def _abort(self) -> None:
        if self._file is not None:
            with suppress(RuntimeError):  # the program has stopped, and the spool sees to it
                self.preview.intake.submit(self._file.abort)

    def _listen(self) -> None:
        """Cuts off who sends nothing, now and then looking."""
        loop = asyncio.get_running_loop()
        self._heard = loop.time()

        def look() -> None:
            left = SILENT_SECONDS - (0 if self._writing else loop.time() - self._heard)
            if left > 0:
                self._silence = loop.call_later(left, look)
            elif isinstance(self.request.connection, HTTP1Connection):
                self.request.connection.close()

        self._silence = loop.call_later(SILENT_SECONDS, look)

    def _stop_listening(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
