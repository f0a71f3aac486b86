"""Legal bases: reads a `Lovhjemmel` and derives the flags of a tiltak from it (rule 4.4, docs/domain.md)."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from preview.parsing.xml_input import Element

BVL, BVL2021, BL1981 = "BVL", "BVL2021", "BL1981"
LOVER = {BVL, BVL2021, BL1981}

_KAPITTEL = re.compile(r"[0-9]{1,3}[a-z]{0,2}\Z")
_PARAGRAF = re.compile(r"(?:§\s*)?(?:([0-9]{1,3}[a-z]{0,2})\s*[-–]\s*)?([0-9]{1,4})\s*([a-z]{0,2})\Z")
_OMSORG = {(BVL, "4", "12"), (BVL2021, "5", "1")}
_AKUTT = {(BVL, "4", "6"), (BVL, "4", "9"), *((BVL2021, "4", str(paragraf)) for paragraf in range(1, 6))}
_AKUTT_MED_LEDD = {(BVL, "4", "25"): "2", (BVL, "4", "29"): "4"}
_NUMBERED_TAGS = ("Kapittel", "Paragraf", "Ledd", "Punktum")

_MAX_PART_LENGTH = 20  # characters; longer texts are no act, chapter, section or ledd
_ELEMENT_CACHE_SIZE = 4096  # elements
_MAX_CACHED_LENGTH = 400  # characters of an element


class Hjemmel(NamedTuple):
    """A legal basis in normalised spelling.

    Attributes:
        lov: The act, one of `LOVER`.
        kapittel: The chapter, such as `4` or `6a`.
        paragraf: The section within the chapter, such as `12`.
        ledd: The numbers of the ledd that are named.
    """

    lov: str
    kapittel: str
    paragraf: str
    ledd: frozenset[str]

    @property
    def provision(self) -> tuple[str, str, str]:
        """Act, chapter and section."""
        return self[:3]


class ParsedHjemmel(NamedTuple):
    """A `Lovhjemmel` element of v4.

    Attributes:
        lov: The act as named, in upper case; not necessarily one of `LOVER`.
        hjemmel: The legal basis, or None if it is missing or unknown.
        has_zero: Whether a chapter, section, ledd or sentence is given as 0.
    """

    lov: str
    hjemmel: Hjemmel | None
    has_zero: bool


class TiltakFlags(NamedTuple):
    """Flags of a tiltak, each 0 or 1 as in the store."""

    omsorg: int
    akutt: int
    hjelpetiltak: int


NO_HJEMMEL = ParsedHjemmel("", None, has_zero=False)
_parsed_elements: dict[tuple[str | None, ...], ParsedHjemmel] = {}


def parse_hjemmel_element(element: Element | None) -> ParsedHjemmel:
    """Return the content of a `Lovhjemmel` or `JmfrLovhjemmel` element, `NO_HJEMMEL` for None.

    Most cases name the same few legal bases, so the results are cached by the element's content.
    """
    if element is None:
        return NO_HJEMMEL
    cache_key = tuple([item for child in element for item in (child.tag, child.text)])
    parsed = _parsed_elements.get(cache_key)
    if parsed is None:
        parsed = _parse_element(element)
        is_short = sum(map(len, filter(None, cache_key))) <= _MAX_CACHED_LENGTH
        if is_short and len(_parsed_elements) < _ELEMENT_CACHE_SIZE:
            _parsed_elements[cache_key] = parsed
    return parsed


def parse_hjemmel(parts: Iterable[tuple[str, str]]) -> Hjemmel | None:
    """Return the legal basis that consists of these parts.

    Args:
        parts: Pairs of name (`Lov`, `Kapittel`, `Paragraf`, `Ledd`) and text. `Paragraf` may be written `12`, `4-12` or
            `§ 4-12`; `Ledd` may repeat.

    Returns:
        The legal basis, or None if the act is not one of `LOVER`, or if chapter and section are missing, unreadable or
        contradictory.
    """
    return _parse_parts(_trimmed(parts))


@lru_cache(maxsize=4096)
def flags(hjemmel: Hjemmel | None, jmfr: tuple[Hjemmel | None, ...]) -> TiltakFlags:
    """Return the flags of a tiltak (rule 4.4).

    Args:
        hjemmel: Its legal basis; None for an unknown one, which makes a hjelpetiltak (rule 2.1).
        jmfr: The legal bases that it refers to (`JmfrLovhjemmel`).
    """
    if hjemmel is None:
        return TiltakFlags(0, 0, 1)
    omsorg = hjemmel.provision in _OMSORG or _is_omsorg_by_4_8(hjemmel, jmfr)
    akutt = hjemmel.provision in _AKUTT or _AKUTT_MED_LEDD.get(hjemmel.provision) in hjemmel.ledd
    samtykke = hjemmel.provision == (BVL2021, "4", "1") or (
        hjemmel.provision == (BVL, "4", "6") and "1" in hjemmel.ledd
    )
    return TiltakFlags(int(omsorg), int(akutt), int(samtykke or not (omsorg or akutt)))


def is_placement(kategori: str | None) -> int:
    """Return 1 if a tiltak of that Kategori is a placement outside the home, else 0 (rule 4.4)."""
    return int(kategori is not None and (kategori.startswith(("1.", "2.")) or kategori in ("8.2", "8.4", "8.5")))


def _parse_element(element: Element) -> ParsedHjemmel:
    parts = _trimmed((child.tag, child.text or "") for child in element)
    lov = next((text for tag, text in parts if tag == "Lov"), "").upper()
    return ParsedHjemmel(lov, _parse_parts(parts), any(tag in _NUMBERED_TAGS and text == "0" for tag, text in parts))


def _trimmed(parts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple([(name, text.strip()[:_MAX_PART_LENGTH]) for name, text in parts])


@lru_cache(maxsize=4096)
def _parse_parts(parts: tuple[tuple[str, str], ...]) -> Hjemmel | None:
    values = dict(parts)
    lov, kapittel = values.get("Lov", "").upper(), values.get("Kapittel", "").lower()
    match = _PARAGRAF.match(values.get("Paragraf", "").lower())
    if lov not in LOVER or match is None or not _KAPITTEL.match(kapittel) or match[1] not in (None, kapittel):
        return None
    return Hjemmel(lov, kapittel, match[2] + match[3], frozenset(text for tag, text in parts if tag == "Ledd"))


def _is_omsorg_by_4_8(hjemmel: Hjemmel, jmfr: tuple[Hjemmel | None, ...]) -> bool:
    if hjemmel.provision != (BVL, "4", "8"):
        return False
    if not hjemmel.ledd.isdisjoint(("2", "3")):
        return True
    return any(related is not None and related.provision == (BVL, "4", "12") for related in jmfr)
