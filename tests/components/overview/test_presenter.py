"""A row of the overview: its texts, flags, sort keys and search text."""

from typing import Any

import pytest
from lxml import html

from components.context import AppContext
from components.layout.preferences import Translator
from components.overview.presenter import OverviewRowView
from preview.core.languages import LANGUAGES, Language
from preview.i18n.catalog import MessageCatalog
from preview.reports.decision_state import DECISION_STATES
from preview.views.overview_columns import STATUS_COLUMNS
from tests.components.overview_samples import NO_VALUES, make_row

NB = "\u00a0"


def row(
    context: AppContext, texts: MessageCatalog, line: OverviewRowView, language: Language = "nb"
) -> html.HtmlElement:
    """Return the rendered row."""
    html_row = context.macros("overview/overview_regions.html").row(line, STATUS_COLUMNS, Translator(texts, language))
    return html.fragment_fromstring(f"<table>{html_row}</table>")[0]


def cells(element: html.HtmlElement) -> list[str]:
    return [" ".join(cell.text_content().split()) for cell in element]


def test_row_shows_status_of_latest_snapshot(context: AppContext, texts: MessageCatalog) -> None:
    html_row = row(context, texts, make_row(texts))
    assert cells(html_row) == [
        "Barnevernstjenesten Oslo Sør 958935420-15",
        "Med feil",
        "Gyldig",
        "32/3432 av 34 felt22 mangler",
        "11 felt med feil66 felt med varsler",
        "i dag kl. 14:52",
        "CIS",
    ]
    # Texts for screen readers replace the signs beside them.
    spoken = [span.text_content() for span in html_row.iter("span") if span.get("class") == "ds-sr-only"]
    assert spoken == ["Barnevernstjenesten ", "32 av 34 felt", "2 mangler", "1 felt med feil", "6 felt med varsler"]
    assert html_row.find(".//a").get("href") == "/bufdir/preview?organization_id=org-0301-15&period_id=2024"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"state": "failed", **NO_VALUES, "period_id": "2024"}, "Feilet"),
        ({"state": "processing", "completed": 0.62, **NO_VALUES, "period_id": "2024"}, f"Aggregerer62{NB}%62{NB}%"),
        ({"state": "waiting", **NO_VALUES}, "Uten rapport"),
        ({"state": "silent", **NO_VALUES}, "–ingen"),
    ],
)
def test_row_without_values_shows_dashes(
    context: AppContext, texts: MessageCatalog, changed: dict[str, Any], status: str
) -> None:
    html_row = row(context, texts, make_row(texts, **changed))
    assert [NB.join(cell.split()) for cell in cells(html_row)[1:]] == [
        f"Ikke{NB}levert",
        status.replace(" ", NB),
        *["–ingen"] * 3,
        "CIS",
    ]
    assert html_row.get("data-keys").split("\t")[3:6] == ["", "", ""]


def test_stale_row_has_tag_and_valid_row_has_none(context: AppContext, texts: MessageCatalog) -> None:
    stale, valid = row(context, texts, make_row(texts, cache_valid=False)), row(context, texts, make_row(texts))
    assert [tag.text_content() for tag in stale[2].iter("span") if tag.get("class") == "ds-tag"] == ["Utdatert"]
    assert [tag for tag in valid[2].iter("span") if tag.get("class") == "ds-tag"] == []


DECISIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"decision": "ready"}, "Klar til godkjenning", "Gyldig"),
    ({"decision": "provisional", "data_until": "2026-01-02"}, "Foreløpig: data til 2. jan.", "–ingen"),
    ({"decision": "provisional", "data_until": "2024-08-15"}, "Foreløpig: data til 15. aug. 2024", "–ingen"),
    (
        {"decision": "approved", "approved_by": "Kari Nordmann", "approved_at": "2026-03-24T22:10:00Z"},
        "Godkjent i går av Kari Nordmann",
        "Gyldig",
    ),
    (
        {"decision": "changed", "approved_by": "api", "approved_at": "2025-03-03T13:10:00Z", "open_comments": 1},
        "Endret etter godkjenning 3. mars 2025 via API-et 11 åpen kommentar",
        "Gyldig",
    ),
    # An approved report whose source was cut short afterwards, and which was aggregated with the same values.
    ({"decision": "approved", "data_until": "2026-01-02"}, "Godkjent", "Foreløpig: data til 2. jan."),
]


@pytest.mark.parametrize(("changed", "review", "status"), DECISIONS)
def test_row_shows_decision_state(
    context: AppContext, texts: MessageCatalog, changed: dict[str, Any], review: str, status: str
) -> None:
    assert cells(row(context, texts, make_row(texts, **changed)))[1:3] == [review, status]


def test_only_what_needs_somebody_is_tinted(context: AppContext, texts: MessageCatalog) -> None:
    tinted = {
        state
        for state in DECISION_STATES
        if row(context, texts, make_row(texts, decision=state))[1].find_class("ds-tag")
    }
    assert tinted == {"has_errors", "warnings_waiting", "changed"}


