"""Language and theme come from the URL, else from the cookie."""

from http.cookies import SimpleCookie
from types import SimpleNamespace

from components.language import visit


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
