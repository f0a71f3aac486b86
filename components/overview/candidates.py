"""The reports that the dialog of the overview names before they are approved in one action."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from components.context import AppContext
from components.layout import value_formatting
from components.layout.preferences import Translator
from components.services.service_list import split_name
from preview.form.catalogue import Catalogue
from preview.i18n import formatting
from preview.i18n.name_search import collation_key
from preview.views.approval_candidates import KEY_FIELDS, ApprovalCandidate

MAX_REPORTS = 1000
"""The most reports that one message of the browser may name."""


@dataclass(frozen=True)
class CandidateView:
    """A report in the dialog.

    Attributes:
        candidate: The report.
        name_prefix: The words that the names of most services begin with, if this one does, else empty.
        name: The rest of the name.
        preview_query: The query string of its preview.
        totals: The values of the key fields as texts.
        notes: What an approval covers besides: fields with values, answered deviations, open comments.
    """

    candidate: ApprovalCandidate
    name_prefix: str
    name: str
    preview_query: str
    totals: tuple[str, ...]
    notes: tuple[str, ...]


def requested_reports(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return organization and period of the reports that a message names; anything else in it is ignored."""
    named = message.get("reports")
    pairs = named[:MAX_REPORTS] if isinstance(named, list) else []
    return [
        (pair[0], pair[1])
        for pair in pairs
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
    ]


def render_candidates(context: AppContext, candidates: Iterable[ApprovalCandidate], t: Translator) -> str:
    """Return the region of the dialog that names the reports, ordered by name."""
    catalogue = context.application.catalogue
    views = [_present(candidate, catalogue, t) for candidate in candidates]
    views.sort(key=lambda view: collation_key(view.candidate.organization_name))
    labels = [getattr(catalogue.field(key).labels, t.language) for key in KEY_FIELDS]
    periods = sorted({view.candidate.period_id for view in views})
    names = ", ".join(formatting.period(t.language, period_id) for period_id in periods)
    return context.macros("overview/approval.html").candidates(views, labels, names, t)


def _present(candidate: ApprovalCandidate, catalogue: Catalogue, t: Translator) -> CandidateView:
    query = urlencode({"organization_id": candidate.organization_id, "period_id": candidate.period_id})
    totals = tuple(
        value_formatting.value(value, catalogue.field(key).unit, t.language)
        if state == "present"
        else t(f"absence.sign.{state}")
        for key, (value, state) in candidate.totals.items()
    )
    return CandidateView(
        candidate,
        *split_name(candidate.organization_name, t),
        query,
        totals,
        tuple(_notes(candidate, len(catalogue.fields), t)),
    )


def _notes(candidate: ApprovalCandidate, field_count: int, t: Translator) -> Sequence[str]:
    notes = [t("state.filled", n=candidate.populated, total=field_count)]
    if candidate.answered:
        notes.append(t.plural("approval.answered", candidate.answered))
    if candidate.open_comments:
        notes.append(t.plural("overview.comments", candidate.open_comments))
    return notes
