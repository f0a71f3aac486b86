"""What the browser gets: nothing that needs `unsafe-eval`, nothing from another host (ui.md, "Technique")."""

import re
from pathlib import Path

import pytest

from tests.architecture.source_files import sources, text

NEEDS_EVAL = re.compile(r"\b(CustomJS|ReactiveHTML|jslink|jscallback|js_on_click|js_on_change|js_link|eval|new Function)\b|unsafe-eval")
HOST = re.compile(r"""(?:\b(?:https?|wss?):|(?:src|href|url)\s*[=(]\s*["']?)//([^/\s"'`)<>\\:]+)""")
OWN = re.compile(r"(127\.0\.0\.1|localhost|www\.w3\.org|www\.rfc-editor\.org|([a-z0-9-]+\.)*example(\.(org|com|net))?)$|[{$]")


def eval_needed(path: Path, content: str) -> list[str]:
    """The words in a file that bring code which a strict Content-Security-Policy refuses."""
    return [f"{path} has {match[0]}" for match in NEEDS_EVAL.finditer(content)]


def foreign_hosts(path: Path, content: str) -> list[str]:
    """The addresses in a file that lead to another host."""
    return [f"{path} names {match[1]}" for match in HOST.finditer(content) if not OWN.match(match[1])]


@pytest.mark.parametrize("content", ["from bokeh.models import CustomJS", "a.jslink(b)", "eval('1')", "script-src 'unsafe-eval'"])
def test_the_rule_bites_for_eval(content: str) -> None:
    assert eval_needed(Path("components/a.py"), content)


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
def test_the_rule_bites_for_hosts(content: str) -> None:
    assert foreign_hosts(Path("components/a.html"), content)


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
def test_the_rule_lets_pass(content: str) -> None:
    assert foreign_hosts(Path("components/a.html"), content) == []


def test_nothing_needs_unsafe_eval() -> None:
    files = sources(".py", ".js", ".html", within=("components", "app.py"))
    assert [fault for path in files for fault in eval_needed(path, text(path))] == []


def test_nothing_leads_to_another_host() -> None:
    files = sources(".py", ".js", ".css", ".html", ".svg")
    assert files
    assert [fault for path in files for fault in foreign_hosts(path, text(path))] == []
