"""Selectors of style sheets: those that no element of ours can match go, and what is left is written so that a browser finds its elements
by class or name: it tries a selector that ends in a choice, `:is(...)`, on every element there is.
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
    """What pages are made of: any `words`, in which classes and attributes must stand, and the names of `elements`."""

    words: Collection[str]
    elements: Collection[str]


class Specificity(NamedTuple):
    """How much a selector weighs."""

    ids: int
    classes: int
    names: int

    def plus(self, other: "Specificity") -> "Specificity":
        """Of both together."""
        return Specificity(self.ids + other.ids, self.classes + other.classes, self.names + other.names)


_NO_WEIGHT, _ID_WEIGHT, _CLASS_WEIGHT, _NAME_WEIGHT = (
    Specificity(0, 0, 0),
    Specificity(1, 0, 0),
    Specificity(0, 1, 0),
    Specificity(0, 0, 1),
)


def narrow(selector: str, vocabulary: Vocabulary) -> list[str]:
    """The same for the elements that there can be, of the same weight: none, one, or one for each way to end."""
    return (
        list(_split_alternatives(_narrow_alternatives(selector, vocabulary))) if can_match(selector, vocabulary) else []
    )


def can_match(selector: str, vocabulary: Vocabulary) -> bool:
    """Whether there can be an element for it: all that it asks for is known."""
    if any(
        name in _ALTERNATIVES and not any(can_match(each, vocabulary) for each in split_selectors(inner))
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
    """Of one selector, as CSS Selectors 4, section 17, counts it."""
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
    """Of a list, divided at the commas that stand in no brackets."""
    result, depth = [""], 0
    for character in selectors:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            result.append("")
        else:
            result[-1] += character
    return [part.strip() for part in result]


def _narrow_alternatives(selector: str, vocabulary: Vocabulary) -> str:
    """Without the choices that nothing can meet; one that is left alone stands for itself."""
    result = ""
    at = 0
    for name, inner, start, end in _functions(selector):
        result += selector[at:start]
        at = end
        if name not in ("is", "where"):
            result += selector[start:end]
            continue
        choices = [_narrow_alternatives(each, vocabulary) for each in split_selectors(inner)]
        matching = [each for each in choices if can_match(each, vocabulary)]
        if name == "is" and _highest_specificity(matching) < _highest_specificity(
            choices
        ):  # a choice weighs as much as the heaviest, whether it is met or not
            matching = choices
        is_single = name == "is" and len(matching) == 1 and _can_unwrap(matching[0], result)
        result += matching[0] if is_single else f":{name}({','.join(matching)})"
    return result + selector[at:]


def _can_unwrap(alternative: str, before: str) -> bool:
    """Whether it says the same without its brackets."""
    if not before:
        return True
    begins = before[-1] in " >+~"
    return not _is_complex(alternative) and (begins or not alternative[0].isalpha())


def _split_alternatives(selector: str) -> Iterator[str]:
    """As several where it ends in a choice between elements of the same weight."""
    for name, inner, start, end in _functions(selector):
        begins = start == 0 or selector[start - 1] in " >+~"
        choices = split_selectors(inner)
        if (
            name == "is"
            and begins
            and not _is_complex(selector[end:])
            and not any(map(_is_complex, choices))
            and len({specificity(each) for each in choices}) == 1
        ):
            yield from (f"{selector[:start]}{each}{selector[end:]}" for each in choices)
            return
    yield selector


def _functions(selector: str) -> Iterator[tuple[str, str, int, int]]:
    """Its functions that stand in no other one: name, what is in the brackets, start and end."""
    at = 0
    while found := _FUNCTION.search(selector, at):
        at = _closing_bracket(selector, found.end()) + 1
        yield found[1], selector[found.end() : at - 1], found.start(), at


def _is_complex(selector: str) -> bool:
    """Whether it is more than one element's."""
    return _COMBINATOR.search(_ATTRIBUTE.sub("", _without_functions(selector))) is not None


def _without_functions(selector: str) -> str:
    """Without its functions."""
    result, at = "", 0
    for _, _, start, end in _functions(selector):
        result += selector[at:start]
        at = end
    return result + selector[at:]


def _highest_specificity(selectors: Sequence[str]) -> Specificity:
    return max((specificity(each) for each in selectors), default=_NO_WEIGHT)


def _camel(attribute: str) -> str:
    """As scripts name it in `dataset`."""
    head, *more = attribute.split("-")
    return head + "".join(part.capitalize() for part in more)


def _closing_bracket(text: str, start: int) -> int:
    """Where the bracket ends that was opened before `start`."""
    depth = 1
    for position in range(start, len(text)):
        depth += (text[position] == "(") - (text[position] == ")")
        if depth == 0:
            return position
    return len(text)
