"""Purging of stylesheets: keep of a design system only the rules that the program's elements can match."""

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
# In scripts: `var(--ds-color-${name})`, whose end any word of the sources may be.
_COMPLETED = re.compile(r"var\(\s*(--[\w-]+)\$\{")


@dataclass
class CssRule:
    """A node of a parsed stylesheet.

    Attributes:
        head: A selector, an at-rule's prelude, or a whole declaration or statement.
        children: What stands in the braces after the head; None for a declaration or statement.
    """

    head: str
    children: "list[CssRule] | None" = None

    def __str__(self) -> str:
        return f"{self.head};" if self.children is None else f"{self.head}{{{''.join(map(str, self.children))}}}"


def compact(text: str) -> str:
    """Return a stylesheet without comments and superfluous white space."""
    return "".join(map(str, parse(text)))


def purge(system: Sequence[str], own_sheets: Sequence[str], sources: str) -> str:
    """Return what pages use of the stylesheets of a design system, compacted.

    Args:
        system: The design system's stylesheets, in their order.
        own_sheets: The program's own stylesheets, which may read the design system's custom properties.
        sources: The text of everything that creates elements. An element, class, attribute or colour that does not
            occur in it is on no page.

    Returns:
        The rules that can match, with narrowed selectors, and the custom properties that are read.
    """
    words = set(_WORD.findall(sources))
    vocabulary = Vocabulary(words, _IMPLIED | set(_ELEMENT.findall(sources)))
    completed = {prefix + word for prefix in _COMPLETED.findall(sources) for word in words}
    used = completed.union(*(_USED.findall(text) for text in (*own_sheets, sources)))
    rules = [rule for text in system for rule in parse(text)]
    return "".join(map(str, _drop_unread_properties(list(_used_rules(rules, vocabulary)), used)))


def parse(text: str) -> list[CssRule]:
    """Return the rules of a stylesheet, without comments, with each run of white space as one blank."""
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
    """Yield the rules that can match an element, with only those of their selectors that can."""
    for rule in rules:
        if rule.children is None or rule.head.startswith("@keyframes"):
            yield rule
            continue
        is_selector = not rule.head.startswith("@")
        selectors = (
            [narrowed for selector in split_selectors(rule.head) for narrowed in narrow(selector, vocabulary)]
            if is_selector
            else [rule.head]
        )
        inner = list(_used_rules(rule.children, vocabulary))
        if selectors and inner:
            yield CssRule(",".join(selectors), inner)


def _drop_unread_properties(rules: list[CssRule], used: set[str]) -> list[CssRule]:
    """Return the rules without the custom properties that neither `used` nor a remaining rule reads.

    Dropping a property can leave another one unread, so this repeats until nothing changes.
    """
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
