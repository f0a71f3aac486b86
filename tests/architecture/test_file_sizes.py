"""Files and functions stay small. The four files that everything passes through have limits of their own."""

import ast
from pathlib import Path

import pytest

from tests.architecture.source_files import CODE_PATHS, read_source, source_files

MAX_FILE_LINES = 400
USUAL_LINES = 250
MAX_LONG_FILE_SHARE = 0.1
MAX_FUNCTION_LINES = 60
MAX_LINES_BY_FILE = {
    "app.py": 120,
    "preview/runtime/application.py": 250,
    "api_handlers/base.py": 250,
    "components/context.py": 250,
}


def find_long_files(path: Path, content: str) -> list[str]:
    """Return a message if a file has more lines than it may have."""
    lines, limit = len(content.splitlines()), MAX_LINES_BY_FILE.get(str(path), MAX_FILE_LINES)
    return [f"{path} has {lines} lines, {limit} are allowed"] if lines > limit else []


def find_long_functions(path: Path, code: str) -> list[str]:
    """Return the functions of a file that do not fit a screen."""
    nodes = ast.walk(ast.parse(code))
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [
        f"{path}:{node.lineno} {node.name} has {length} lines"
        for node in functions
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]


@pytest.mark.parametrize(
    ("path", "lines"), [("app.py", 121), ("preview/runtime/application.py", 251), ("preview/reports/job_queue.py", 401)]
)
def test_long_file_is_found(path: str, lines: int) -> None:
    assert find_long_files(Path(path), "x\n" * lines)
    assert find_long_files(Path(path), "x\n" * (lines - 1)) == []


def test_long_function_is_found() -> None:
    assert find_long_functions(Path("app.py"), "def f():\n" + "    x = 1\n" * MAX_FUNCTION_LINES)
    assert find_long_functions(Path("app.py"), "def f():\n" + "    x = 1\n" * (MAX_FUNCTION_LINES - 1)) == []


def test_files_are_within_their_line_limit() -> None:
    files = source_files(".py", ".js", ".css", ".html", ".sql", within=CODE_PATHS)
    assert files
    assert [fault for path in files for fault in find_long_files(path, read_source(path))] == []


def test_few_files_are_longer_than_usual() -> None:
    files = source_files(".py", ".js", ".css", ".html", ".sql")
    longer = [str(path) for path in files if len(read_source(path).splitlines()) > USUAL_LINES]
    assert len(longer) <= MAX_LONG_FILE_SHARE * len(files), longer


def test_functions_are_within_their_line_limit() -> None:
    files = source_files(".py")
    assert [fault for path in files for fault in find_long_functions(path, read_source(path))] == []
