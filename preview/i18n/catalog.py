"""Loads and formats the texts of the user interface, by key, in bokmål, nynorsk and English.

A file `locales/LANGUAGE/NAME.toml` contains texts as nested tables: the key of `tag` in `[deviation.funn]` is
`deviation.funn.tag`. A text may contain placeholders. `{count}` inserts a number or a text; a format follows a colon:
`+` signed, `%` per cent, `+%` signed per cent, `day` an ISO day, `period` the id of a period.
"""

import string
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from preview.core.errors import CatalogueError
from preview.core.languages import LANGUAGES, Language
from preview.i18n import formatting

LOCALES_DIR = Path(__file__).parent / "locales"

_FORMAT_SPECS: dict[str, Callable[[Language, Any], str]] = {
    "+": formatting.signed,
    "%": formatting.percent,
    "+%": formatting.signed_percent,
    "day": formatting.day,
    "period": formatting.period,
}


class MessageCatalog:
    """The texts of all files. Use `MessageCatalog.load()` to read them and `get` to format one."""

    def __init__(self, by_language: Mapping[Language, Mapping[str, str]]) -> None:
        """Check and store the texts.

        Args:
            by_language: The texts by language and key.

        Raises:
            CatalogueError: A key is not in all three languages, or its placeholders differ between them.
        """
        for key in sorted(set[str]().union(*by_language.values())):
            placeholders = [
                _placeholders(by_language[language][key], key) if key in by_language[language] else None
                for language in LANGUAGES
            ]
            for language, params in zip(LANGUAGES, placeholders, strict=True):
                if params is None:
                    raise CatalogueError(f"Text {key} is missing in {language}.")
            if any(params != placeholders[0] for params in placeholders):
                raise CatalogueError(f"Text {key} does not have the same placeholders in each language.")
        self._by_language = by_language

    @classmethod
    @cache
    def load(cls, folder: Path = LOCALES_DIR) -> "MessageCatalog":
        """Read every `LANGUAGE/*.toml` of a folder, once per process.

        Raises:
            CatalogueError: A file or a text is wrong. The message names it.
        """
        messages: dict[Language, dict[str, str]] = {language: {} for language in LANGUAGES}
        for path in sorted(folder.glob("*/*.toml")):
            name = f"{path.parent.name}/{path.name}"
            language: Language | None = next((known for known in LANGUAGES if str(known) == path.parent.name), None)
            if language is None:
                raise CatalogueError(f"{name} is not in the folder of a known language.")
            for key, text in _read_messages(path, name):
                if key in messages[language]:
                    raise CatalogueError(f"Text {key} in {name} is a duplicate.")
                messages[language][key] = text
        return cls(messages)

    @property
    def keys(self) -> frozenset[str]:
        """All keys."""
        return frozenset(self._by_language["nb"])

    def raw(self, language: Language, key: str) -> str:
        """Return a text without formatting it.

        Raises:
            KeyError: There is no such key.
        """
        return self._by_language[language][key]

    def get(self, language: Language, key: str, **params: float | str) -> str:
        """Return a text with its placeholders filled in.

        Args:
            language: Language of the text.
            key: Key of the text.
            params: Values of the placeholders.

        Raises:
            KeyError: There is no such key, or a param is missing.
        """
        text = self._by_language[language][key]
        # Most texts have no placeholder, and a page has some hundred of them.
        return _LocaleFormatter(language).vformat(text, (), params) if "{" in text or "}" in text else text


class _LocaleFormatter(string.Formatter):
    def __init__(self, language: Language) -> None:
        self._language: Language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec:
            return _FORMAT_SPECS[format_spec](self._language, value)
        return value if isinstance(value, str) else formatting.number(self._language, value)


def _read_messages(path: Path, name: str) -> Iterator[tuple[str, str]]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{name} cannot be read: {error}.") from error
    yield from _flatten(data, "", name)


def _flatten(table: Mapping[str, Any], prefix: str, file_name: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _flatten(value, f"{key}.", file_name)
        elif isinstance(value, str) and value.strip():
            yield key, value.strip()
        else:
            raise CatalogueError(f"Text {key} in {file_name} is empty or not a string.")


def _placeholders(text: str, key: str) -> frozenset[tuple[str, str]]:
    try:
        placeholders = [(name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise CatalogueError(f"Text {key} has an unmatched brace.") from error
    for name, spec in placeholders:
        if not name.isidentifier() or (spec and spec not in _FORMAT_SPECS):
            raise CatalogueError(f"Text {key} has the unknown placeholder {{{name}:{spec}}}.")
    return frozenset(placeholders)
