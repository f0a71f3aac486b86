"""axe-core in the page: what a machine can tell of WCAG 2.2 AA."""

from functools import cache

import pytest
from playwright.sync_api import Page

from tests.support.server_process import REPOSITORY

_AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _source() -> str:
    if not _AXE.is_file():
        pytest.fail("axe-core is not installed: make test fetches it with npm.")
    return _AXE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Rule and element of each."""
    if not page.evaluate("'axe' in window"):
        # Not as a script tag: the page's policy would rightly refuse it.
        page.evaluate(f"() => {{ {_source()} }}")
    page.evaluate("Promise.allSettled(document.getAnimations().map(animation => animation.finished))")  # what fades in is pale at first
    # No selectors, nor every element that passed: nobody reads them, and making them is a third of the work.
    result = page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations'], selectors: false})", _TAGS)
    return [f"{violation['id']}: {node['html'][:200]}" for violation in result["violations"] for node in violation["nodes"]]


def violations_in_both_schemes(page: Page) -> dict[str, list[str]]:
    """By scheme, light and dark, where there are any."""
    found: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        page.evaluate("scheme => { document.documentElement.dataset.colorScheme = scheme }", scheme)
        if faults := violations(page):
            found[scheme] = faults
    return found
