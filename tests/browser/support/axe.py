"""axe-core in a page: the rules of WCAG 2.2 AA that can be checked automatically."""

from functools import cache

import pytest
from playwright.sync_api import Page

from tests.support.server_process import REPOSITORY

_AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
_COLOUR_RULES = ["color-contrast", "link-in-text-block"]
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A menu that a user has opened covers parts of targets until it closes: the size of its own is tried then, and that of
# those under it in the states without it. Selectors and passed elements are not read, and computing them takes a third
# of the time.
_RUN = """async ([within, only]) => {
  const menu = document.querySelector(':popover-open')
  const options = {runOnly: only, resultTypes: ['violations'], selectors: false}
  if (within || !menu) return (await axe.run(within ?? document, options)).violations
  const page = await axe.run(document, {...options, rules: {'target-size': {enabled: false}}})
  const targets = await axe.run(menu, {...options, runOnly: ['target-size']})
  return [...page.violations, ...targets.violations]
}"""


@cache
def _source() -> str:
    if not _AXE.is_file():
        pytest.fail("axe-core is not installed; run `make test`, which fetches it with npm.")
    return _AXE.read_text(encoding="utf-8")


def violations(page: Page, rules: list[str] | None = None, within: str | None = None) -> list[str]:
    """Return the violations of the page as it is now, each as rule and element.

    Args:
        page: The page.
        rules: Rules to check, or None for all.
        within: The selector of what is to be checked, where the rest of the page is checked in another state; None for
            the whole page.
    """
    if not page.evaluate("'axe' in window"):
        # The page's Content-Security-Policy refuses it as a script tag.
        page.evaluate(f"() => {{ {_source()} }}")
    # An element that fades in has too little contrast at first.
    page.evaluate("Promise.allSettled(document.getAnimations().map(animation => animation.finished))")
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in page.evaluate(_RUN, [within, rules or _TAGS])
        for node in violation["nodes"]
    ]


def violations_in_scheme(page: Page, scheme: str, within: str | None = None) -> list[str]:
    """Return the violations of the page, or of what is within a selector, in one colour scheme, `light` or `dark`."""
    page.evaluate("scheme => { document.documentElement.dataset.colorScheme = scheme }", scheme)
    return violations(page, within=within)


def violations_in_both_schemes(page: Page) -> dict[str, list[str]]:
    """Return the violations by colour scheme, `light` and `dark`, without schemes that have none.

    The schemes differ in nothing but colours, so the other rules are tried once.
    """
    found: dict[str, list[str]] = {}
    for scheme, rules in (("light", None), ("dark", _COLOUR_RULES)):
        page.evaluate("scheme => { document.documentElement.dataset.colorScheme = scheme }", scheme)
        if faults := violations(page, rules):
            found[scheme] = faults
    return found
