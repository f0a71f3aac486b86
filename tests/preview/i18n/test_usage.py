"""Tests that every used text exists, every existing text is used, and no text is in the code itself."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from preview.i18n.catalog import MessageCatalog
from preview.model.findings import FindingCode
from preview.parsing.ssb_checks.rules import EVALUATED_CHECKS
from tests.architecture.source_files import read_source, source_files
from tests.preview.i18n.source_texts import (
    PLACEHOLDER,
    program_literals,
    python_literals,
    script_literals,
    template_literals,
    template_texts,
)

FORMS = (".one", ".other")
NORWEGIAN = re.compile(
    r"[æøåÆØÅ]|\b(?:og|ikke|ikkje|er|på|til|fra|av|som|med|uten|utan|ingen|siden|sidan|kl|vis|lukk|slett|avbryt|rapporten|tjenesten|tenesta)\b",
    re.IGNORECASE,
)
WORD = re.compile(r"\w+\Z")
NON_TEXT_KEYS = {"Bokmål"}
"""The name of a language is the same in all languages."""


def keys_without_text(literals: Iterable[str], keys: frozenset[str]) -> set[str]:
    """Return the literals that look like a key, beginning with a table of the texts, but are none."""
    tables = "|".join({key.split(".")[0] for key in keys})
    named = {
        literal
        for literal in literals
        if re.fullmatch(rf"(?:{tables})(?:\.(?!(?:css|html|js|toml)\Z)[a-z0-9_]+)+", literal)
    }
    known = keys | {key.rpartition(".")[0] for key in keys if key.endswith(FORMS)}
    return {name for name in named if name not in known}


def unused_keys(literals: Iterable[str], keys: frozenset[str]) -> set[str]:
    """Return the keys that no literal names, completely or with placeholders that other literals fill."""
    asked = set(literals)
    holes = [
        re.compile(re.escape(literal).replace(re.escape(PLACEHOLDER), "([a-z0-9_]+)"))
        for literal in asked
        if PLACEHOLDER in literal and not literal.startswith(PLACEHOLDER)
    ]

    def is_named(name: str) -> bool:
        return name in asked or any((match := hole.fullmatch(name)) and set(match.groups()) <= asked for hole in holes)

    return {key for key in keys if not (is_named(key) or (key.endswith(FORMS) and is_named(key.rpartition(".")[0])))}


def norwegian_literals(literals: Iterable[str], texts: frozenset[str]) -> list[str]:
    """Return the literals that are Norwegian or equal a text. A single word in lower case is a key or a unit."""
    return [
        literal
        for literal in literals
        if literal not in NON_TEXT_KEYS
        and not (WORD.match(literal) and literal == literal.lower())
        and (literal in texts or NORWEGIAN.search(literal))
    ]


def translated_texts() -> frozenset[str]:
    """Return the texts in bokmål and nynorsk that differ from the English ones."""
    texts = MessageCatalog.load()
    return frozenset(
        text
        for key in texts.keys
        for text in (texts.raw("nb", key), texts.raw("nn", key))
        if text != texts.raw("en", key)
    )


KEYS = frozenset({"app.close", "live.back.one", "live.back.other", "state.valid", "state.stale"})


def test_missing_and_unused_keys_are_found() -> None:
    asked = ["app.close", "app.closed", "live.back", f"state.{PLACEHOLDER}", "valid", "stale"]
    assert keys_without_text(asked, KEYS) == {"app.closed"}
    assert keys_without_text(["live.bak", "elsewhere.key", "live"], KEYS) == {"live.bak"}
    assert unused_keys(asked, KEYS) == set()
    assert unused_keys(["app.close", f"{PLACEHOLDER}.one", f"state.{PLACEHOLDER}", "valid"], KEYS) == KEYS - {
        "app.close",
        "state.valid",
    }


@pytest.mark.parametrize(
    "literal", ["Lukk vinduet", "Fant ikke siden", "Rapporten er slettet.", "Gyldig", "'kl.' HH:mm", "Åpne", "lukk \0"]
)
def test_norwegian_is_recognized(literal: str) -> None:
    assert norwegian_literals([literal], frozenset({"Gyldig"})) == [literal]


@pytest.mark.parametrize(
    "literal", ["antall", "årsverk", "tr[data-field]", "Bokmål", "til", "The report was deleted.", "SELECT 1 FROM sak"]
)
def test_english_literal_passes(literal: str) -> None:
    assert norwegian_literals([literal], frozenset({"Gyldig"})) == []


def test_literals_are_extracted() -> None:
    assert set(python_literals('"""Doc."""\nsay("a.b", f"c.{d[\'e\']}")\n')) == {"a.b", f"c.{PLACEHOLDER}", "e"}
    assert list(script_literals("text(`a.${b ? 'c' : 'd'}`, \"e\") // 'not this'\n")) == [
        f"a.{PLACEHOLDER}",
        "c",
        "d",
        "e",
    ]
    assert list(template_literals('{{ words("a." ~ b) }}{# "c" #}{% if d == "e" %}"f"{% endif %}')) == [
        f"a.{PLACEHOLDER}",
        "e",
    ]
    assert template_texts('<p title="Lukk">{{ words("a") }} felt</p><b>+30 %</b>') == ['"Lukk"', "felt"]


def test_no_text_is_missing_or_unused() -> None:
    keys = MessageCatalog.load().keys
    literals = [literal for _, found in program_literals() for literal in found]
    of_data = [
        *FindingCode,
        *(rule.code for rule in EVALUATED_CHECKS.values()),
        *(rule["rule_id"] for rule in tomllib.loads(read_source(Path("preview/form/rules.toml")))["rule"]),
    ]
    assert keys_without_text(literals, keys) == set()
    assert unused_keys([*literals, *of_data], keys) == set()


def test_code_contains_no_norwegian_text() -> None:
    """Texts, the words of the formats, and the synthetic names of the demo are exempt."""
    texts = translated_texts()
    found = {
        str(path): norwegian_literals(literals, texts)
        for path, literals in program_literals("preview/i18n/", "preview/demo/", "preview/parsing/", "preview/model/")
    }
    assert {path: literals for path, literals in found.items() if literals} == {}


def test_templates_contain_no_literal_text() -> None:
    templates: list[Path] = source_files(".html")
    assert templates
    assert {str(path): words for path in templates if (words := template_texts(read_source(path)))} == {}
