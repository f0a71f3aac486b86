"""Tests that each finding has a message and an action in three languages; the API returns the English message."""

from preview.core.languages import LANGUAGES
from preview.i18n.catalog import MessageCatalog
from preview.i18n.finding_texts import finding_codes
from preview.model.findings import FindingCode
from preview.parsing.ssb_checks.rules import EVALUATED_CHECKS

PARTS = ("message", "action")


def missing_and_unused_keys(codes: list[str], keys: frozenset[str]) -> tuple[set[str], set[str]]:
    """Return the missing keys, and the keys that no code uses."""
    asked = {f"finding.{code}.{part}" for code in codes for part in PARTS}
    there = {key for key in keys if key.startswith("finding.")}
    return asked - there, there - asked


def test_missing_and_unused_keys_are_found() -> None:
    keys = frozenset({"finding.a.message", "finding.a.action", "finding.b.message", "deviation.c"})
    assert missing_and_unused_keys(["a"], keys) == (set(), {"finding.b.message"})
    assert missing_and_unused_keys(["a", "b"], keys) == ({"finding.b.action"}, set())


def test_finding_texts_and_codes_match() -> None:
    assert missing_and_unused_keys([code for code, _ in finding_codes()], MessageCatalog.load().keys) == (set(), set())


def test_english_message_equals_the_api_detail() -> None:
    texts = MessageCatalog.load()
    messages = {code.value: code.detail for code in FindingCode} | {
        rule.code: rule.detail for rule in EVALUATED_CHECKS.values()
    }
    assert {code: texts.get("en", f"finding.{code}.message") for code, _ in finding_codes()} == messages


def test_languages_have_different_texts() -> None:
    """A short sentence may be equal in bokmål and nynorsk, but not both texts of a code."""
    texts = MessageCatalog.load()
    for code, _ in finding_codes():
        nb, nn, en = ([texts.get(language, f"finding.{code}.{part}") for part in PARTS] for language in LANGUAGES)
        assert nb != nn, code
        assert not {*nb, *nn} & {*en}, code
