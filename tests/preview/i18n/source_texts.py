"""Extracts string literals from the program's files, and words from its templates."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source_files import read_source, source_files

PLACEHOLDER = "\0"
"""Marks a part of a literal that is inserted at run time."""

_JINJA = re.compile(r"\{#.*?#\}|\{%-?(.*?)-?%\}|\{\{(.*?)\}\}", re.DOTALL)
_QUOTED = re.compile(r""""((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'""")
_COMMENT = re.compile(r"^\s*//.*$|/\*.*?\*/|(?<=[\s;{}])// .*$", re.MULTILINE | re.DOTALL)
_SCRIPT_LITERAL = re.compile(rf"{_QUOTED.pattern}|`((?:[^`\\]|\\.)*)`")
_JOINED = re.compile(r"""(["'])((?:(?!\1)[^\\\n])*)\1(\s*~)?""")
_TEXT_ATTRIBUTES = re.compile(r"""\b(?:aria-label|title|alt|placeholder|label)=("[^"]*"|'[^']*')""")


def python_literals(source: str) -> Iterator[str]:
    """Yield every string but docstrings; f-strings with placeholders."""
    tree = ast.parse(source)
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in ast.walk(node) if isinstance(part, ast.Constant)}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else PLACEHOLDER for part in node.values)
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    yield from (str(each.value) for each in ast.walk(part.value) if isinstance(each, ast.Constant))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.value


def script_literals(source: str) -> Iterator[str]:
    """Yield every string of a script; `${…}` becomes a placeholder, and the strings in it are yielded too."""
    for match in _SCRIPT_LITERAL.finditer(_COMMENT.sub("", source)):
        double, single, template = match.groups()
        if template is None:
            yield double or single or ""
            continue
        yield re.sub(r"\$\{[^}]*\}", PLACEHOLDER, template)
        for inner in re.findall(r"\$\{([^}]*)\}", template):
            yield from (one or other for one, other in _QUOTED.findall(inner))


def template_literals(source: str) -> Iterator[str]:
    """Yield every string in an expression of a template; what `~` joins to it becomes a placeholder."""
    for match in _JINJA.finditer(source):
        for literal in _JOINED.finditer(match[1] or match[2] or ""):
            yield literal[2] + (PLACEHOLDER if literal[3] else "")


def template_texts(source: str) -> list[str]:
    """Return the literal text of a template, and that of attributes that screen readers announce."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", _JINJA.sub("", source), flags=re.DOTALL)
    spoken = [match[1] for match in _TEXT_ATTRIBUTES.finditer(bare)]
    visible = re.split(r"<[^>]*>", re.sub(r"<!--.*?-->", "", bare, flags=re.DOTALL))
    return [words.strip() for words in [*spoken, *visible] if re.search(r"[^\W\d_]{2}", words)]


def program_literals(*left_out: str) -> Iterator[tuple[Path, list[str]]]:
    """Yield the literals of each file of the program that is not under an excluded folder."""
    readers = {".py": python_literals, ".js": script_literals, ".html": template_literals}
    for path in source_files(*readers):
        if not path.as_posix().startswith(left_out):
            yield path, list(readers[path.suffix](read_source(path)))
