"""The presenter of a row's deviations with the answers to them, and of values that were approved."""

from collections.abc import Sequence

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.report_view import DeviationView
from components.review import texts
from components.review.review_view import AnswerView
from preview.form.catalogue import Catalogue
from preview.form.rules.base import SEVERITIES, Deviation
from preview.model.resources import Value
from preview.model.reviews import Acknowledgement
from preview.views.preview import Preview
from preview.views.report_review import ReportReview


def present_deviations(deviations: Sequence[Deviation], preview: Preview, t: Translator) -> tuple[DeviationView, ...]:
    """Return the views of a row's deviations: the severest first, and of those the ones without an answer."""
    return tuple(sorted((_present(each, preview, t) for each in deviations), key=_rank))


def _present(deviation: Deviation, preview: Preview, t: Translator) -> DeviationView:
    review = preview.review
    key = review.key_of(deviation, is_own_comparison=preview.is_own_comparison) if review else None
    acknowledgement = review.acknowledgement(key) if review else None
    answer = present_answer(acknowledgement, t) if acknowledgement else None
    is_lapsed = acknowledgement is not None and acknowledgement.lapsed
    return DeviationView(
        deviation.rule_id,
        deviation.severity,
        t(deviation.tag),
        t(deviation.message, **deviation.params),
        t(deviation.action),
        key,
        None if is_lapsed else answer,
        answer if is_lapsed else None,
    )


def _rank(deviation: DeviationView) -> tuple[int, bool]:
    return SEVERITIES.index(deviation.severity), deviation.answer is not None


def present_answer(acknowledgement: Acknowledgement, t: Translator) -> AnswerView:
    """Return the view of an acknowledgement."""
    return AnswerView(
        acknowledgement.rule,
        acknowledgement.field_key,
        acknowledgement.reason,
        texts.acknowledgement_signature(acknowledgement, t),
    )


def blocks_approval(review: ReportReview | None, deviations: Sequence[DeviationView]) -> bool:
    """Return whether one of a row's deviations stands in the way of an approval."""
    keys = {(each.rule, each.field_key) for each in review.document.blocking} if review else set()
    return any(deviation.key in keys for deviation in deviations if deviation.key is not None)


def approved_text(value: Value, field_key: str, catalogue: Catalogue, t: Translator) -> str:
    """Return an approved value in its unit."""
    return value_formatting.value(value, catalogue.field(field_key).unit, t.language)
