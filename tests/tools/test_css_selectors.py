"""Narrowing of selectors, and their specificity."""

import pytest

from tools.css_selectors import Specificity, Vocabulary, narrow, specificity

VOCABULARY = Vocabulary({"ds-search", "ds-table", "data-open"}, {"a", "button", "td", "th", "tr", "html"})


@pytest.mark.parametrize(
    ("selector", "weight"),
    [
        ("*", (0, 0, 0)),
        ("a b > c::before", (0, 0, 4)),
        ("a:before", (0, 0, 2)),
        ("#x .y[z='1, 2']:hover", (1, 3, 0)),
        (":is(a, .b, #c) d", (1, 0, 1)),
        (":where(#a) d", (0, 0, 1)),
        (":not(.a > .b):has(> c)", (0, 2, 1)),
        ("tr:nth-last-child(1 of :not([hidden]))", (0, 2, 1)),
        ("a:lang(nb):nth-child(2n + 1)", (0, 2, 1)),
    ],
)
def test_specificity_follows_css_standard(selector: str, weight: tuple[int, int, int]) -> None:
    assert specificity(selector) == Specificity(*weight)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (":is(.ds-search,.ds-suggestion)>a", [".ds-search>a"]),
        (":is(:is(.ds-search,.ds-suggestion)>a):hover", [".ds-search>a:hover"]),
        ("a:is(.ds-search,.ds-suggestion)", ["a.ds-search"]),
        (
            ".ds-search>:is(del,button[type='a, b'],button:hover)",
            [".ds-search>button[type='a, b']", ".ds-search>button:hover"],
        ),
        (".ds-table>tr>:is(th,td):first-child", [".ds-table>tr>th:first-child", ".ds-table>tr>td:first-child"]),
    ],
)
def test_narrow_drops_unmatched_alternatives_and_splits_rest(selector: str, expected: list[str]) -> None:
    assert narrow(selector, VOCABULARY) == expected


@pytest.mark.parametrize(
    "selector",
    [
        ":is(.ds-search,.ds-suggestion > a) td",  # the second alternative is heavier, and sets the specificity
        "tr :is(.ds-search > a):hover",  # the combinator belongs inside the brackets
        ".ds-search:is(button)",  # a name cannot follow a class
        ":is(th,.ds-table)",  # alternatives of unequal specificity
        "a:has(:is(.ds-search > td))",  # :has matches relative to its own element
        ":where(.ds-search,td) a:not(.ds-suggestion)",
        "a:lang(nb)",
    ],
)
def test_narrow_keeps_selectors_that_cannot_be_unwrapped(selector: str) -> None:
    assert narrow(selector, VOCABULARY) == [selector]


@pytest.mark.parametrize(
    "selector", ["del", ".ds-search > u-option", "a:has(> img)", ":is(h4, h5):hover", "a[data-shut]", "tr a.ds-card"]
)
def test_narrow_of_unmatched_selector_is_empty(selector: str) -> None:
    assert narrow(selector, VOCABULARY) == []
