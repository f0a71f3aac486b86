"""The dialog that approves several reports: which ones a message names, and what is shown of each."""

from typing import Any

import pytest
from lxml import html

from components.context import AppContext
from components.layout.preferences import Translator
from components.overview.candidates import render_candidates, requested_reports
from preview.core.languages import LANGUAGES, Language
from preview.form.value_state import ValueState
from preview.i18n.catalog import MessageCatalog
from preview.model.resources import Value
from preview.views.approval_candidates import KEY_FIELDS, ApprovalCandidate


def candidate(name: str = "Barnevernstjenesten Ås", **changed: Any) -> ApprovalCandidate:
    """Return a report that is ready, with changes; its second total is withheld, and the last one missing."""
    values: list[tuple[Value, ValueState]] = [
        (1480, "present"),
        (None, "withheld"),
        (0, "present"),
        (12, "present"),
        (None, "missing"),
    ]
    state: dict[str, Any] = {"decision": "ready", "blocking": [], "answered": 0, "open_comments": 0}
    return ApprovalCandidate(
        organization_id=f"org-{name}",
        organization_name=name,
        period_id="2024",
        snapshot_id="snap-001",
        etag='"seen"',
        totals=dict(zip(KEY_FIELDS, values, strict=True)),
        populated=32,
        **{**state, **changed},
    )


def rendered(
    context: AppContext, texts: MessageCatalog, *candidates: ApprovalCandidate, language: Language = "nb"
) -> list[html.HtmlElement]:
    region = html.fragment_fromstring(render_candidates(context, candidates, Translator(texts, language)))
    return region.xpath(".//tbody/tr")


def cells(row: html.HtmlElement) -> list[str]:
    return [" ".join(cell.text_content().split()) for cell in row]


def test_report_is_named_with_its_totals_and_etag(context: AppContext, texts: MessageCatalog) -> None:
    (row,) = rendered(context, texts, candidate(answered=2, open_comments=1))
    assert cells(row) == [
        "Barnevernstjenesten Ås 32 av 34 felt · 2 avvik er besvart · 1 åpen kommentar",
        *("1 480", ":", "0", "12", "–"),
        "",
    ]
    assert (row.get("data-snapshot"), row.get("data-etag"), row.get("data-blocked")) == ("snap-001", '"seen"', None)
    assert row.find(".//a").get("href").startswith("/bufdir/preview?organization_id=org-Barnevern")


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"blocking": ["stale"]}, MessageCatalog.load().get("nb", "approval.code.stale")),
        ({"decision": "warnings_waiting", "blocking": ["warning"]}, "Varsler venter"),
        ({"decision": "approved"}, "Godkjent"),
        # A report that has changed must be looked at by itself.
        ({"decision": "changed"}, "Endret etter godkjenning"),
    ],
)
def test_report_that_is_not_ready_says_why(
    context: AppContext, texts: MessageCatalog, changed: dict[str, Any], outcome: str
) -> None:
    (row,) = rendered(context, texts, candidate(**changed))
    assert (row.get("data-blocked"), cells(row)[-1]) == ("", outcome)


@pytest.mark.parametrize("language", LANGUAGES)
def test_reports_are_ordered_by_name_and_escaped(
    context: AppContext, texts: MessageCatalog, language: Language
) -> None:
    evil = '"><script>alert(1)</script>'
    rows = rendered(context, texts, candidate("Ås"), candidate(evil), candidate("Bø"), language=language)
    assert [cells(row)[0].split(" 32")[0] for row in rows] == [evil, "Bø", "Ås"]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([["org-1", "2024"], ["org-2", "2023"]], [("org-1", "2024"), ("org-2", "2023")]),
        ([["org-1"], "org-2", {"a": 1}, ["org-3", 2024], ["org-4", "2024"]], [("org-4", "2024")]),
        ("org-1", []),
        (None, []),
    ],
)
def test_only_pairs_of_texts_are_reports(reports: Any, expected: list[tuple[str, str]]) -> None:
    assert requested_reports({"reports": reports}) == expected
