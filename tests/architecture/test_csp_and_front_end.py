"""The browser gets nothing that needs `unsafe-eval`, and nothing from another host."""

import re
from pathlib import Path

import pytest

from tests.architecture.source_files import read_source, source_files

NEEDS_EVAL = re.compile(
    r"\b(CustomJS|ReactiveHTML|jslink|jscallback|js_on_click|js_on_change|js_link|eval|new Function)\b|unsafe-eval"
)
HOST = re.compile(r"""(?:\b(?:https?|wss?):|(?:src|href|url)\s*[=(]\s*["']?)//([^/\s"'`)<>\\:]+)""")
ALLOWED_HOST = re.compile(
    r"(127\.0\.0\.1|localhost|www\.w3\.org|www\.rfc-editor\.org|([a-z0-9-]+\.)*example(\.(org|com|net))?)$|[{$]"
)


def find_eval(path: Path, content: str) -> list[str]:
    """Return the words of a file that need what a strict Content-Security-Policy refuses."""
    return [f"{path} has {match[0]}" for match in NEEDS_EVAL.finditer(content)]


def find_foreign_hosts(path: Path, content: str) -> list[str]:
    """Return the addresses of a file that lead to another host."""
    return [f"{path} names {match[1]}" for match in HOST.finditer(content) if not ALLOWED_HOST.match(match[1])]


@pytest.mark.parametrize(
    "content", ["from bokeh.models import CustomJS", "a.jslink(b)", "eval('1')", "script-src 'unsafe-eval'"]
)
def test_eval_is_found(content: str) -> None:
    assert find_eval(Path("components/a.py"), content)


@pytest.mark.parametrize(
    "content",
    [
        '"https://cdn.jsdelivr.net/x.js"',
        '<script src="//cdn.example.dev/x.js">',
        "url(//fonts.gstatic.com/a)",
        "wss://live.no/",
        "https://w3.org.evil.no/",
    ],
)
def test_foreign_host_is_found(content: str) -> None:
    assert find_foreign_hosts(Path("components/a.html"), content)


@pytest.mark.parametrize(
    "content",
    [
        "http://www.w3.org/2000/svg",
        "https://www.rfc-editor.org/rfc/rfc9457",
        "http://{address}:{port}/",
        "http://127.0.0.1:5006/",
        "a // b",
    ],
)
def test_allowed_address_passes(content: str) -> None:
    assert find_foreign_hosts(Path("components/a.html"), content) == []


def test_front_end_needs_no_unsafe_eval() -> None:
    files = source_files(".py", ".js", ".html", within=("components", "app.py"))
    assert [fault for path in files for fault in find_eval(path, read_source(path))] == []


def test_sources_name_no_foreign_host() -> None:
    files = source_files(".py", ".js", ".css", ".html", ".svg")
    assert files
    assert [fault for path in files for fault in find_foreign_hosts(path, read_source(path))] == []
