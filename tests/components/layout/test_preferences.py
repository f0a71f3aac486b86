"""Language and theme come from the URL, else from the cookie; and every text that is asked for is there."""

import re
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace

import components
from components.layout.preferences import Words, visit
from preview.i18n.catalog import Texts


def _request(query: dict[str, str], cookies: str = "") -> SimpleNamespace:
    return SimpleNamespace(arguments={name: [value.encode()] for name, value in query.items()}, cookies=SimpleCookie(cookies))


def test_without_a_choice_it_is_bokmal_and_light() -> None:
    assert visit(_request({}))[:2] == ("nb", "light")


def test_the_cookie_holds_and_the_url_goes_before_it() -> None:
    assert visit(_request({}, "lang=nn; theme=dark"))[:2] == ("nn", "dark")
    assert visit(_request({"lang": "en", "theme": "light"}, "lang=nn; theme=dark"))[:2] == ("en", "light")


def test_what_is_no_language_is_passed_over() -> None:
    assert visit(_request({"lang": "de", "theme": "pink"}, "lang=nn"))[:2] == ("nn", "light")


def test_a_session_holds_cookies_as_plain_text() -> None:
    assert visit(SimpleNamespace(arguments={}, cookies={"lang": "nn"})).language == "nn"


def test_bytes_that_are_no_text_do_no_harm() -> None:
    request = SimpleNamespace(arguments={"period_id": [b" 2024\xff "], "lang": []}, cookies={})
    assert visit(request).arguments == {"period_id": "2024\ufffd"}


def test_every_text_that_a_page_asks_for_is_there(texts: Texts) -> None:
    """A branch that no test draws must not fail before a person."""
    folder = Path(components.__file__).parent
    sources = [
        path.read_text(encoding="utf-8")
        for pattern in ("*.py", "*.html", "*.js")
        for path in folder.rglob(pattern)
        if "vendor" not in path.parts
    ]
    asked = {key for source in sources for key in re.findall(r"""\b(?:words|text)\(["']([a-z_.]+[a-z_])["'][,)]""", source)}
    assert len(asked) > 50
    assert asked - texts.keys == set()
    counted = {key for source in sources for key in re.findall(r"""\b(?:words\.count|counted)\(["']([a-z_.]+)["'],""", source)}
    assert counted
    assert {f"{key}.{form}" for key in counted for form in ("one", "other")} - texts.keys == set()


def test_a_number_chooses_its_form(texts: Texts) -> None:
    words = Words(texts, "nb")
    assert [words.count("sources.cases", n) for n in (0, 1, 1480)] == ["0\u00a0saker", "1\u00a0sak", "1\u00a0480\u00a0saker"]


def test_a_text_can_be_left_open_for_the_browser(texts: Texts) -> None:
    assert Words(texts, "nb").open({"form.changed": ("was",)}) == {"form.changed": "Endret, fra {was}"}
