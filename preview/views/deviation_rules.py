"""Read model of the deviation rules: what each one finds, in which rows, with which limits (rule 7, docs/domain.md)."""

import msgspec

from preview.core.languages import LANGUAGES
from preview.form.catalogue import Catalogue
from preview.form.entries import LocalizedText
from preview.form.rules.base import Severity
from preview.i18n.catalog import MessageCatalog


class DeviationRule(msgspec.Struct, frozen=True):
    """A deviation rule. `limits` has the numbers that `definitions` names. `field_keys` are the rows in which it can be
    shown; where `about_report` is true, the one row in which a deviation of the whole report is.
    """

    rule: str
    severity: Severity
    about_report: bool
    field_keys: list[str]
    limits: dict[str, int]
    tags: LocalizedText
    definitions: LocalizedText
    actions: LocalizedText


def deviation_rules(catalogue: Catalogue, texts: MessageCatalog) -> list[DeviationRule]:
    """Return the rules of the form in their order: by severity.

    Args:
        catalogue: The form.
        texts: The texts of the rules.
    """
    return [
        DeviationRule(
            rule=rule.rule_id,
            severity=rule.severity,
            about_report=rule.about_report,
            field_keys=[field.key for field in catalogue.fields if rule.applies_to(field)],
            limits=rule.limits,
            tags=_localized(texts, f"deviation.{rule.rule_id}.tag"),
            definitions=_localized(texts, f"deviation.{rule.rule_id}.definition", **rule.limits),
            actions=_localized(texts, f"deviation.{rule.rule_id}.action"),
        )
        for rule in catalogue.rules
    ]


def _localized(texts: MessageCatalog, key: str, **limits: int) -> LocalizedText:
    return LocalizedText(**{language: texts.get(language, key, **limits) for language in LANGUAGES})
