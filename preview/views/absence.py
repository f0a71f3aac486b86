"""Says in words why a field has no value (rule 7.4, docs/domain.md), for pages and exports."""

from collections.abc import Callable

from preview.core.languages import Language
from preview.form.entries import Field
from preview.form.value_state import ValueState


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
