"""Narrowing of CSS selectors to the elements that a program has.

Selectors that no element can match are dropped. The others are rewritten so that they end in a class or a name, by
which a browser indexes rules; one that ends in `:is(...)` is tried on every element of a page.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

_REQUIRED = re.compile(r"""\.(ds-[\w-]+)|\[data-color=["']?([\w-]+)["']?\]|\[data-([\w-]+)""")
_ATTRIBUTE = re.compile(r"\[[^\]]*\]")
_NAME = re.compile(r"(?:^|(?<=[\s>+~,(]))[a-z][\w-]*")
_FUNCTION = re.compile(r":([\w-]+)\(")
_ALTERNATIVES = {"is", "where", "has"}
_SIMPLE = re.compile(r"::?[\w-]+\(?|[.#][\w-]+|\[[^\]]*\]|[a-z][\w-]*")
_OLD_PSEUDO_ELEMENTS = {":before", ":after", ":first-line", ":first-letter"}
_COMBINATOR = re.compile(r"[\s>+~]")


class Vocabulary(NamedTuple):
    """What pages are made of.

    Attributes:
        words: All words of the program's sources; every class and attribute that a page can have is one of them.
        elements: The names of the elements that pages can have.
    """

    words: Collection[str]
    elements: Collection[str]


class Specificity(NamedTuple):
    """A selector's specificity: the number of ids, of classes, attributes and pseudo-classes, and of element names."""

    ids: int
    classes: int
    names: int

    def plus(self, other: "Specificity") -> "Specificity":
        """Return the sum."""
        return Specificity(self.ids + other.ids, self.classes + other.classes, self.names + other.names)


_NO_WEIGHT = Specificity(0, 0, 0)
_ID_WEIGHT = Specificity(1, 0, 0)
_CLASS_WEIGHT = Specificity(0, 1, 0)
_NAME_WEIGHT = Specificity(0, 0, 1)


def narrow(selector: str, vocabulary: Vocabulary) -> list[str]:
    """Return selectors that match the same elements of pages with the same specificity.

    Args:
        selector: One selector, not a list.
        vocabulary: What pages are made of.

    Returns:
        No selector if nothing can match, else one, or one for each alternative of a final `:is(...)`.
    """
    return (
        list(_split_alternatives(_narrow_alternatives(selector, vocabulary))) if can_match(selector, vocabulary) else []
    )


def can_match(selector: str, vocabulary: Vocabulary) -> bool:
    """Return whether an element can match: every class, attribute and name that the selector requires is known."""
    if any(
        name in _ALTERNATIVES and not any(can_match(choice, vocabulary) for choice in split_selectors(inner))
        for name, inner, _, _ in _functions(selector)
    ):
        return False
    outside = _without_functions(selector)
    return all(name in vocabulary.elements for name in _NAME.findall(_ATTRIBUTE.sub("", outside))) and all(
        name in vocabulary.words
        or color in vocabulary.words
        or (attribute and not {f"data-{attribute}", _camel(attribute)}.isdisjoint(vocabulary.words))
        for name, color, attribute in _REQUIRED.findall(outside)
    )


def specificity(selector: str) -> Specificity:
    """Return the specificity of one selector (CSS Selectors Level 4, section 17)."""
    weight = Specificity(0, 0, 0)
    at = 0
    while found := _SIMPLE.search(selector, at):
        piece, at = found[0], found.end()
        if piece.endswith("("):
            end = _closing_bracket(selector, at)
            weight = weight.plus(_function_specificity(piece[1:-1], selector[at:end]))
            at = end + 1
        elif piece.startswith("::") or piece in _OLD_PSEUDO_ELEMENTS or piece[0].isalpha():
            weight = weight.plus(_NAME_WEIGHT)
        else:
            weight = weight.plus(_ID_WEIGHT if piece[0] == "#" else _CLASS_WEIGHT)
    return weight


def _function_specificity(name: str, inner: str) -> Specificity:
    if name == "where":
        return _NO_WEIGHT
    if name in ("is", "not", "has"):
        return _highest_specificity(split_selectors(inner))
    _, separator, selectors = inner.partition(" of ")
    return _CLASS_WEIGHT.plus(_highest_specificity(split_selectors(selectors)) if separator else _NO_WEIGHT)


def split_selectors(selectors: str) -> list[str]:
    """Return the selectors of a list, which is divided at the commas outside brackets."""
    result, depth = [""], 0
    for character in selectors:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            result.append("")
        else:
            result[-1] += character
    return [part.strip() for part in result]


def _narrow_alternatives(selector: str, vocabulary: Vocabulary) -> str:
    """Return the selector without the alternatives of `:is` and `:where` that cannot match.

    A single remaining alternative replaces its function where that does not change the meaning.
    """
    result = ""
    at = 0
    for name, inner, start, end in _functions(selector):
        result += selector[at:start]
        at = end
        if name not in ("is", "where"):
            result += selector[start:end]
            continue
        choices = [_narrow_alternatives(choice, vocabulary) for choice in split_selectors(inner)]
        matching = [choice for choice in choices if can_match(choice, vocabulary)]
        # `:is` has the specificity of its heaviest alternative, whether that one matches or not.
        if name == "is" and _highest_specificity(matching) < _highest_specificity(choices):
            matching = choices
        is_single = name == "is" and len(matching) == 1 and _can_unwrap(matching[0], result)
        result += matching[0] if is_single else f":{name}({','.join(matching)})"
    return result + selector[at:]


def _can_unwrap(alternative: str, before: str) -> bool:
    """Return whether an alternative means the same without the brackets of its `:is(...)`, after the text `before`."""
    if not before:
        return True
    begins = before[-1] in " >+~"
    return not _is_complex(alternative) and (begins or not alternative[0].isalpha())


def _split_alternatives(selector: str) -> Iterator[str]:
    """Yield a selector for each alternative of a final `:is(...)`, if all are equally specific, else the selector."""
    for name, inner, start, end in _functions(selector):
        begins = start == 0 or selector[start - 1] in " >+~"
        choices = split_selectors(inner)
        if (
            name == "is"
            and begins
            and not _is_complex(selector[end:])
            and not any(map(_is_complex, choices))
            and len({specificity(choice) for choice in choices}) == 1
        ):
            yield from (f"{selector[:start]}{choice}{selector[end:]}" for choice in choices)
            return
    yield selector


def _functions(selector: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield the outermost functions of a selector: name, content of the brackets, start and end."""
    at = 0
    while found := _FUNCTION.search(selector, at):
        at = _closing_bracket(selector, found.end()) + 1
        yield found[1], selector[found.end() : at - 1], found.start(), at


def _is_complex(selector: str) -> bool:
    """Return whether a selector has a combinator outside its functions."""
    return _COMBINATOR.search(_ATTRIBUTE.sub("", _without_functions(selector))) is not None


def _without_functions(selector: str) -> str:
    """Return a selector without its functions."""
    result, at = "", 0
    for _, _, start, end in _functions(selector):
        result += selector[at:start]
        at = end
    return result + selector[at:]


def _highest_specificity(selectors: Sequence[str]) -> Specificity:
    return max((specificity(selector) for selector in selectors), default=_NO_WEIGHT)


def _camel(attribute: str) -> str:
    """Return the name of a data attribute in a script's `dataset`."""
    head, *more = attribute.split("-")
    return head + "".join(part.capitalize() for part in more)


def _closing_bracket(text: str, start: int) -> int:
    """Return the index of the bracket that closes the one before `start`."""
    depth = 1
    for position in range(start, len(text)):
        depth += (text[position] == "(") - (text[position] == ")")
        if depth == 0:
            return position
    return len(text)
