"""A Lovhjemmel of v4 as it is written. The same few stand in most cases, so each is taken apart once."""

from typing import NamedTuple

from preview.parsing.lovhjemmel import Hjemmel, parse
from preview.parsing.xml_input import Element

_LONGEST = 20  # characters of a law, chapter, paragraph or ledd: longer ones are none
_KEPT, _KEPT_CHARACTERS = 4096, 400  # of how many it is kept what they say, and of how long ones
_NUMBERED = ("Kapittel", "Paragraf", "Ledd", "Punktum")


class Skrevet(NamedTuple):
    """`lov` is the law that it names, whatever that is; `hjemmel` None where it is none that is known. `has_zero`: something in it is 0."""

    lov: str
    hjemmel: Hjemmel | None
    has_zero: bool


INGEN = Skrevet("", None, has_zero=False)
_known: dict[tuple[str | None, ...], Skrevet] = {}


def read(element: Element | None) -> Skrevet:
    """Of the element; None where there is none."""
    if element is None:
        return INGEN
    written = tuple([each for child in element for each in (child.tag, child.text)])
    found = _known.get(written)
    if found is None:
        found = _read(element)
        if sum(map(len, filter(None, written))) <= _KEPT_CHARACTERS and len(_known) < _KEPT:
            _known[written] = found
    return found


def _read(element: Element) -> Skrevet:
    parts = tuple([(child.tag, (child.text or "").strip()[:_LONGEST]) for child in element])
    lov = next((text for tag, text in parts if tag == "Lov"), "").upper()
    return Skrevet(lov, parse(parts), any(tag in _NUMBERED and text == "0" for tag, text in parts))
