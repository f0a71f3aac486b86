"""SQL is in `preview/storage` and `preview/form` only."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source_files import read_source, source_files

SQL_FOLDERS = ("preview/storage", "preview/form")
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP|PRAGMA|BEGIN|WITH|VACUUM|ATTACH)\s")


def find_statements(path: Path, code: str) -> list[str]:
    """Return the string literals of a file that begin like an SQL statement. Docstrings are not checked."""
    nodes = list(ast.walk(ast.parse(code)))
    docstrings = [node.value for node in nodes if isinstance(node, ast.Expr)]
    literals = (
        node
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings
    )
    return [f"{path}:{node.lineno} holds SQL" for node in literals if STATEMENT.match(str(node.value))]


@pytest.mark.parametrize(
    "code",
    [
        'x = "SELECT 1"',
        'x = f"UPDATE {table} SET a = 1"',
        'x = """\n  DELETE FROM sak"""',
        'f("PRAGMA optimize")',
        'f("BEGIN IMMEDIATE")',
    ],
)
def test_sql_statement_is_found(code: str) -> None:
    assert find_statements(Path("app.py"), code)


@pytest.mark.parametrize(
    "code", ['"""DELETE (rule 5)."""', 'methods = ("GET", "DELETE")', 'x = "Select a period"', "# SELECT 1"]
)
def test_plain_string_passes(code: str) -> None:
    assert find_statements(Path("app.py"), code) == []


def test_sql_is_only_in_storage_and_form() -> None:
    files = [path for path in source_files(".py") if not any(path.is_relative_to(home) for home in SQL_FOLDERS)]
    assert files
    assert [fault for path in files for fault in find_statements(path, read_source(path))] == []
