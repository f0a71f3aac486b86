"""Tests share a page in turn, so that what cannot be removed from a page is added in tests marked `own_page` alone."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source_files import read_source, source_files

LASTING = {
    *("add_init_script", "add_locator_handler", "emulate_media", "expose_binding", "expose_function", "on", "route"),
    *("route_web_socket", "set_extra_http_headers"),
}


def lasting_calls(code: str) -> Iterator[str]:
    """Yield the calls that change a page permanently, of functions that are not marked, in a file that is not.

    Fixtures cannot be marked, and are left out.
    """
    tree = ast.parse(code)
    marks = (each.value for each in tree.body if isinstance(each, ast.Assign) and "pytestmark" in ast.unparse(each))
    if any("own_page" in ast.unparse(mark) for mark in marks):
        return
    for function in (each for each in tree.body if isinstance(each, ast.FunctionDef)):
        if any("own_page" in (mark := ast.unparse(each)) or "fixture" in mark for each in function.decorator_list):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name, holder = node.func.attr, ast.unparse(node.func.value)
                if name in LASTING or (name == "install" and holder.endswith("clock")):
                    yield f"{function.name}: {holder}.{name}"


@pytest.mark.parametrize("call", ["page.route('**/a', abort)", "page.clock.install()"])
def test_lasting_call_is_found_unless_marked(call: str) -> None:
    code = f"def test(page):\n    {call}\n"
    assert list(lasting_calls(code)) == [f"test: {call.partition('(')[0]}"]
    assert list(lasting_calls(f"@pytest.mark.own_page\n{code}")) == []
    assert list(lasting_calls(f"pytestmark = [pytest.mark.own_page]\n{code}")) == []


def test_only_marked_tests_change_a_page_permanently() -> None:
    files = source_files(".py", within=("tests",))
    paths = [path for path in files if path.parts[1] == "browser" and path.name.startswith("test_")]
    assert len(paths) > 20
    assert [f"{path}: {call}" for path in paths for call in lasting_calls(read_source(path))] == []
