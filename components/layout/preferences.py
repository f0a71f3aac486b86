"""The visitor's language and theme: from the URL, else from a cookie, else bokmål and light.

The server applies both before it sends the page, so that nothing flashes. The page stores a choice made on it in the
cookie.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from preview.core.languages import LANGUAGES, Language
from preview.i18n.catalog import MessageCatalog
from preview.i18n.plurals import plural_key

Theme = Literal["light", "dark"]
_LANGUAGE_BY_CODE: dict[str, Language] = {language: language for language in LANGUAGES}
LANGUAGE_NAMES: dict[Language, str] = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
THEMES: dict[str, Theme] = {"light": "light", "dark": "dark"}


class RequestPreferences(NamedTuple):
    """The preferences of one request.

    Attributes:
        language: The language of all texts.
        theme: The colour scheme.
        arguments: The first value of each query parameter, without surrounding white space.
        path: The path that was requested, with the URL prefix; that of a session's WebSocket ends with `/ws`.
    """

    language: Language
    theme: Theme
    arguments: dict[str, str]
    path: str = ""


def preferences_of(request: Any) -> RequestPreferences:
    """Return the preferences of a request.

    Args:
        request: A Tornado request, or Bokeh's proxy of one in a session, whose cookies are plain strings.
    """
    arguments = {
        name: values[0].decode(errors="replace").strip() for name, values in request.arguments.items() if values
    }
    cookies = {name: getattr(cookie, "value", cookie) for name, cookie in request.cookies.items()}
    language = _LANGUAGE_BY_CODE.get(arguments.get("lang", "")) or _LANGUAGE_BY_CODE.get(cookies.get("lang", ""), "nb")
    theme = THEMES.get(arguments.get("theme", "")) or THEMES.get(cookies.get("theme", ""), "light")
    return RequestPreferences(language, theme, arguments, getattr(request, "path", ""))


class Translator:
    """The texts of one language, as functions of their parameters: `t("app.close")`."""

    def __init__(self, catalog: MessageCatalog, language: Language) -> None:
        self.catalog = catalog
        self.language: Language = language

    def __call__(self, key: str, **params: float | str) -> str:
        """Return a text with its parameters filled in.

        Args:
            key: The text's key in `preview/i18n/locales/`.
            **params: The values of its placeholders.

        Raises:
            KeyError: If the key is unknown or a parameter is missing.
        """
        return self.catalog.get(self.language, key, **params)

    def plural(self, key: str, n: int, **params: float | str) -> str:
        """Return the text `<key>.one` or `<key>.other` by the number `n`, which is also its parameter `{n}`."""
        return self(plural_key(key, n), n=n, **params)

    def templates(self, keys: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
        """Return texts whose parameters the browser fills in.

        Args:
            keys: The names of the parameters by text key.

        Returns:
            The texts by key, with each parameter as `{name}`.
        """
        return {key: self(key, **{name: f"{{{name}}}" for name in names}) for key, names in keys.items()}
