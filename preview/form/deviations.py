"""Finds the deviations of a report: evaluates the rules of the catalogue (domain 7, docs/domain.md)."""

from collections.abc import Set as AbstractSet

import msgspec

from preview.form.catalogue import Catalogue
from preview.form.entries import Values
from preview.form.rules.base import SEVERITIES, Deviation, ReportMetadata, RuleContext
from preview.form.rules.changes import LargeChange

HIDDEN_MESSAGE = "deviation.hidden"
"""Key of the message without numbers that replaces one with withheld numbers."""


def evaluate(catalogue: Catalogue, current: Values, prior: Values | None, metadata: ReportMetadata) -> list[Deviation]:
    """Evaluate all rules.

    Args:
        catalogue: The form.
        current: Values of fields, supplementary figures and auxiliaries by key; the key of what nothing supplies is
            absent.
        prior: The same of the compared period's snapshot, or None without one.
        metadata: Periods and source of the report.

    Returns:
        The deviations in form order, within a row by severity, then in the order of the rules.
    """
    context = RuleContext(catalogue.fields, current, prior or {}, metadata)
    deviations = [deviation for rule in catalogue.rules for deviation in rule.find(context)]
    return sorted(
        deviations,
        key=lambda deviation: (catalogue.field(deviation.field_key).number, SEVERITIES.index(deviation.severity)),
    )


def change_margins(catalogue: Catalogue, prior: Values, metadata: ReportMetadata) -> dict[str, float]:
    """Return by how much the value of a field must differ from the compared one to be a large change, by field key.

    Fields whose change no rule judges are absent.
    """
    context = RuleContext(catalogue.fields, {}, prior, metadata)
    margins: dict[str, float] = {}
    for rule in catalogue.rules:
        if isinstance(rule, LargeChange):
            for field in catalogue.fields:
                if (margin := rule.margin(context, field)) is not None:
                    margins[field.key] = min(margin, margins.get(field.key, margin))
    return margins


def redact_hidden(
    deviations: list[Deviation], hidden: AbstractSet[str], prior_hidden: AbstractSet[str]
) -> list[Deviation]:
    """Replace the messages of deviations that would show a withheld value (rule 8).

    Args:
        deviations: The deviations.
        hidden: Keys of withheld values (`suppression.suppressed_fields`) of the snapshot.
        prior_hidden: Keys of withheld values of the compared snapshot.
    """
    return [_redact(deviation, hidden, prior_hidden) for deviation in deviations]


def _redact(deviation: Deviation, hidden: AbstractSet[str], prior_hidden: AbstractSet[str]) -> Deviation:
    if hidden.isdisjoint(deviation.current_keys) and prior_hidden.isdisjoint(deviation.prior_keys):
        return deviation
    return msgspec.structs.replace(deviation, message=HIDDEN_MESSAGE, params={})
