"""Tests that nynorsk texts contain no bokmål form and no word that the glossary replaces (docs/nynorsk.md)."""

import re

import pytest

from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from tests.support.server_process import REPOSITORY

_SMALL = """ikke fra hva hvem hvor hvorfor hvilke hvilken hvordan hver hvert noen noe jeg dere dem deres en et uke
    uker nå bare kun høyst mer flere hun ble blitt kommer finnes mangler vises velg gjør gjøre sier være vært ennå
    uten innen mens da gjennom endret lagret rettet forrige eksempel navn tegn siden åpne åpner lukker feilet kobler
    venter fortsett avbrytes lagres regnes tallene verdiene feltene filen linjen kilden saken tjenesten kodelisten
    lenken verdier meldinger undersøkelser rapporter leveranser personer snarveier taster"""
SMALL_WORDS = frozenset(_SMALL.split())
FORMAT_WORD = re.compile(
    r"\b[A-Z][A-Za-z]*[a-z][A-Z]\w*|\b(?:Undersokelse|Slettet|Relasjon|Fodseldato|Fodselsnummer|Personalia)\b"
)
"""Names of elements of the formats, which are not translated."""


def glossary() -> list[tuple[str, str]]:
    """Return (bokmål, nynorsk) of each line of the glossary."""
    page = (REPOSITORY / "docs" / "nynorsk.md").read_text(encoding="utf-8").split("## Doubtful")[0]
    return [(match[1], match[2]) for match in re.finditer(r"^\| ([^|]+?) \| ([^|]+?) \| [^|]+\|$", page, re.MULTILINE)][
        2:
    ]


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-zæøåéèòô-]+", FORMAT_WORD.sub("", re.sub(r"\{[^}]*\}", "", text)).lower()))


def forbidden() -> frozenset[str]:
    """Return the small words, and the bokmål forms of the glossary that are not nynorsk forms as well."""
    allowed = {word for _, nynorsk in glossary() for word in re.split(r"[ ,]+", nynorsk)}
    replaced = {word for bokmal, _ in glossary() for word in re.split(r"[ ,]+", bokmal)} - allowed - {"og"}
    return SMALL_WORDS | replaced


def nynorsk() -> dict[str, str]:
    """Return every text in nynorsk, by key or field."""
    texts, catalogue = MessageCatalog.load(), Catalogue.load()
    said = {key: texts.raw("nn", key) for key in texts.keys}
    for section in catalogue.sections:
        said[section.section_id] = section.titles.nn
    for field in catalogue.fields:
        said[f"{field.field_key}, label"] = field.labels.nn
        said[f"{field.field_key}, definition"] = field.definitions.nn
    return said


def test_glossary_is_parsed() -> None:
    assert ("fosterhjem", "fosterheim") in glossary()
    assert {"fosterhjem", "undersøkelse", "midlertidig", "ikke"} <= forbidden()
    assert not forbidden() & {"vedtak", "ettervern", "melding", "bort"}


@pytest.mark.parametrize(
    "said", ["Fant ikke siden.", "Hva er dette?", "Barn i fosterhjem", "Verdien mangler.", "En undersøkelse"]
)
def test_bokmal_word_is_found(said: str) -> None:
    assert words(said) & forbidden()


@pytest.mark.parametrize(
    "said",
    ["Fann ikkje sida.", "Undersokelse blir rekna med tre månader", "Slettet peikar på eit element", "{noen} er ny"],
)
def test_nynorsk_passes(said: str) -> None:
    assert not words(said) & forbidden()


def test_nynorsk_texts_contain_no_bokmal() -> None:
    found = {where: sorted(words(said) & forbidden()) for where, said in nynorsk().items()}
    assert {where: wrong for where, wrong in found.items() if wrong} == {}


def test_doubtful_words_are_still_used() -> None:
    page = (REPOSITORY / "docs" / "nynorsk.md").read_text(encoding="utf-8").split("## Doubtful")[1]
    doubtful = re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", page, re.MULTILINE)
    assert doubtful
    said = nynorsk()
    assert {key: text for key, text in doubtful if text not in said.get(key, "")} == {}
