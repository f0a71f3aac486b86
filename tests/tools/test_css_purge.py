"""Compacting and purging of stylesheets: smaller, with the same effect on the pages."""

import pytest

from tools.css_purge import compact, purge


def test_compact_removes_only_comments_and_whitespace() -> None:
    assert compact(
        "/* a { */ a ,\n b { color : red; /* x */ --y: 'a  }  b' }\n@media print { c { top: 0 } }\n@layer a, b;"
    ) == ("a , b{color : red;--y: 'a  }  b';}@media print{c{top: 0;}}@layer a, b;")


def test_compact_keeps_empty_properties_and_braces_in_urls() -> None:
    assert compact('a { --on: ; --off:} b { mask: url("data:image/svg+xml,{;}") }') == (
        'a{--on:;--off:;}b{mask: url("data:image/svg+xml,{;}");}'
    )


@pytest.mark.parametrize(
    "selector",
    [
        ".ds-tag",
        ".ds-tag > .nothing-of-theirs",
        ".ds-tag > a",
        ":not(.ds-card)",
        ".ds-tag:not(.ds-card > a, .ds-card)",
        "[data-color='info']",
        "[data-color]",
        "a:has(> .ds-tag):hover",
        ":nth-child(1 of :not([hidden]))",
    ],
)
def test_purge_keeps_matching_selectors(selector: str) -> None:
    assert purge([f"{selector}{{top:0}}"], [], '<a><i class="ds-tag" data-color="info">') == f"{selector}{{top:0;}}"


@pytest.mark.parametrize(
    "selector",
    [
        ".ds-card",
        ".ds-tag .ds-card",
        ":is(.ds-card, .ds-card:hover) .ds-tag",
        ":where(.ds-tag > .ds-card) > * + *",
        ".ds-tag > u-option",
        "[data-color=brand1], [data-color-scheme][data-color=brand1]",
        "a:has(> .ds-card)",
        ":is(:is(.ds-card, .ds-card-block) > a):not([hidden])",
    ],
)
def test_purge_removes_unmatched_selectors_and_empty_blocks(selector: str) -> None:
    assert (
        purge([f"@layer a{{@media print{{{selector}{{top:0}}}}}}b{{top:0}}"], [], '<b><i class="ds-tag ds-cards">')
        == "b{top:0;}"
    )


def test_purge_removes_selectors_with_unused_attributes() -> None:
    system = "a[data-border]{top:0}:not(:has(b)) i[data-empty]{top:1}u[data-live-now='x']{top:2}s[data-shut]{top:3}"
    assert purge([system], [], '<a><i><u data-live-now="x">') == "u[data-live-now='x']{top:2;}"
    assert purge([system], [], 'createElement("u").dataset.liveNow = on') == "u[data-live-now='x']{top:2;}"


def test_purge_keeps_remaining_selectors_of_list() -> None:
    assert purge([".ds-card,.a .b,.ds-tag{top:0}"], [], "ds-tag") == ".a .b,.ds-tag{top:0;}"


def test_purge_keeps_keyframe_steps() -> None:
    assert purge(["@keyframes turn{from{top:0}to{top:1}}"], [], "") == "@keyframes turn{from{top:0;}to{top:1;}}"


def test_purge_removes_unread_custom_properties_transitively() -> None:
    system = ":root{--a:1;--b:var(--a);--c:2;--d:var(--c);--e:3;--fg-info:4;--fg-brand:5}html{top:var(--d, var(--e))}"
    assert purge([system], [], "") == ":root{--c:2;--d:var(--c);--e:3;}html{top:var(--d, var(--e));}"
    assert "--a:1;--b:var(--a);" in purge([system], ["i{top:var( --b )}"], "")
    completed = purge([system], [], 'style.color = `var(--fg-${name})`; of("info")')
    assert "--fg-info" in completed
    assert "--fg-brand" not in completed
