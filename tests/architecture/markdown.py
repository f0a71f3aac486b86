"""Read links, anchors, code spans and rule numbers out of Markdown pages and source files."""

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)|<img src=\"([^\"]+)\"")
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_CODE_SPAN = re.compile(r"`([^`\n]+)`")

_NUMBER = r"(?:[GSEH]\d+|[1-6][a-f]|[1-9]\d?(?:\.\d{1,2})?)\b(?!%|\.\d)"
_CITATION = re.compile(
    r"\b(?:rules?|contract|(?:api|domain)(?:\.md)?`?),?\s+"
    rf"\(?(?P<numbers>{_NUMBER}(?:(?:,|,? and|,? or| to)\s+{_NUMBER})*)",
    re.IGNORECASE,
)


def links(page: str) -> Iterator[str]:
    """Yield the targets of all links and pictures of a page, but not those of other hosts."""
    for match in _LINK.finditer(_FENCE.sub("", page)):
        target = match[1] or match[2]
        if "://" not in target:
            yield target


def anchors(page: str) -> set[str]:
    """Return the anchors that a link to a page can have: its headings, as slugs, and its named anchors."""
    page = _FENCE.sub("", page)
    return {_slug(match[1]) for match in _HEADING.finditer(page)} | {match[1] for match in _ANCHOR.finditer(page)}


def rule_numbers(page: str) -> set[str]:
    """Return the numbers of the rules that a page defines, as code cites them: `S4`, `6b`, `1.12`."""
    names = (match[1] for match in _ANCHOR.finditer(page))
    return {name.removeprefix("r").replace("-", ".") if name[0] == "r" else _api_number(name) for name in names}


def cited_rules(text: str) -> Iterator[tuple[int, str]]:
    """Yield offset and number of each rule that a text cites, as in "rule 1.12" or "rules S1 to S5"."""
    for match in _CITATION.finditer(text):
        for number in re.finditer(_NUMBER, match["numbers"]):
            yield match.start("numbers") + number.start(), number[0]


def code_spans(page: str) -> Iterator[str]:
    """Yield the text of each code span of a page."""
    for match in _CODE_SPAN.finditer(_FENCE.sub("", page)):
        yield match[1]


def _api_number(name: str) -> str:
    return name.upper() if name[0].isalpha() else name


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
