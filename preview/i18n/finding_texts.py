"""What a finding says and what is to be done about it, in three languages: the finding itself holds its code and one sentence."""

from collections.abc import Iterator

from preview.core.languages import Language
from preview.form.entries import InLanguages
from preview.i18n.catalog import Texts
from preview.model.findings import Code, Severity
from preview.parsing.ssb_checks.rules import RULES


def codes() -> Iterator[tuple[str, Severity]]:
    """Every code that a finding may have, with its severity: the faults in the order in which a file is read, then the controls."""
    yield from ((code.value, code.severity) for code in Code)
    yield from ((rule.code, rule.severity) for rule in RULES.values())


def message(texts: Texts, code: str) -> InLanguages:
    """What it says."""
    return _told(texts, f"finding.{code}.message")


def action(texts: Texts, code: str) -> InLanguages:
    """What is to be done."""
    return _told(texts, f"finding.{code}.action")


def sentence(texts: Texts, language: Language, code: str) -> str:
    """What it says, in one language."""
    return texts.get(language, f"finding.{code}.message")


def _told(texts: Texts, key: str) -> InLanguages:
    return InLanguages(nb=texts.get("nb", key), nn=texts.get("nn", key), en=texts.get("en", key))
