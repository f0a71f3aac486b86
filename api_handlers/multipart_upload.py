"""A form with files (multipart/form-data), parsed as it streams in: every file goes to the spool, nothing of its name (contract, Deliveries)."""

from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header

from api_handlers.problem_details import MalformedMultipart
from api_handlers.request_parsing import json_pointer
from preview.core.errors import FieldError, PayloadTooLarge, ValidationError
from preview.ingest.spool_file import SpoolFile

MEDIA_TYPE = "multipart/form-data"
MAX_FILES = 1_000_000
"""The reader takes no more of one delivery."""


class MultipartUpload:
    """One body; `content_type` is the whole header. What a browser says of a file's type is its guess by the name, and is not heeded."""

    def __init__(self, content_type: str) -> None:
        """Raises `NotAForm` where it names no boundary."""
        _, options = parse_options_header(content_type)
        try:
            self._parser = PushMultipartParser(options.get("boundary", ""), max_segment_count=MAX_FILES)
        except MultipartError:
            raise MalformedMultipart("The Content-Type names no boundary of the form.") from None
        self._file_count = 0
        self._is_unnamed_part = False

    def feed(self, chunk: bytes, file: SpoolFile) -> None:
        """The next bytes of the body. Raises `NotAForm`, `Invalid`, `TooLarge`."""
        try:
            for event in self._parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    self._begin_part(event, file)
                elif event is not None:
                    self._write(event, file)
        except ParserLimitReached:
            raise PayloadTooLarge(f"A form may have {MAX_FILES} files, and a part of it some 4,000 bytes of headers.") from None
        except MultipartError:
            raise MalformedMultipart("The body is not a form (multipart/form-data).") from None

    def close(self) -> None:
        """At the end of the body. Raises `NotAForm` where the form goes on, `Invalid` where it has no file."""
        try:
            self._parser.close()
        except MultipartError:
            raise MalformedMultipart("The form is not whole.") from None
        if not self._file_count:
            raise ValidationError("There is no file to deliver.", [FieldError("", "has no file")])

    def _begin_part(self, part: MultipartSegment, file: SpoolFile) -> None:
        if part.filename is None:
            raise ValidationError("The form breaks a rule.", [FieldError(json_pointer(part.name or ""), "is no file")])
        # A browser sends a part without a name for a file that was not chosen.
        self._is_unnamed_part = not part.filename
        if not self._is_unnamed_part:
            self._begin_file(file)

    def _begin_file(self, file: SpoolFile) -> None:
        file.start_file()
        self._file_count += 1

    def _write(self, data: bytes, file: SpoolFile) -> None:
        if self._is_unnamed_part:
            self._is_unnamed_part = False
            self._begin_file(file)
        file.write(data)
