"""Style sheets made small: of a design system only what the program has elements for, so that the first picture need not wait for
selectors that nothing can match."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from components.layout.selectors import Known, narrowed, parts

_PIECE = re.compile(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|\s+|/|[^{};"'/\s]+""", re.DOTALL)
_IMPLIED = {"html", "head", "body"}
_WORD = re.compile(r"[\w-]+")
_ELEMENT = re.compile(r"""(?:<|createElement\(["'])([a-z][\w-]*)""")
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
    elements: an element, class or colour that does not stand in it is on no page.
    """
    words = set(_WORD.findall(sources))
    known = Known(words, _IMPLIED | set(_ELEMENT.findall(sources)))
    completed = {begun + word for begun in _COMPLETED.findall(sources) for word in words}
    used = completed.union(*(_USED.findall(text) for text in (*own, sources)))
    return "".join(map(str, _read(list(_living([rule for text in system for rule in parse(text)], known)), used)))


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


def _living(rules: Sequence[Rule], known: Known) -> Iterator[Rule]:
    """What can meet an element, and the selectors of it that can."""
    for rule in rules:
        if rule.inner is None or rule.head.startswith("@keyframes"):
            yield rule
            continue
        is_selector = not rule.head.startswith("@")
        selectors = [same for each in parts(rule.head) for same in narrowed(each, known)] if is_selector else [rule.head]
        inner = list(_living(rule.inner, known))
        if selectors and inner:
            yield Rule(",".join(selectors), inner)


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
