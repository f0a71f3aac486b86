"""Style sheets made small, and still the same."""

import pytest

from components.layout.styles import compact, needed


def test_a_sheet_keeps_all_but_comments_and_white_space() -> None:
    assert compact("/* a { */ a ,\n b { color : red; /* x */ --y: 'a  }  b' }\n@media print { c { top: 0 } }\n@layer a, b;") == (
        "a , b{color : red;--y: 'a  }  b';}@media print{c{top: 0;}}@layer a, b;"
    )


def test_an_empty_property_and_an_address_with_braces_stay() -> None:
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
def test_what_can_match_stays(selector: str) -> None:
    assert needed([f"{selector}{{top:0}}"], [], '<a><i class="ds-tag" data-color="info">') == f"{selector}{{top:0;}}"


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
def test_what_cannot_goes_and_what_held_it_alone(selector: str) -> None:
    assert needed([f"@layer a{{@media print{{{selector}{{top:0}}}}}}b{{top:0}}"], [], '<b><i class="ds-tag ds-cards">') == "b{top:0;}"


def test_what_asks_for_an_attribute_goes_where_no_element_has_it() -> None:
    system = "a[data-border]{top:0}:not(:has(b)) i[data-empty]{top:1}u[data-live-now='x']{top:2}s[data-shut]{top:3}"
    assert needed([system], [], '<a><i><u data-live-now="x">') == "u[data-live-now='x']{top:2;}"
    assert needed([system], [], 'createElement("u").dataset.liveNow = on') == "u[data-live-now='x']{top:2;}"


def test_of_a_list_of_selectors_the_others_stay() -> None:
    assert needed([".ds-card,.a .b,.ds-tag{top:0}"], [], "ds-tag") == ".a .b,.ds-tag{top:0;}"


def test_the_steps_of_an_animation_are_no_selectors() -> None:
    assert needed(["@keyframes turn{from{top:0}to{top:1}}"], [], "") == "@keyframes turn{from{top:0;}to{top:1;}}"


def test_properties_that_nothing_reads_go_with_those_that_only_they_read() -> None:
    system = ":root{--a:1;--b:var(--a);--c:2;--d:var(--c);--e:3;--fg-info:4;--fg-brand:5}html{top:var(--d, var(--e))}"
    assert needed([system], [], "") == ":root{--c:2;--d:var(--c);--e:3;}html{top:var(--d, var(--e));}"
    assert "--a:1;--b:var(--a);" in needed([system], ["i{top:var( --b )}"], "")
    completed = needed([system], [], 'style.color = `var(--fg-${name})`; of("info")')
    assert "--fg-info" in completed
    assert "--fg-brand" not in completed
