"""Every text that the program asks for is there, every text that is there is asked for, and none stands in the code itself."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from preview.i18n.catalog import Texts
from preview.model.findings import Code
from preview.parsing.ssb_checks.rules import RULES
from tests.architecture.source_files import sources, text
from tests.preview.i18n.source_texts import HOLE, program, python_literals, script_literals, template_literals, template_words

FORMS = (".one", ".other")
NORWEGIAN = re.compile(
    r"[æøåÆØÅ]|\b(?:og|ikke|ikkje|er|på|til|fra|av|som|med|uten|utan|ingen|siden|sidan|kl|vis|lukk|slett|avbryt|rapporten|tjenesten|tenesta)\b",
    re.IGNORECASE,
)
WORD = re.compile(r"\w+\Z")
OWN_NAMES = {"Bokmål"}
"""A language's own name is the same in all of them."""


def without_text(literals: Iterable[str], keys: frozenset[str]) -> set[str]:
    """What looks like a key, beginning with a table of the texts, and is none."""
    tables = "|".join({key.split(".")[0] for key in keys})
    named = {literal for literal in literals if re.fullmatch(rf"(?:{tables})(?:\.(?!(?:css|html|js|toml)\Z)[a-z0-9_]+)+", literal)}
    known = keys | {key.rpartition(".")[0] for key in keys if key.endswith(FORMS)}
    return {name for name in named if name not in known}


def unasked(literals: Iterable[str], keys: frozenset[str]) -> set[str]:
    """The keys that no literal names, with or without its form for a number: whole, or with holes that other literals fill."""
    asked = set(literals)
    holes = [
        re.compile(re.escape(literal).replace(re.escape(HOLE), "([a-z0-9_]+)"))
        for literal in asked
        if HOLE in literal and not literal.startswith(HOLE)
    ]

    def is_named(name: str) -> bool:
        return name in asked or any((match := hole.fullmatch(name)) and set(match.groups()) <= asked for hole in holes)

    return {key for key in keys if not (is_named(key) or (key.endswith(FORMS) and is_named(key.rpartition(".")[0])))}


def norwegian(literals: Iterable[str], texts: frozenset[str]) -> list[str]:
    """The literals that are Norwegian, or are word for word a text. A single word in lower case is a key or a unit of the contract."""
    return [
        literal
        for literal in literals
        if literal not in OWN_NAMES
        and not (WORD.match(literal) and literal == literal.lower())
        and (literal in texts or NORWEGIAN.search(literal))
    ]


def own_texts() -> frozenset[str]:
    """The texts in bokmål and nynorsk that are others in English."""
    texts = Texts.load()
    return frozenset(said for key in texts.keys for said in (texts.raw("nb", key), texts.raw("nn", key)) if said != texts.raw("en", key))


KEYS = frozenset({"app.close", "live.back.one", "live.back.other", "state.valid", "state.stale"})


def test_the_rules_bite() -> None:
    asked = ["app.close", "app.closed", "live.back", f"state.{HOLE}", "valid", "stale"]
    assert without_text(asked, KEYS) == {"app.closed"}
    assert without_text(["live.bak", "elsewhere.key", "live"], KEYS) == {"live.bak"}
    assert unasked(asked, KEYS) == set()
    assert unasked(["app.close", f"{HOLE}.one", f"state.{HOLE}", "valid"], KEYS) == KEYS - {"app.close", "state.valid"}


@pytest.mark.parametrize(
    "literal", ["Lukk vinduet", "Fant ikke siden", "Rapporten er slettet.", "Gyldig", "'kl.' HH:mm", "Åpne", "lukk \0"]
)
def test_norwegian_is_recognized(literal: str) -> None:
    assert norwegian([literal], frozenset({"Gyldig"})) == [literal]


@pytest.mark.parametrize(
    "literal", ["antall", "årsverk", "tr[data-field]", "Bokmål", "til", "The report was deleted.", "SELECT 1 FROM sak"]
)
def test_what_is_not_passes(literal: str) -> None:
    assert norwegian([literal], frozenset({"Gyldig"})) == []


def test_literals_are_found_where_they_stand() -> None:
    assert set(python_literals('"""Doc."""\nsay("a.b", f"c.{d[\'e\']}")\n')) == {"a.b", f"c.{HOLE}", "e"}
    assert list(script_literals("text(`a.${b ? 'c' : 'd'}`, \"e\") // 'not this'\n")) == [f"a.{HOLE}", "c", "d", "e"]
    assert list(template_literals('{{ words("a." ~ b) }}{# "c" #}{% if d == "e" %}"f"{% endif %}')) == [f"a.{HOLE}", "e"]
    assert template_words('<p title="Lukk">{{ words("a") }} felt</p><b>+30 %</b>') == ['"Lukk"', "felt"]


def test_no_text_is_missing_and_none_is_unused() -> None:
    keys = Texts.load().keys
    literals = [literal for _, found in program() for literal in found]
    of_data = [
        *Code,
        *(rule.code for rule in RULES.values()),
        *(rule["rule_id"] for rule in tomllib.loads(text(Path("preview/form/rules.toml")))["rule"]),
    ]
    assert without_text(literals, keys) == set()
    assert unasked([*literals, *of_data], keys) == set()


def test_no_norwegian_stands_in_code() -> None:
    """But in the texts themselves, and in the words of the formats that are read and of the synthetic people who stand in them."""
    texts = own_texts()
    found = {
        str(path): norwegian(literals, texts)
        for path, literals in program("preview/i18n/", "preview/demo/", "preview/parsing/", "preview/model/")
    }
    assert {path: literals for path, literals in found.items() if literals} == {}


def test_no_word_stands_in_a_template() -> None:
    templates: list[Path] = sources(".html")
    assert templates
    assert {str(path): words for path in templates if (words := template_words(text(path)))} == {}
