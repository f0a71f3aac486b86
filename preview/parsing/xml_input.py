"""Parses untrusted XML: bytes in, an element tree out, or the reason of a refusal (domain 3.5 and 10, docs/domain.md).

Nothing is fetched and no entity is expanded. Messages of the XML parser are not passed on, as they quote the input.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] an extension module without types

from preview.model.findings import FileRejected, FindingCode
from preview.parsing.encodings import UTF_8, UTF_16, encoding_of, known_name

Element = Any
Parser = Any

_UTF8_BOM = b"\xef\xbb\xbf"
_DECLARED_ENCODING = re.compile(rb"""<\?xml\s[^<>]{0,200}?\bencoding\s*=\s*["']([^"'<>]{1,60})["']""")
_MAX_ATTRIBUTE_LENGTH = 300  # characters
_MAX_LINE = 65_535  # the XML parser notes no higher one of an element
_CHUNK_BYTES = 65_536
_WHITESPACE = re.compile(rb"\s*")
_UTF16_PREFIXES = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}

_SAFE_OPTIONS = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "remove_blank_text": True,
    "collect_ids": False,
}
_PARSER = etree.XMLParser(**_SAFE_OPTIONS)
_UTF8_PARSER = etree.XMLParser(encoding="utf-8", **_SAFE_OPTIONS)  # ignores the declaration

_ERRORS = etree.ErrorTypes
_ENTITY_ERRORS = {_ERRORS.ERR_UNDECLARED_ENTITY, _ERRORS.WAR_UNDECLARED_ENTITY, _ERRORS.ERR_ENTITY_LOOP}
_ERROR_DETAILS = {
    _ERRORS.ERR_DOCUMENT_EMPTY: "The file is empty, or does not begin as XML.",
    _ERRORS.ERR_DOCUMENT_END: "There is content after the end of the root element.",
    _ERRORS.ERR_TAG_NOT_FINISHED: "The file ends before its root element does.",
    _ERRORS.ERR_TAG_NAME_MISMATCH: "A start tag and an end tag do not match.",
    _ERRORS.ERR_ATTRIBUTE_REDEFINED: "An attribute occurs twice in one element.",
    _ERRORS.ERR_INVALID_CHAR: "A character is not allowed in XML.",
    _ERRORS.ERR_RESOURCE_LIMIT: "An element is nested too deep, or a value is too long.",
}


class ParsedXml(NamedTuple):
    """An XML document. `has_byte_order_mark` is about UTF-8, which needs none; UTF-16 does."""

    root: Element
    has_byte_order_mark: bool


class TreeNeeded(Exception):
    """A file cannot be parsed without its tree, for instance because that tells why it is refused."""


def looks_like_xml(data: bytes) -> bool:
    """Return whether the first character that is not white space is `<`, in UTF-8 or UTF-16."""
    if encoding := _UTF16_PREFIXES.get(data[:2]):
        return data[:200].decode(encoding, "ignore").lstrip()[:1] == "<"
    return data[:200].removeprefix(_UTF8_BOM).lstrip()[:1] == b"<"


def parse_xml(data: bytes) -> ParsedXml:
    """Parse an XML file.

    Args:
        data: The bytes of the file.

    Returns:
        Its element tree, without comments and processing instructions.

    Raises:
        FileRejected: If the file has a DTD or an entity of its own, does not decode, or is not well-formed.
    """
    has_byte_order_mark = data.startswith(_UTF8_BOM)
    if has_byte_order_mark:
        data, parser = data[3:], _UTF8_PARSER
    else:
        data, parser = _to_utf8(data)
    if _has_doctype(data):
        raise FileRejected(FindingCode.DOCTYPE)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        rejection = _rejection(error)
        etree.clear_error_log()
        raise rejection from None
    if root.getroottree().docinfo.doctype:
        raise FileRejected(FindingCode.DOCTYPE)
    return ParsedXml(root, has_byte_order_mark)


class StreamedXml:
    """An XML file of which the children of the root with one tag are yielded, each while it alone is in memory.

    Only a file that `parse_xml` accepts is iterated to its end. What was yielded of any other is to be discarded.
    """

    def __init__(self, data: bytes, tag: str) -> None:
        """Prepare the file; may raise `FileRejected`.

        Args:
            data: The bytes of the file.
            tag: The tag of the children.
        """
        self._has_byte_order_mark = data.startswith(_UTF8_BOM)
        self._data = data[3:] if self._has_byte_order_mark else _to_utf8(data)[0]
        self._tag = tag
        self._root: Element | None = None

    @property
    def document(self) -> ParsedXml:
        """The part of the document that has been read; there is one from the first child on."""
        return ParsedXml(self._root, self._has_byte_order_mark)

    def __iter__(self) -> Iterator[Element]:
        """Yield each child when it is complete; its content is removed before the next one.

        Raises:
            TreeNeeded: If there is no such child, or if the tree differs from that of `parse_xml`, or there is none.
        """
        if b"<" + self._tag.encode() not in self._data or _has_doctype(self._data):
            raise TreeNeeded
        parser = etree.XMLPullParser(events=("end",), tag=self._tag, encoding="utf-8", **_SAFE_OPTIONS)
        try:
            for start in range(0, len(self._data), _CHUNK_BYTES):
                parser.feed(self._data[start : start + _CHUNK_BYTES])
                yield from self._children(parser)
            root = parser.close()
        except etree.XMLSyntaxError:
            etree.clear_error_log()
            raise TreeNeeded from None
        if root.getroottree().docinfo.doctype:
            raise TreeNeeded

    def _children(self, parser: Parser) -> Iterator[Element]:
        for _, element in parser.read_events():
            if self._root is None:
                self._root = element.getroottree().getroot()
            if element.getparent() is not self._root:
                continue
            if not len(element) and element.sourceline >= _MAX_LINE:
                raise TreeNeeded  # the line is found by that of a text beside it
            yield element
            element.clear()


def canonicalize(element: Element) -> bytes:
    """Return a text that is equal for two elements that differ only in layout and in the order of attributes."""
    return etree.tostring(element, method="c14n2", with_tail=False, strip_text=True)


def attribute(element: Element, name: str) -> str:
    """Return an attribute, trimmed and cut to the longest value that the schemas allow; empty if it is missing."""
    return element.get(name, "").strip()[:_MAX_ATTRIBUTE_LENGTH]


def _to_utf8(data: bytes) -> tuple[bytes, Parser]:
    """Return the same text in UTF-8, and the parser to use for it."""
    if name := _UTF16_PREFIXES.get(data[:2]):
        return _transcode(data, name), _UTF8_PARSER
    declared = _DECLARED_ENCODING.match(data)
    if declared is None:
        return data, _PARSER
    name = declared[1].decode("latin-1")
    encoding = encoding_of(name)
    # The name is replaced in the declaration, as the XML parser does not know every one.
    start, end = declared.span(1)
    data = data[:start] + b"utf-8" + data[end:]
    if encoding == UTF_8:
        return data, _PARSER
    if encoding is None:
        raise FileRejected(FindingCode.ENCODING, 1, detail=_refusal_of(name))
    if encoding == UTF_16:
        raise FileRejected(
            FindingCode.ENCODING, 1, detail="The declared encoding is UTF-16, but the file is not UTF-16."
        )
    # Every other encoding is decoded here, strictly, so that the parser sees UTF-8 only. In none can `<!DOCTYPE` be
    # hidden.
    return _transcode(data, encoding), _UTF8_PARSER


def _refusal_of(name: str) -> str:
    """Return the sentence that refuses an encoding by its name. A name that means none is not repeated: it is input."""
    known = known_name(name)
    subject = f"The declared encoding, {known}," if known else "The name of the declared encoding is unknown; it"
    return f"{subject} is not one that is read: UTF-8, UTF-16, ISO-8859-1 and Windows-1252 are."


def _transcode(data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode()
    except UnicodeError:
        raise FileRejected(FindingCode.ENCODING) from None


def _has_doctype(data: bytes) -> bool:
    """Return whether there is a DTD before the root element, among comments and processing instructions."""
    offset = 0
    while True:
        # The pattern always matches, if only the empty text.
        offset = _WHITESPACE.match(data, offset).end()  # pyright: ignore[reportOptionalMemberAccess]
        if data.startswith(b"<?", offset):
            end = data.find(b"?>", offset) + 2
        elif data.startswith(b"<!--", offset):
            end = data.find(b"-->", offset) + 3
        else:
            return data.startswith(b"<!DOCTYPE", offset)
        if end <= offset:
            return False
        offset = end


def _rejection(error: Any) -> FileRejected:
    line = error.position[0] or 0
    if error.code == _ERRORS.ERR_NO_MEMORY:
        raise MemoryError
    if error.code in _ENTITY_ERRORS:
        return FileRejected(FindingCode.ENTITY, line)
    if error.code in (_ERRORS.ERR_INVALID_ENCODING, _ERRORS.ERR_UNKNOWN_ENCODING, _ERRORS.ERR_UNSUPPORTED_ENCODING):
        return FileRejected(FindingCode.ENCODING, line)
    return FileRejected(FindingCode.NOT_WELL_FORMED, line, detail=_ERROR_DETAILS.get(error.code, ""))
