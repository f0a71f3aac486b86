"""Style sheets made small: of a design system only what the program has elements for, so that the first picture need not wait for
selectors that nothing can match."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

_PIECE = re.compile(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|\s+|/|[^{};"'/\s]+""", re.DOTALL)
_WORD = re.compile(r"[\w-]+")
_NEED = re.compile(r"""\.(ds-[\w-]+)|\[data-color=["']?([\w-]+)["']?\]|\[data-([\w-]+)""")
_CHOICE = re.compile(r":(?:is|where|has)\(")
_NOT_NEEDED = re.compile(r":not\(")
_OWN_PROPERTY = re.compile(r"(--[\w-]+)\s*:")
_USED = re.compile(r"var\(\s*(--[\w-]+)")
_COMPLETED = re.compile(r"var\(\s*(--[\w-]+)\$\{")


@dataclass
class Rule:
    """A declaration or statement, or with an `inner` whatever has braces."""

    head: str
    inner: "list[Rule] | None" = None

    def __str__(self) -> str:
        return f"{self.head};" if self.inner is None else f"{self.head}{{{''.join(map(str, self.inner))}}}"


def compact(text: str) -> str:
    """A sheet without comments and needless white space."""
    return "".join(map(str, parse(text)))


def needed(system: Sequence[str], own: Sequence[str], sources: str) -> str:
    """What is used of the sheets of a design system. `own` are the sheets that read its custom properties, and `sources` is all that makes
    elements: a class or colour that does not stand in it is on no page.
    """
    words = set(_WORD.findall(sources))
    completed = {begun + word for begun in _COMPLETED.findall(sources) for word in words}
    used = completed.union(*(_USED.findall(text) for text in (*own, sources)))
    return "".join(map(str, _read(list(_living([rule for text in system for rule in parse(text)], words)), used)))


def parse(text: str) -> list[Rule]:
    """Its rules, without comments, each run of white space as one blank."""
    root: list[Rule] = []
    open_: list[list[Rule]] = [root]
    head = ""
    for piece in _PIECE.findall(text.replace('@charset "UTF-8";', "")):
        if piece == "{":
            inner: list[Rule] = []
            open_[-1].append(Rule(head.strip(), inner))
            open_.append(inner)
            head = ""
        elif piece in (";", "}"):
            if head.strip():
                open_[-1].append(Rule(head.strip()))
            head = ""
            if piece == "}":
                open_.pop()
        elif not piece.startswith("/*"):
            head += " " if piece.isspace() else piece
    return root


def _living(rules: Sequence[Rule], words: Collection[str]) -> Iterator[Rule]:
    """What can meet an element, and the selectors of it that can."""
    for rule in rules:
        if rule.inner is None:
            yield rule
            continue
        is_selector = not rule.head.startswith("@")
        selectors = [each for each in _parts(rule.head) if _can_match(each, words)] if is_selector else [rule.head]
        inner = list(_living(rule.inner, words))
        if selectors and inner:
            yield Rule(",".join(selectors), inner)


def _can_match(selector: str, words: Collection[str]) -> bool:
    """Whether there can be an element for it: all that it asks for stands in the program's words."""
    outside = selector
    while found := _CHOICE.search(outside) or _NOT_NEEDED.search(outside):
        end = _closing(outside, found.end())
        if _CHOICE.match(found[0]) and not any(_can_match(each, words) for each in _parts(outside[found.end() : end])):
            return False
        outside = outside[: found.start()] + outside[end + 1 :]
    return all(
        name in words or color in words or (attribute and not {f"data-{attribute}", _camel(attribute)}.isdisjoint(words))
        for name, color, attribute in _NEED.findall(outside)
    )


def _camel(attribute: str) -> str:
    """As scripts name it in `dataset`."""
    head, *more = attribute.split("-")
    return head + "".join(part.capitalize() for part in more)


def _parts(selectors: str) -> list[str]:
    """Of a list, divided at the commas that stand in no brackets."""
    parts, depth = [""], 0
    for character in selectors:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _closing(text: str, start: int) -> int:
    """Where the bracket ends that was opened before `start`."""
    depth = 1
    for place in range(start, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if depth == 0:
            return place
    return len(text)


def _read(rules: list[Rule], used: set[str]) -> list[Rule]:
    """Without custom properties that nothing reads, of those that are read by `used` or by what is left."""
    while True:
        left = used | set(_USED.findall("".join(map(str, rules))))
        fewer = list(_without(rules, left))
        if fewer == rules:
            return rules
        rules = fewer


def _without(rules: Sequence[Rule], used: Collection[str]) -> Iterator[Rule]:
    for rule in rules:
        if rule.inner is not None:
            inner = list(_without(rule.inner, used))
            if inner:
                yield Rule(rule.head, inner)
        elif not (own := _OWN_PROPERTY.match(rule.head)) or own[1] in used:
            yield rule
