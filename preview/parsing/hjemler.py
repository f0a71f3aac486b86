"""A Lovhjemmel of v4 as it is written. The same few stand in most cases, so each is taken apart once."""

from typing import NamedTuple

from preview.parsing.lovhjemmel import Hjemmel, parse_hjemmel
from preview.parsing.xml_input import Element

_MAX_PART_LENGTH = 20  # characters of a law, chapter, paragraph or ledd: longer ones are none
_CACHE_SIZE, _MAX_CACHED_CHARACTERS = 4096, 400  # of how many it is kept what they say, and of how long ones
_NUMBERED = ("Kapittel", "Paragraf", "Ledd", "Punktum")


class ParsedHjemmel(NamedTuple):
    """`lov` is the law that it names, whatever that is; `hjemmel` None where it is none that is known. `has_zero`: something in it is 0."""

    lov: str
    hjemmel: Hjemmel | None
    has_zero: bool


NO_HJEMMEL = ParsedHjemmel("", None, has_zero=False)
_cache: dict[tuple[str | None, ...], ParsedHjemmel] = {}


def parse_hjemmel_element(element: Element | None) -> ParsedHjemmel:
    """Of the element; None where there is none."""
    if element is None:
        return NO_HJEMMEL
    cache_key = tuple([each for child in element for each in (child.tag, child.text)])
    parsed = _cache.get(cache_key)
    if parsed is None:
        parsed = _parse(element)
        if sum(map(len, filter(None, cache_key))) <= _MAX_CACHED_CHARACTERS and len(_cache) < _CACHE_SIZE:
            _cache[cache_key] = parsed
    return parsed


def _parse(element: Element) -> ParsedHjemmel:
    parts = tuple([(child.tag, (child.text or "").strip()[:_MAX_PART_LENGTH]) for child in element])
    lov = next((text for tag, text in parts if tag == "Lov"), "").upper()
    return ParsedHjemmel(lov, parse_hjemmel(parts), any(tag in _NUMBERED and text == "0" for tag, text in parts))
