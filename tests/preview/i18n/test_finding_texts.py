"""Each finding says what it is and what to do, in three languages; the API's one sentence is the English one."""

from preview.core.languages import LANGUAGES
from preview.i18n.catalog import Texts
from preview.i18n.finding_texts import codes
from preview.model.findings import Code
from preview.parsing.ssb_checks.rules import RULES

PARTS = ("message", "action")


def wanting(codes: list[str], keys: frozenset[str]) -> tuple[set[str], set[str]]:
    """The keys that the codes lack, and those that no code asks for."""
    asked = {f"finding.{code}.{part}" for code in codes for part in PARTS}
    there = {key for key in keys if key.startswith("finding.")}
    return asked - there, there - asked


def test_the_rule_bites() -> None:
    keys = frozenset({"finding.a.message", "finding.a.action", "finding.b.message", "deviation.c"})
    assert wanting(["a"], keys) == (set(), {"finding.b.message"})
    assert wanting(["a", "b"], keys) == ({"finding.b.action"}, set())


def test_every_code_has_its_texts_and_no_text_is_without_a_code() -> None:
    assert wanting([code for code, _ in codes()], Texts.load().keys) == (set(), set())


def test_the_english_message_is_what_the_api_says() -> None:
    texts = Texts.load()
    said = {code.value: code.detail for code in Code} | {rule.code: rule.detail for rule in RULES.values()}
    assert {code: texts.get("en", f"finding.{code}.message") for code, _ in codes()} == said


def test_no_language_stands_in_for_another() -> None:
    """A short sentence may be the same in bokmål and nynorsk, but not all that is said of a code."""
    texts = Texts.load()
    for code, _ in codes():
        nb, nn, en = ([texts.get(language, f"finding.{code}.{part}") for part in PARTS] for language in LANGUAGES)
        assert nb != nn, code
        assert not {*nb, *nn} & {*en}, code
