"""The presenter of a row's deviations with the answers to them, and of values that were approved."""

from collections.abc import Sequence
from urllib.parse import urlencode

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.report_view import DeviationView
from components.review import texts
from components.review.review_view import AnswerView, OwedView
from preview.form.catalogue import Catalogue
from preview.form.rules.base import SEVERITIES, Deviation
from preview.i18n import formatting
from preview.model.resources import Value
from preview.model.reviews import Acknowledgement, Blocking
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


def blocking_by_row(review: ReportReview | None, keys: Sequence[str]) -> dict[str, list[Blocking]]:
    """Return the deviations that stand in the way of an approval, by the key of the row that they belong to.

    They are the same whatever the page compares with. One about the whole report belongs to the first row.

    Args:
        review: The review of the report; None without one.
        keys: The keys of the rows.
    """
    found: dict[str, list[Blocking]] = {}
    for each in review.document.blocking if review else ():
        if each.rule is not None:
            key = each.field_key if each.field_key and each.field_key in keys else keys[0]
            found.setdefault(key, []).append(each)
    return found


def present_owed(
    blocking: Sequence[Blocking], deviations: Sequence[DeviationView], preview: Preview, t: Translator
) -> OwedView | None:
    """Return the view of a row's deviations that block an approval and are not among those that the row shows."""
    shown = {deviation.key for deviation in deviations}
    tags = [t(f"deviation.{each.rule}.tag") for each in blocking if (each.rule, each.field_key) not in shown]
    if not tags:
        return None
    period = formatting.period(t.language, preview.own_comparison)
    query = {"organization_id": preview.organization_id, "period_id": preview.period_id}
    return OwedView(
        note=t("answer.owed", period=period),
        text=t("answer.owed_lead", period=period, tags=", ".join(tags)),
        link=t("answer.owed_link", period=period),
        query=urlencode({**query, "compare": preview.own_comparison}),
    )


def approved_text(value: Value, field_key: str, catalogue: Catalogue, t: Translator) -> str:
    """Return an approved value in its unit."""
    return value_formatting.value(value, catalogue.field(field_key).unit, t.language)
