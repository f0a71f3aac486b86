"""Tests share a page in turn, so that what cannot be removed from a page is added in marked tests alone."""

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.source_files import read_source, source_files

LASTING = {
    *("add_init_script", "add_locator_handler", "emulate_media", "expose_binding", "expose_function", "on", "route"),
    *("route_web_socket", "set_extra_http_headers"),
}
"""What stays with a page until it is closed; a clock stays with all pages of its context, later ones too."""


def lasting_calls(code: str) -> Iterator[str]:
    """Yield the calls that change a page or its context permanently, of functions that are not marked, in a file that
    is not.

    Fixtures cannot be marked, and are left out.
    """
    tree = ast.parse(code)
    statements = (each for each in tree.body if isinstance(each, ast.Assign) and "pytestmark" in ast.unparse(each))
    of_file = _marks(ast.unparse(each.value) for each in statements)
    for function in (each for each in tree.body if isinstance(each, ast.FunctionDef)):
        decorators = [ast.unparse(each) for each in function.decorator_list]
        if any("fixture" in decorator for decorator in decorators):
            continue
        marks = of_file | _marks(decorators)
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name, holder = node.func.attr, ast.unparse(node.func.value)
                is_clock = name == "install" and holder.endswith("clock")
                if (is_clock and "own_context" not in marks) or (name in LASTING and not marks):
                    yield f"{function.name}: {holder}.{name}"


def _marks(code: Iterable[str]) -> set[str]:
    return {mark for each in code for mark in ("own_page", "own_context") if mark in each}


@pytest.mark.parametrize(
    ("call", "mark"), [("page.route('**/a', abort)", "own_page"), ("page.clock.install()", "own_context")]
)
def test_lasting_call_is_found_unless_marked(call: str, mark: str) -> None:
    code = f"def test(page):\n    {call}\n"
    assert list(lasting_calls(code)) == [f"test: {call.partition('(')[0]}"]
    assert list(lasting_calls(f"@pytest.mark.{mark}\n{code}")) == []
    assert list(lasting_calls(f"pytestmark = [pytest.mark.{mark}]\n{code}")) == []


def test_clock_needs_own_context() -> None:
    code = "@pytest.mark.own_page\ndef test(page):\n    page.clock.install()\n"
    assert list(lasting_calls(code)) == ["test: page.clock.install"]


def test_only_marked_tests_change_a_page_permanently() -> None:
    files = source_files(".py", within=("tests",))
    paths = [path for path in files if path.parts[1] == "browser" and path.name.startswith("test_")]
    assert len(paths) > 20
    assert [f"{path}: {call}" for path in paths for call in lasting_calls(read_source(path))] == []
