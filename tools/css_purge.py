"""Style sheets made small: of a design system only what the program has elements for, so that the first picture need not wait for
selectors that nothing can match."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tools.css_selectors import Vocabulary, narrow, split_selectors

_TOKEN = re.compile(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|\s+|/|[^{};"'/\s]+""", re.DOTALL)
_IMPLIED = {"html", "head", "body"}
_WORD = re.compile(r"[\w-]+")
_ELEMENT = re.compile(r"""(?:<|createElement\(["'])([a-z][\w-]*)""")
_CUSTOM_PROPERTY = re.compile(r"(--[\w-]+)\s*:")
_USED = re.compile(r"var\(\s*(--[\w-]+)")
_COMPLETED = re.compile(r"var\(\s*(--[\w-]+)\$\{")


@dataclass
class CssRule:
    """A declaration or statement, or with an `inner` whatever has braces."""

    head: str
    children: "list[CssRule] | None" = None

    def __str__(self) -> str:
        return f"{self.head};" if self.children is None else f"{self.head}{{{''.join(map(str, self.children))}}}"


def compact(text: str) -> str:
    """A sheet without comments and needless white space."""
    return "".join(map(str, parse(text)))


def purge(system: Sequence[str], own_sheets: Sequence[str], sources: str) -> str:
    """What is used of the sheets of a design system. `own` are the sheets that read its custom properties, and `sources` is all that makes
    elements: an element, class or colour that does not stand in it is on no page.
    """
    words = set(_WORD.findall(sources))
    vocabulary = Vocabulary(words, _IMPLIED | set(_ELEMENT.findall(sources)))
    completed = {prefix + word for prefix in _COMPLETED.findall(sources) for word in words}
    used = completed.union(*(_USED.findall(text) for text in (*own_sheets, sources)))
    return "".join(
        map(
            str,
            _drop_unread_properties(
                list(_used_rules([rule for text in system for rule in parse(text)], vocabulary)), used
            ),
        )
    )


def parse(text: str) -> list[CssRule]:
    """Its rules, without comments, each run of white space as one blank."""
    root: list[CssRule] = []
    open_: list[list[CssRule]] = [root]
    head = ""
    for piece in _TOKEN.findall(text.replace('@charset "UTF-8";', "")):
        if piece == "{":
            inner: list[CssRule] = []
            open_[-1].append(CssRule(head.strip(), inner))
            open_.append(inner)
            head = ""
        elif piece in (";", "}"):
            if head.strip():
                open_[-1].append(CssRule(head.strip()))
            head = ""
            if piece == "}":
                open_.pop()
        elif not piece.startswith("/*"):
            head += " " if piece.isspace() else piece
    return root


def _used_rules(rules: Sequence[CssRule], vocabulary: Vocabulary) -> Iterator[CssRule]:
    """What can meet an element, and the selectors of it that can."""
    for rule in rules:
        if rule.children is None or rule.head.startswith("@keyframes"):
            yield rule
            continue
        is_selector = not rule.head.startswith("@")
        selectors = (
            [selector for each in split_selectors(rule.head) for selector in narrow(each, vocabulary)]
            if is_selector
            else [rule.head]
        )
        inner = list(_used_rules(rule.children, vocabulary))
        if selectors and inner:
            yield CssRule(",".join(selectors), inner)


def _drop_unread_properties(rules: list[CssRule], used: set[str]) -> list[CssRule]:
    """Without custom properties that nothing reads, of those that are read by `used` or by what is left."""
    while True:
        read = used | set(_USED.findall("".join(map(str, rules))))
        remaining = list(_without_properties(rules, read))
        if remaining == rules:
            return rules
        rules = remaining


def _without_properties(rules: Sequence[CssRule], used: Collection[str]) -> Iterator[CssRule]:
    for rule in rules:
        if rule.children is not None:
            inner = list(_without_properties(rule.children, used))
            if inner:
                yield CssRule(rule.head, inner)
        elif not (property_name := _CUSTOM_PROPERTY.match(rule.head)) or property_name[1] in used:
            yield rule
