"""XML from strangers: bytes in, a tree out, or the reason why not (`domain.md` 10, first row).

Nothing is ever fetched, no entity is ever expanded, and no message of the parser is passed on: those quote the input.
"""

import re
from typing import Any, NamedTuple

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] a module in C, without types

from preview.model.findings import FileRejected, FindingCode

Element = Any
Parser = Any

_UTF8_BOM = b"\xef\xbb\xbf"
_DECLARED_ENCODING = re.compile(rb"""<\?xml\s[^<>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_MAX_ATTRIBUTE_LENGTH = 300  # characters
_WHITESPACE = re.compile(rb"\s*")
_UTF8_NAMES = {b"utf-8", b"utf8"}
# The others are decoded here, strictly, so that the parser sees UTF-8 only: encodings in which `<!DOCTYPE` hides are not among them.
_TRANSCODED_ENCODINGS = {
    b"us-ascii": "ascii",
    b"iso-8859-1": "iso-8859-1",
    b"latin1": "iso-8859-1",
    b"iso-8859-15": "iso-8859-15",
    b"windows-1252": "cp1252",
    b"cp1252": "cp1252",
}
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
_UTF8_PARSER = etree.XMLParser(encoding="utf-8", **_SAFE_OPTIONS)  # whatever the declaration says

_ERRORS = etree.ErrorTypes
_ENTITY_ERRORS = {_ERRORS.ERR_UNDECLARED_ENTITY, _ERRORS.WAR_UNDECLARED_ENTITY, _ERRORS.ERR_ENTITY_LOOP}
_ERROR_DETAILS = {
    _ERRORS.ERR_DOCUMENT_EMPTY: "The file is empty, or does not begin as XML.",
    _ERRORS.ERR_DOCUMENT_END: "Something stands after the end of the root element.",
    _ERRORS.ERR_TAG_NOT_FINISHED: "The file ends before its root element does.",
    _ERRORS.ERR_TAG_NAME_MISMATCH: "A start tag and an end tag do not match.",
    _ERRORS.ERR_ATTRIBUTE_REDEFINED: "An attribute stands twice in one element.",
    _ERRORS.ERR_INVALID_CHAR: "A character is not allowed in XML.",
    _ERRORS.ERR_RESOURCE_LIMIT: "An element is nested too deep, or a value is too long.",
}


class ParsedXml(NamedTuple):
    """`byte_order_mark` tells of UTF-8's, which is needless (UTF-16 asks for one)."""

    root: Element
    has_byte_order_mark: bool


def looks_like_xml(data: bytes) -> bool:
    """Whether the first character that is not white space is `<`, in UTF-8 or UTF-16."""
    return data[:200].removeprefix(_UTF8_BOM).lstrip()[:1] == b"<" or data[:2] in _UTF16_PREFIXES


def parse_xml(data: bytes) -> ParsedXml:
    """The tree of an XML file, without comments and processing instructions.

    Raises `Refused` for a DTD, an entity, bytes that do not decode, and whatever is not well-formed.
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


def canonicalize(element: Element) -> bytes:
    """The same for two elements that differ in layout and order of attributes alone."""
    return etree.tostring(element, method="c14n2", with_tail=False, strip_text=True)


def attribute(element: Element, name: str) -> str:
    """An attribute, trimmed and no longer than the schemas allow; empty where it is missing."""
    return element.get(name, "").strip()[:_MAX_ATTRIBUTE_LENGTH]


def _to_utf8(data: bytes) -> tuple[bytes, Parser]:
    """The same text in UTF-8, and the parser for it."""
    if name := _UTF16_PREFIXES.get(data[:2]):
        return _transcode(data, name), _UTF8_PARSER
    declared = _DECLARED_ENCODING.match(data)
    if declared is None or declared[1].lower() in _UTF8_NAMES:
        return data, _PARSER
    encoding = _TRANSCODED_ENCODINGS.get(declared[1].lower())
    if encoding is None:
        raise FileRejected(FindingCode.ENCODING, 1)
    return _transcode(data, encoding), _UTF8_PARSER


def _transcode(data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode()
    except UnicodeError:
        raise FileRejected(FindingCode.ENCODING) from None


def _has_doctype(data: bytes) -> bool:
    """Whether one stands where it may stand: before the root element, among comments and processing instructions."""
    offset = 0
    while True:
        offset = _WHITESPACE.match(data, offset).end()  # pyright: ignore[reportOptionalMemberAccess] it matches nothing, too
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
