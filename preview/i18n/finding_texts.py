"""What a finding says and what is to be done about it, in three languages: the finding itself holds its code and one sentence."""

from collections.abc import Iterator

from preview.core.languages import Language
from preview.form.entries import LocalizedText
from preview.i18n.catalog import MessageCatalog
from preview.model.findings import FindingCode, Severity
from preview.parsing.ssb_checks.rules import EVALUATED_CHECKS


def finding_codes() -> Iterator[tuple[str, Severity]]:
    """Every code that a finding may have, with its severity: the faults in the order in which a file is read, then the controls."""
    yield from ((code.value, code.severity) for code in FindingCode)
    yield from ((rule.code, rule.severity) for rule in EVALUATED_CHECKS.values())


def finding_message(texts: MessageCatalog, code: str) -> LocalizedText:
    """What it says."""
    return _localized(texts, f"finding.{code}.message")


def finding_action(texts: MessageCatalog, code: str) -> LocalizedText:
    """What is to be done."""
    return _localized(texts, f"finding.{code}.action")


def finding_message_in(texts: MessageCatalog, language: Language, code: str) -> str:
    """What it says, in one language."""
    return texts.get(language, f"finding.{code}.message")


def _localized(texts: MessageCatalog, key: str) -> LocalizedText:
    return LocalizedText(nb=texts.get("nb", key), nn=texts.get("nn", key), en=texts.get("en", key))
