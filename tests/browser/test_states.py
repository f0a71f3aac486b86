"""All states of all views: texts, actions, and no axe-core violation.

Each view is opened in one of the languages by turns, and brought into all of its states; every other view is tried with
axe, in one of the colour schemes, and so is each dialog and menu by itself. The slow suite tries every state in every
language, with axe in both schemes.
"""

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from preview.core.languages import LANGUAGES, Language
from tests.browser.support.axe import violations_in_both_schemes, violations_in_scheme
from tests.browser.support.layout import small_targets
from tests.browser.support.view_states import (
    STATES,
    ViewState,
    expect_texts,
    find_action,
    open_state,
    open_view,
    text_pattern,
)
from tests.support.server_process import Server

pytestmark = pytest.mark.browser

PATHS = dict.fromkeys(state.path for state in STATES)
TURNS = [
    pytest.param([state for state in STATES if state.path == path], LANGUAGES[turn % 3], turn, id=path)
    for turn, path in enumerate(PATHS)
]


def check(page: Page, state: ViewState, language: Language) -> None:
    expect_texts(page, language, *state.texts)
    for key in state.actions:
        expect(find_action(page, state, language, key).first).to_be_visible()
    for key in state.absent_actions:
        expect(find_action(page, state, language, key)).to_have_count(0)
    expect(page.locator("h1:visible")).to_have_count(1)
    if state.rows is not None:
        expect(page.locator("tr[data-field]:visible, .list > tbody > tr:visible")).to_have_count(state.rows)
    assert small_targets(page) == []
    if state.live:  # by now any delayed notice would be visible
        expect(page.get_by_text(text_pattern(language, "live.connecting_long")).filter(visible=True)).to_have_count(0)


@contextmanager
def naming(state: ViewState) -> Generator[None]:
    """Add the name of the state to a failure."""
    try:
        yield
    except Exception as error:
        error.add_note(f"The state: {state.name}.")
        raise


@pytest.mark.parametrize(("view", "language", "turn"), TURNS)
def test_states_of_view_show_their_texts_and_actions(
    page: Page, states: Server, view: list[ViewState], language: Language, turn: int
) -> None:
    open_view(page, states, view[0], language)
    scheme = ("light", "dark")[turn // 2 % 2]
    for number, state in enumerate(view):
        with naming(state):
            state.setup(page)
            check(page, state, language)
            if number == 0 and turn % 2 == 0:
                assert violations_in_scheme(page, scheme) == []
            elif state.within != "main":
                assert violations_in_scheme(page, scheme, state.within) == []
            state.leave(page)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_view_state_shows_its_texts_and_actions_in_all_languages(
    page: Page, states: Server, state: ViewState, language: Language
) -> None:
    open_state(page, states, state, language)
    check(page, state, language)
    assert violations_in_both_schemes(page) == {}
