"""Translates findings: the sentence and the action of each finding code, in three languages."""

from collections.abc import Iterator

from preview.core.languages import Language
from preview.form.entries import LocalizedText
from preview.i18n.catalog import MessageCatalog
from preview.model.findings import FindingCode, Severity
from preview.parsing.ssb_checks.rules import EVALUATED_CHECKS


def finding_codes() -> Iterator[tuple[str, Severity]]:
    """Yield every finding code with its severity: the program's own codes first, then Statistics Norway's checks."""
    yield from ((code.value, code.severity) for code in FindingCode)
    yield from ((rule.code, rule.severity) for rule in EVALUATED_CHECKS.values())


def finding_message(texts: MessageCatalog, code: str) -> LocalizedText:
    """Return the sentence that states the finding."""
    return _localized(texts, f"finding.{code}.message")


def finding_action(texts: MessageCatalog, code: str) -> LocalizedText:
    """Return the sentence that says what to do about the finding."""
    return _localized(texts, f"finding.{code}.action")


def finding_message_in(texts: MessageCatalog, language: Language, code: str) -> str:
    """Return the sentence that states the finding, in one language."""
    return texts.get(language, f"finding.{code}.message")


def finding_action_in(texts: MessageCatalog, language: Language, code: str) -> str:
    """Return the sentence that says what to do about the finding, in one language."""
    return texts.get(language, f"finding.{code}.action")


def _localized(texts: MessageCatalog, key: str) -> LocalizedText:
    return LocalizedText(nb=texts.get("nb", key), nn=texts.get("nn", key), en=texts.get("en", key))
