"""Code, texts and documents use the standard terms of the field: no file contains a banned word."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.source_files import line_of, read_source, tracked_files

CODE = (".py", ".js")
TEXT = (".py", ".js", ".html", ".css", ".sql", ".sh", ".toml", ".md", ".yaml", "")
OUTSIDE_DOCS = (".py", ".js", ".html", ".css", ".sql", ".sh", ".toml", ".yaml", "")


class BannedWord(NamedTuple):
    """A word that must not occur in files with these suffixes, and what to write instead."""

    pattern: re.Pattern[str]
    instead: str
    suffixes: tuple[str, ...] = TEXT


BANNED_WORDS = (
    BannedWord(re.compile(r"\b[E]lsewhere\b"), "Redirect", CODE),
    BannedWord(re.compile(r"\b[T]ellsCalmly\b"), "HtmlErrorMixin"),
    BannedWord(re.compile(r"\b[N]othingHere\b"), "NotFoundHandler"),
    BannedWord(re.compile(r"\b[H]appening\b"), "Event"),
    BannedWord(re.compile(r"\b[Ww]hoever\b"), "name the process, client or user"),
    BannedWord(re.compile(r"(?<=\s)anew\b"), "re-, again"),
    BannedWord(re.compile(r"\b(?:is|are|was|were|be|been)\s+told\b"), "what is sent to whom"),
    BannedWord(re.compile(r"\bsa(?:y|ys|id)\s+goodbye\b", re.IGNORECASE), "what is released"),
    BannedWord(re.compile(r"\bof\s+ours\b"), "our own, of this process"),
    BannedWord(re.compile(r"\bwho\s+(?:dies|died|has\s+died)\b"), "a process that ends"),
    BannedWord(re.compile(r"\b[Tt]he\s+house\b|\bnouns\b"), "conventions, services"),
    BannedWord(re.compile(r"\b[Ff]or\s+good\b"), "permanently, without limit"),
    BannedWord(re.compile(r"(?<!\d )\bmapper\b"), "folders, files", CODE),
    BannedWord(re.compile(r"(?<![\w/])`?domain\.md\b"), "rule 1.12 (docs/domain.md)", OUTSIDE_DOCS),
    BannedWord(re.compile(r"\b(?:design|ui|house)\.md\b"), "a page of docs/"),
    BannedWord(re.compile(r"\b[Cc]ontract(?=,?\s\(?[GSEH]?[1-9])|\b[Tt]he\s+contract\b|\bhouse\s+rule\b"), "rule S4"),
)

LOCK_FILES = ("requirements", "package-lock")


def find_banned_words(path: Path, content: str) -> Iterator[str]:
    """Yield a message for each banned word of a file, with its line."""
    for word in BANNED_WORDS:
        if path.suffix in word.suffixes:
            for match in word.pattern.finditer(content):
                line = line_of(content, match.start())
                yield f"{path}:{line} has {' '.join(match[0].split())!r}: write {word.instead}"


# The samples are cut by "|", so that a search of the repository does not find them.
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", "class Else|where(Exception):"),
        ("a.py", "class Tells|Calmly:"),
        ("a.py", "Nothing|Here"),
        ("a.py", "Happen|ing"),
        ("a.md", "Who|ever asks"),
        ("a.md", "it is made\nan|ew"),
        ("a.toml", "The client is to|ld so."),
        ("a.py", '"""Says good|bye."""'),
        ("a.js", "a folder of ou|rs"),
        ("a.py", "replaces who di|es"),
        ("a.md", "as the ho|use has it, by its no|uns"),
        ("a.md", "0 for go|od"),
        ("a.py", "for mappe in map|per:"),
        ("a.py", "(`dom|ain.md` 5.3)"),
        ("a.md", "see ho|use.md"),
        ("a.py", "(con|tract S4)"),
        ("a.sql", "-- as the con|tract says"),
    ],
)
def test_banned_word_is_found(name: str, content: str) -> None:
    assert list(find_banned_words(Path(name), content.replace("|", "")))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", "from tests.contract import scenarios"),
        ("a.py", "rule 5.3 (docs/domain.md)"),
        ("a.md", "[dom|ain.md](dom|ain.md)"),
        ("a.nb.toml", "Slipp filer eller map|per her"),
        ("a.py", 'expect(entry).to_contain_text("Importert 9 map|per")'),
        ("a.md", "our own, a renewed one"),
        ("LICENSE", "AN ACTION OF CONTRACT"),
    ],
)
def test_plain_word_passes(name: str, content: str) -> None:
    assert list(find_banned_words(Path(name), content.replace("|", ""))) == []


def test_files_contain_no_banned_word() -> None:
    files = [path for path in tracked_files() if not path.name.startswith(LOCK_FILES)]
    checked = [path for path in files if path.suffix in TEXT]
    assert checked
    assert [fault for path in checked for fault in find_banned_words(path, read_source(path))] == []
