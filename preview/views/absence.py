"""Says in words why a field has no value (rule 7.4, docs/domain.md), for pages and exports."""

from collections.abc import Callable

from preview.core.languages import Language
from preview.form.entries import Field
from preview.form.value_state import ValueState
from preview.views.preview import FieldRow

_EXPLAINED_IF_COMPARED = ("not_applicable", "withheld")
"""States of a compared value whose sign is explained too; a dash there needs no more than its label."""


def absence_sentences(
    row: FieldRow, field: Field, period_id: str, compared_days: str, language: Language, text: Callable[..., str]
) -> list[str]:
    """Return the sentences that say why a row has no value, or no compared one; none if it has both.

    Args:
        row: The row.
        field: Its field.
        period_id: The period.
        compared_days: The compared period, as `Preview.compared_days`.
        language: Language of the sentences.
        text: Returns a text of that language by its key and parameters.
    """
    sentences: list[str] = []
    if row.state != "present":
        sentences.append(absence_sentence(row.state, field, period_id, language, text))
    if row.compared_state in _EXPLAINED_IF_COMPARED:
        sentence = absence_sentence(row.compared_state, field, compared_days, language, text)
        sentences.append(text("absence.compared", period=compared_days, sentence=sentence))
    return sentences


def absence_sentence(
    state: ValueState, field: Field, period_id: str, language: Language, text: Callable[..., str]
) -> str:
    """Return the sentence that says why a field has no value; empty if it has one.

    Args:
        state: State of the field.
        field: The field; a share says itself what there was nothing of.
        period_id: The period.
        language: Language of the sentence.
        text: Returns a text of that language by its key and parameters.
    """
    if state == "present":
        return ""
    if state == "not_applicable" and field.not_applicable is not None:
        return getattr(field.not_applicable, language)
    return text(f"absence.sentence.{state}", period=period_id)
