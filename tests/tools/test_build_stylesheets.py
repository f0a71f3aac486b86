"""The built stylesheets: complete, and those that the program loads."""

import re
from collections.abc import Iterator, Sequence

from components.assets import STYLESHEETS, VENDOR_DIR
from components.layout.preferences import THEMES
from tools.build_stylesheets import BUNDLES, build_bundles, markup_files
from tools.css_purge import CssRule, parse

_COLOR_SCHEME = re.compile(r"""\[data-color-scheme=["']?([\w-]+)""")
_SEARCHES_PAGE = re.compile(r"(?:^|,) *(?:html|body|:root)[^ >+~,(]*:has\((?! *>)")


def test_bundles_are_the_stylesheets_that_assets_load() -> None:
    assert set(BUNDLES) == set(STYLESHEETS)


def test_bundles_hold_own_rules_before_used_design_system() -> None:
    bundles = build_bundles()
    for text in bundles.values():
        assert text.startswith("@layer")
        assert ".ds-button" in text
        assert ".ds-breadcrumbs" not in text


def test_no_rule_is_for_a_colour_scheme_that_pages_do_not_have() -> None:
    schemes = {scheme for text in build_bundles().values() for scheme in _COLOR_SCHEME.findall(text)}
    assert schemes == set(THEMES.values())


def test_markup_holds_no_vendored_file() -> None:
    files = list(markup_files())
    assert files
    assert not any(path.is_relative_to(VENDOR_DIR) for path in files)


def _screen_selectors(rules: Sequence[CssRule]) -> Iterator[str]:
    for rule in rules:
        if rule.children is not None and rule.head != "@media print":
            yield rule.head
            yield from _screen_selectors(rule.children)


def test_no_style_has_the_browser_search_the_whole_page_after_each_change() -> None:
    for name, text in build_bundles().items():
        selectors = list(_screen_selectors(parse(text)))
        assert "body:has(> .ds-dialog:modal)" in selectors
        assert [selector for selector in selectors if _SEARCHES_PAGE.search(selector)] == [], name


def test_overview_styles_do_not_count_the_rows_that_are_not_hidden() -> None:
    assert ":nth-last-child(1 of " in build_bundles()["preview.css"]
    assert ":nth-last-child(1 of " not in build_bundles()["overview.css"]
