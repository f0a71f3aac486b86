"""The project's own source files, and what the house tests read out of them."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.support.server_process import REPOSITORY

PROGRAM_PATHS = ("app.py", "preview.runtime.sockets.py", "preview", "api_handlers", "components")


def tracked_files() -> list[Path]:
    """Every file of the repository, committed or about to be, relative to it."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return sorted(path for name in set(listing.stdout.split("\0")) if name and (REPOSITORY / (path := Path(name))).is_file())


def source_files(*suffixes: str, within: tuple[str, ...] = PROGRAM_PATHS) -> list[Path]:
    """The files under `within` that end in one of `suffixes`, relative to the repository."""
    return [path for path in tracked_files() if path.suffix in suffixes and path.parts[0] in within]


def read_source(path: Path) -> str:
    return (REPOSITORY / path).read_text(encoding="utf-8")


def imported_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that is imported, `from a import b` as `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def is_in_package(name: str, package: str) -> bool:
    """Whether a dotted name is the package or lies in it."""
    return name == package or name.startswith(f"{package}.")
