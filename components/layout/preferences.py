"""Who looks: language and theme, from the URL, else from a cookie, else bokmål and light.

The server decides both before the page goes out, so that nothing flashes. A choice made on the page is kept in the cookie
(components/layout/dom.js).
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from preview.core.languages import LANGUAGES, Language
from preview.i18n.catalog import MessageCatalog

Theme = Literal["light", "dark"]
_LANGUAGE_BY_CODE: dict[str, Language] = {language: language for language in LANGUAGES}
LANGUAGE_NAMES: dict[Language, str] = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
THEMES: dict[str, Theme] = {"light": "light", "dark": "dark"}


class RequestPreferences(NamedTuple):
    """What one request asks for. `arguments` holds the first value of each query parameter."""

    language: Language
    theme: Theme
    arguments: dict[str, str]


def preferences_of(request: Any) -> RequestPreferences:
    """Of a Tornado request, or of the proxy of one that a Bokeh session holds (whose cookies are plain text)."""
    arguments = {
        name: values[0].decode(errors="replace").strip() for name, values in request.arguments.items() if values
    }
    cookies = {name: getattr(cookie, "value", cookie) for name, cookie in request.cookies.items()}
    language = _LANGUAGE_BY_CODE.get(arguments.get("lang", "")) or _LANGUAGE_BY_CODE.get(cookies.get("lang", ""), "nb")
    theme = THEMES.get(arguments.get("theme", "")) or THEMES.get(cookies.get("theme", ""), "light")
    return RequestPreferences(language, theme, arguments)


class Translator:
    """The texts of one language: `words("app.close")`."""

    def __init__(self, catalog: MessageCatalog, language: Language) -> None:
        self._catalog = catalog
        self.language: Language = language

    def __call__(self, key: str, **params: float | str) -> str:
        """The text with its params written in. KeyError for an unknown key or a missing param."""
        return self._catalog.get(self.language, key, **params)

    def plural(self, key: str, n: int, **params: float | str) -> str:
        """The form for that number: `one` or `other` below the key, which may ask for `{n}`."""
        return self(f"{key}.{'one' if n == 1 else 'other'}", n=n, **params)

    def templates(self, keys: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
        """Texts by key with the named params left open (`{n}`), for the browser to fill in what only it knows."""
        return {key: self(key, **{name: f"{{{name}}}" for name in names}) for key, names in keys.items()}
