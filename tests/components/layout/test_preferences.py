"""Language and theme from URL and cookie, and the completeness of the texts."""

import re
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace

import components
from components.layout.preferences import Translator, preferences_of
from preview.i18n.catalog import MessageCatalog


def _request(query: dict[str, str], cookies: str = "") -> SimpleNamespace:
    return SimpleNamespace(
        arguments={name: [value.encode()] for name, value in query.items()}, cookies=SimpleCookie(cookies)
    )


def test_defaults_are_bokmal_and_light_theme() -> None:
    assert preferences_of(_request({}))[:2] == ("nb", "light")


def test_cookie_is_used_and_url_overrides_cookie() -> None:
    assert preferences_of(_request({}, "lang=nn; theme=dark"))[:2] == ("nn", "dark")
    assert preferences_of(_request({"lang": "en", "theme": "light"}, "lang=nn; theme=dark"))[:2] == ("en", "light")


def test_unknown_language_and_theme_are_ignored() -> None:
    assert preferences_of(_request({"lang": "de", "theme": "pink"}, "lang=nn"))[:2] == ("nn", "light")


def test_plain_text_cookies_are_read() -> None:
    assert preferences_of(SimpleNamespace(arguments={}, cookies={"lang": "nn"})).language == "nn"


def test_undecodable_bytes_are_replaced() -> None:
    request = SimpleNamespace(arguments={"period_id": [b" 2024\xff "], "lang": []}, cookies={})
    assert preferences_of(request).arguments == {"period_id": "2024\ufffd"}


def test_every_text_key_in_components_exists(texts: MessageCatalog) -> None:
    """Search the sources, because a missing text fails only when its branch is rendered."""
    folder = Path(components.__file__).parent
    sources = [
        path.read_text(encoding="utf-8")
        for pattern in ("*.py", "*.html", "*.js")
        for path in folder.rglob(pattern)
        if "vendor" not in path.parts
    ]
    requested = {key for source in sources for key in re.findall(r"""\bt\(["']([a-z_.]+[a-z_])["'][,)]""", source)}
    assert len(requested) > 50
    assert requested - texts.keys == set()
    counted = {
        key for source in sources for key in re.findall(r"""\b(?:t\.plural|tPlural)\(["']([a-z_.]+)["'],""", source)
    }
    assert counted
    assert {f"{key}.{form}" for key in counted for form in ("one", "other")} - texts.keys == set()


def test_plural_form_follows_number(texts: MessageCatalog) -> None:
    t = Translator(texts, "nb")
    assert [t.plural("sources.cases", n) for n in (0, 1, 1480)] == [
        "0\u00a0saker",
        "1\u00a0sak",
        "1\u00a0480\u00a0saker",
    ]


def test_template_keeps_placeholders_for_browser(texts: MessageCatalog) -> None:
    assert Translator(texts, "nb").templates({"form.changed": ("was",)}) == {"form.changed": "Endret, fra {was}"}
