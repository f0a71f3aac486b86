"""Read the project's own source files for the architecture tests."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.support.server_process import REPOSITORY

PROGRAM_PATHS = ("app.py", "preview", "api_handlers", "components")
CODE_PATHS = (*PROGRAM_PATHS, "tests", "tools", "benchmarks")


def tracked_files() -> list[Path]:
    """Return every file of the repository that is committed or about to be, relative to the repository."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (Path(name) for name in set(listing.stdout.split("\0")) if name)
    return sorted(path for path in paths if (REPOSITORY / path).is_file())


def source_files(*suffixes: str, within: tuple[str, ...] = PROGRAM_PATHS) -> list[Path]:
    """Return the files under `within` whose suffix is one of `suffixes`, relative to the repository."""
    return [path for path in tracked_files() if path.suffix in suffixes and path.parts[0] in within]


def read_source(path: Path) -> str:
    """Return the text of a file that is named relative to the repository."""
    return (REPOSITORY / path).read_text(encoding="utf-8")


def line_of(content: str, offset: int) -> int:
    """Return the number of the line, from 1, in which a character of a text is."""
    return content.count("\n", 0, offset) + 1


def imported_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import; `from a import b` is `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def is_in_package(name: str, package: str) -> bool:
    """Return whether a dotted name is the package or a member of it."""
    return name == package or name.startswith(f"{package}.")
