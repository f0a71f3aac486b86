"""Names of character encodings: what Java, .NET, libxml2 and IANA call those read here (rule 3.5, docs/domain.md)."""

import codecs
import re

UTF_8, UTF_16, LATIN_1, LATIN_9, WINDOWS_1252, ASCII = "utf-8", "utf-16", "iso-8859-1", "iso-8859-15", "cp1252", "ascii"

# Names in lower case without punctuation.
_NAMES = {
    UTF_8: (
        "utf8 csutf8 unicode11utf8 unicode20utf8 xunicode11utf8 xunicode20utf8 cp65001 windows65001 ibm1208 cp1208",
    ),
    UTF_16: (
        "utf16 utf16le utf16be csutf16 csutf16le csutf16be xutf16le xutf16be xutf16lebom unicode unicodebig",
        "unicodelittle unicodebigunmarked unicodelittleunmarked unicodefffe ucs2 iso10646ucs2 csunicode cp1200 cp1201",
    ),
    LATIN_1: (
        "iso88591 iso885911987 88591 latin1 isolatin1 csisolatin1 l1 isoir100 ibm819 cp819 819 windows28591 cp28591",
    ),
    LATIN_9: ("iso885915 885915 latin9 l9 isolatin9 csisolatin9 csiso885915 ibm923 cp923 923 windows28605 cp28605",),
    WINDOWS_1252: ("windows1252 cswindows1252 cp1252 ibm1252 ms1252 win1252 xcp1252 xansi",),
    ASCII: ("usascii ascii iso646us iso646irv1991 ansix341968 ansix341986 isoir6 us ibm367 cp367 csascii ascii7",),
}
_ENCODINGS = {name: encoding for encoding, lines in _NAMES.items() for line in lines for name in line.split()}
_PUNCTUATION = re.compile(r"[^a-z0-9]")


def encoding_of(name: str) -> str | None:
    """Return the encoding that a name means, one of the constants of this module; None if it is not read."""
    return _ENCODINGS.get(_PUNCTUATION.sub("", name.lower()))


def known_name(name: str) -> str | None:
    """Return the usual name of an encoding that is not read, None if it is no encoding at all.

    The returned text comes from Python's registry and never from a file, so that it can be shown.
    """
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