def test_service_without_this_report_links_to_its_latest(context: AppContext, texts: MessageCatalog) -> None:
    silent: dict[str, Any] = {"state": "waiting", **NO_VALUES, "latest_period": "2023"}
    (link,) = row(context, texts, make_row(texts, **silent))[1].iter("a")
    assert (link.text, link.get("href")) == (
        "siste: 2023",
        "/bufdir/preview?organization_id=org-0301-15&period_id=2023",
    )
    delivered = row(context, texts, make_row(texts, latest_period="2024"))
    assert list(delivered[1].iter("a")) == []


def test_row_without_data_links_to_shown_period(texts: MessageCatalog) -> None:
    assert make_row(texts, state="silent", **NO_VALUES).preview_query == "organization_id=org-0301-15&period_id=2024"


@pytest.mark.parametrize(
    ("changed", "flags"),
    [
        ({}, {"has_errors", "error", "warning", "missing"}),
        ({"errors": 0, "warnings": 0, "populated": 33, "missing": 0, "decision": "ready"}, {"ready", "none"}),
        (
            {"errors": 0, "warnings": 0, "notices": 2, "cache_valid": False, "decision": "approved"},
            {"approved", "notice", "missing", "stale"},
        ),
        ({"state": "processing", "completed": 0.1}, {"has_errors", "processing", "error", "warning", "missing"}),
        ({"state": "silent", **NO_VALUES}, {"not_delivered"}),
        ({"state": "failed", **NO_VALUES}, {"not_delivered", "failed"}),
    ],
)
def test_row_flags_match_its_filters(texts: MessageCatalog, changed: dict[str, Any], flags: set[str]) -> None:
    assert set(make_row(texts, **changed).flags) == flags


def test_status_rank_follows_urgency(texts: MessageCatalog) -> None:
    made: list[dict[str, Any]] = [
        {"state": "failed", "decision": "approved"},
        {"cache_valid": False},
        {"cache_valid": False, "decision": "approved"},
        {"decision": "changed"},
        {"decision": "warnings_waiting"},
        {"decision": "ready", "state": "processing"},
        {"decision": "provisional"},
        {"state": "processing", **NO_VALUES},
        {"state": "waiting", **NO_VALUES},
        {"state": "silent", **NO_VALUES},
        {"decision": "approved"},
    ]
    ranked = [make_row(texts, **changed).sort_keys["status"] for changed in made]
    assert ranked == sorted(ranked, reverse=True)
    assert len(set(ranked)) == len(ranked) - 1  # processing and waiting rank alike without a report


@pytest.mark.parametrize("searched", ["oslo", "sør", "sor", "958935420", "-15", "0301"])
def test_search_text_contains_name_and_number(texts: MessageCatalog, searched: str) -> None:
    assert searched in make_row(texts).search_text


@pytest.mark.parametrize("searched", ["lindesnes", "åseral", "aseral", "4205"])
def test_search_text_contains_municipalities(texts: MessageCatalog, searched: str) -> None:
    assert (
        searched
        in make_row(texts, organization_name="Indre Agder barnevern", kommuner="4205 Lindesnes 4224 Åseral").search_text
    )


@pytest.mark.parametrize(
    ("at", "language", "written"),
    [
        ("2026-03-24T23:30:00Z", "nb", ("i dag", "25. mars 2026", "kl. 00:30")),
        ("2026-03-24T22:30:00Z", "nn", ("i går", "24. mars 2026", "kl. 23:30")),
        ("2026-03-11T13:59:00Z", "nb", ("11. mars", "11. mars 2026", "kl. 14:59")),
        ("2025-09-03T12:00:00Z", "en", ("3 Sept 2025", "3 Sept 2025", "at 14:00")),
    ],
)
def test_aggregated_day_uses_norwegian_time(
    texts: MessageCatalog, at: str, language: Language, written: tuple[str, str, str]
) -> None:
    line = make_row(texts, language, aggregated_at=at)
    assert (line.day, line.printed_day, line.time) == written


def test_progress_does_not_change_row_version(texts: MessageCatalog) -> None:
    running = make_row(texts, state="processing", completed=0.1)
    assert running.version == make_row(texts, state="processing", completed=0.9).version != make_row(texts).version
    changes: list[dict[str, Any]] = [
        {"populated": 33},
        {"errors": 2},
        {"cache_valid": False},
        {"organization_name": "Oslo"},
        {"aggregated_at": "2026-03-25T14:00:00Z"},
        {"decision": "changed"},
        {"open_comments": 1},
        {"can_be_approved": True},
    ]
    for changed in changes:
        assert make_row(texts, **changed).version != make_row(texts).version


@pytest.mark.parametrize("language", LANGUAGES)
def test_row_html_is_escaped(context: AppContext, texts: MessageCatalog, language: Language) -> None:
    evil = '"><script>alert(1)</script>'
    html_row = context.macros("overview/overview_regions.html").row(
        make_row(texts, language, organization_name=evil, case_system=evil, number=evil),
        STATUS_COLUMNS,
        Translator(texts, language),
    )
    assert "<script" not in html_row
    assert evil in row(context, texts, make_row(texts, language, organization_name=evil), language).text_content()
