"""Streaming parser of multipart/form-data: writes the content of every file to the spool and ignores all names."""

from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser

from api_handlers.content_negotiation import ContentType
from api_handlers.problem_details import MalformedMultipart
from api_handlers.request_parsing import json_pointer
from preview.core.errors import FieldError, PayloadTooLarge, ValidationError
from preview.ingest.spool_file import SpoolFile

MEDIA_TYPE = "multipart/form-data"

MAX_FILES = 1_000_000
"""Files in one form; the importer reads no more of one delivery."""

_HEADER_CHARSET = "latin-1"
"""Decodes any byte. Clients send names in their system's encoding, and only a part's name is ever used: in an error."""


class MultipartUpload:
    """Parser of one body. The media type of a part is the browser's guess by the file's name, and is ignored."""

    def __init__(self, content_type: ContentType) -> None:
        """Create the parser.

        Args:
            content_type: That of the request; its parameter `boundary` separates the parts.

        Raises:
            MalformedMultipart: There is no boundary.
        """
        boundary = content_type.parameters.get("boundary", "")
        try:
            self._parser = PushMultipartParser(boundary, max_segment_count=MAX_FILES, header_charset=_HEADER_CHARSET)
        except MultipartError:
            raise MalformedMultipart("The `Content-Type` has no boundary. Add the one of the form.") from None
        self._file_count = 0
        self._is_unnamed_part = False

    def feed(self, chunk: bytes, file: SpoolFile) -> None:
        """Parse the next bytes of the body and write the content of files.

        Args:
            chunk: Any number of bytes.
            file: A spool file for several files.

        Raises:
            MalformedMultipart: The body is not multipart/form-data.
            ValidationError: A part is not a file.
            PayloadTooLarge: The form is over the limit of parts, of a part's headers, or of the spool.
        """
        try:
            for event in self._parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    self._begin_part(event, file)
                elif event is not None:
                    self._write(event, file)
        except ParserLimitReached:
            raise PayloadTooLarge(
                f"The form has over {MAX_FILES} parts, or a part has over 4,000 bytes of headers. Send less at once."
            ) from None
        except MultipartError:
            raise MalformedMultipart("The body is not a valid form. Send multipart/form-data.") from None

    def close(self) -> None:
        """Check the end of the body.

        Raises:
            MalformedMultipart: The closing boundary is missing.
            ValidationError: The form has no file.
        """
        try:
            self._parser.close()
        except MultipartError:
            raise MalformedMultipart("The form is incomplete. Send it again, with its closing boundary.") from None
        if not self._file_count:
            raise ValidationError("There is no file to deliver.", [FieldError("", "has no file")])

    def _begin_part(self, part: MultipartSegment, file: SpoolFile) -> None:
        if part.filename is None:
            pointer = json_pointer(_decode_name(part.name or ""))
            raise ValidationError(
                "A part of the form is not a file. Send files only.", [FieldError(pointer, "is not a file")]
            )
        # A browser sends an empty part without a file name for a file input that was left empty.
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


def _decode_name(name: str) -> str:
    """Return the name of a part: decoded as UTF-8, as browsers encode it, or else as Latin-1."""
    try:
        return name.encode(_HEADER_CHARSET).decode()
    except UnicodeDecodeError:
        return name
