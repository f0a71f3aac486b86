"""A file is one idea and stays small; the four that spoil every such codebase have caps of their own (design, "The house")."""

import ast
from pathlib import Path

import pytest

from tests.architecture.source_files import sources, text

FILE_LINES = 400
USUAL_LINES = 250
MORE_THAN_USUAL = 0.1
FUNCTION_LINES = 60
CAPS = {"app.py": 120, "preview/runtime/application.py": 250, "api_handlers/base.py": 250, "components/context.py": 250}
EVERYWHERE = ("app.py", "preview.runtime.sockets.py", "preview", "api_handlers", "components", "tests", "tools", "benchmarks")


def too_long(path: Path, content: str) -> list[str]:
    """Says so where a file is longer than it may be."""
    lines, cap = len(content.splitlines()), CAPS.get(str(path), FILE_LINES)
    return [f"{path} has {lines} lines, {cap} are allowed"] if lines > cap else []


def long_functions(path: Path, code: str) -> list[str]:
    """The functions of a file that do not fit a screen."""
    functions = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [
        f"{path}:{node.lineno} {node.name} has {length} lines"
        for node in functions
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    ]


@pytest.mark.parametrize(
    ("path", "lines"), [("app.py", 121), ("preview/runtime/application.py", 251), ("preview/reports/job_queue.py", 401)]
)
def test_the_rule_bites(path: str, lines: int) -> None:
    assert too_long(Path(path), "x\n" * lines)
    assert too_long(Path(path), "x\n" * (lines - 1)) == []


def test_the_rule_bites_for_functions() -> None:
    assert long_functions(Path("app.py"), "def f():\n" + "    x = 1\n" * FUNCTION_LINES)
    assert long_functions(Path("app.py"), "def f():\n" + "    x = 1\n" * (FUNCTION_LINES - 1)) == []


def test_no_file_is_over_its_cap() -> None:
    files = sources(".py", ".js", ".css", ".html", ".sql", within=EVERYWHERE)
    assert files
    assert [fault for path in files for fault in too_long(path, text(path))] == []


def test_few_files_are_longer_than_usual() -> None:
    files = sources(".py", ".js", ".css", ".html", ".sql")
    longer = [str(path) for path in files if len(text(path).splitlines()) > USUAL_LINES]
    assert len(longer) <= MORE_THAN_USUAL * len(files), longer


def test_a_function_fits_a_screen() -> None:
    files = sources(".py")
    assert [fault for path in files for fault in long_functions(path, text(path))] == []
