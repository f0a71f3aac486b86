"""What a finding says and what is to be done about it, in three languages: the finding itself holds its code and one sentence."""

from preview.form.entries import InLanguages
from preview.texts import Texts


def message(texts: Texts, code: str) -> InLanguages:
    """What it says."""
    return _told(texts, f"finding.{code}.message")


def action(texts: Texts, code: str) -> InLanguages:
    """What is to be done."""
    return _told(texts, f"finding.{code}.action")


def _told(texts: Texts, key: str) -> InLanguages:
    return InLanguages(nb=texts.get("nb", key), nn=texts.get("nn", key), en=texts.get("en", key))
