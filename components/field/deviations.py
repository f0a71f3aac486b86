"""View models of the deviations of a field in the reports of all services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from components.layout.preferences import Translator
from components.review.texts import signature
from components.services.service_list import split_name
from preview.form.rules.base import SEVERITIES, Severity
from preview.i18n.name_search import collation_key
from preview.reviews.field_deviations import FieldDeviation


@dataclass(frozen=True)
class FieldDeviationView:
    """A deviation in the report of a service.

    Attributes:
        key: What no other deviation of the page has.
        name_prefix: As of `ServiceRowView`.
        name: The service.
        preview_query: The query string of the preview, which `#row-KEY` follows.
        tag: What was found in short.
        message: The same as a sentence.
        reason: Why it is right as it is; empty without an answer.
        signature: Who has said so, and when.
    """

    key: str
    name_prefix: str
    name: str
    preview_query: str
    severity: Severity
    tag: str
    message: str
    reason: str = ""
    signature: str = ""


def present_field_deviations(
    found: Sequence[FieldDeviation], names: Mapping[str, str], period_id: str, t: Translator
) -> tuple[FieldDeviationView, ...]:
    """Return the deviations of the named services: severest first, of those the unanswered ones first, then by name.

    Args:
        found: The deviations.
        names: The names of the services that the page shows, by id.
        period_id: The period.
        t: The texts.
    """
    shown = [each for each in found if each.organization_id in names]
    shown.sort(key=lambda each: (*_urgency(each), collation_key(names[each.organization_id]), each.organization_id))
    return tuple(_present(each, names[each.organization_id], period_id, t) for each in shown)


def _urgency(found: FieldDeviation) -> tuple[int, bool]:
    return SEVERITIES.index(found.deviation.severity), found.acknowledgement is not None


def _present(found: FieldDeviation, organization_name: str, period_id: str, t: Translator) -> FieldDeviationView:
    deviation, answer = found.deviation, found.acknowledgement
    name_prefix, name = split_name(organization_name, t)
    return FieldDeviationView(
        key=f"{found.organization_id}-{deviation.rule_id}",
        name_prefix=name_prefix,
        name=name,
        preview_query=urlencode({"organization_id": found.organization_id, "period_id": period_id}),
        severity=deviation.severity,
        tag=t(deviation.tag),
        message=t(deviation.message, **deviation.params),
        reason=answer.reason if answer else "",
        signature=signature(answer.acknowledged_by, answer.acknowledged_at, t) if answer else "",
    )
