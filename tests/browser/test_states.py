"""All states of all views: texts, actions, and no axe-core violation.

Each state is tried in one of the languages by turns, and every other one with axe, in one of the colour schemes; the
slow suite tries every state in every language, with axe in both schemes.
"""

import pytest
from playwright.sync_api import Page, expect

from preview.core.languages import LANGUAGES, Language
from tests.browser.support.axe import violations_in_both_schemes, violations_in_scheme
from tests.browser.support.layout import small_targets
from tests.browser.support.view_states import STATES, ViewState, expect_texts, find_action, open_state, text_pattern
from tests.support.server_process import Server

pytestmark = pytest.mark.browser

TURNS = [(state, LANGUAGES[turn % 3], ("light", None, "dark", None)[turn % 4]) for turn, state in enumerate(STATES)]


def check(page: Page, server: Server, state: ViewState, language: Language) -> None:
    open_state(page, server, state, language)
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


@pytest.mark.parametrize(("state", "language", "scheme"), TURNS, ids=lambda value: getattr(value, "name", value))
def test_view_state_shows_its_texts_and_actions(
    page: Page, states: Server, state: ViewState, language: Language, scheme: str | None
) -> None:
    check(page, states, state, language)
    if scheme:
        assert violations_in_scheme(page, scheme) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_view_state_shows_its_texts_and_actions_in_all_languages(
    page: Page, states: Server, state: ViewState, language: Language
) -> None:
    check(page, states, state, language)
    assert violations_in_both_schemes(page) == {}
