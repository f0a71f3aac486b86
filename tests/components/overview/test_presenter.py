"""A line of the overview: what its row says, which filters it passes, how it sorts and is found."""

from typing import Any

import pytest
from lxml import html

from components.context import House
from components.layout.preferences import Words
from components.overview.presenter import ShownLine, collation
from preview.core.languages import LANGUAGES, Language
from preview.i18n.catalog import Texts
from tests.components.overview_samples import EMPTY, shown

NB = "\u00a0"


def row(house: House, texts: Texts, line: ShownLine, language: Language = "nb") -> html.HtmlElement:
    """As it is drawn."""
    drawn = house.parts("overview/overview_regions.html").row(line, Words(texts, language))
    return html.fragment_fromstring(f"<table>{drawn}</table>")[0]


def cells(element: html.HtmlElement) -> list[str]:
    return [" ".join(cell.text_content().split()) for cell in element]


def test_a_row_says_where_its_snapshot_stands(house: House, texts: Texts) -> None:
    drawn = row(house, texts, shown(texts))
    assert cells(drawn) == [
        "Barnevernstjenesten Oslo Sør 958935420-15",
        "Klar",
        "32/3432 av 34 felt22 mangler",
        "11 feil66 varsler",
        "Gyldig",
        "i dag kl. 14:52",
        "CIS",
    ]
    # What a screen reader hears stands in for what the eye sees.
    heard = [each.text_content() for each in drawn.iter("span") if each.get("class") == "ds-sr-only"]
    assert heard == ["Barnevernstjenesten ", "32 av 34 felt", "2 mangler", "1 feil", "6 varsler"]
    assert drawn.find(".//a").get("href") == "/bufdir/preview?organization_id=org-0301-15&period_id=2024"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"state": "failed", **EMPTY, "period_id": "2024"}, "Feilet"),
        ({"state": "processing", "completed": 0.62, **EMPTY, "period_id": "2024"}, f"Aggregerer62{NB}%62{NB}%"),
        ({"state": "waiting", **EMPTY}, "Uten rapport"),
        ({"state": "silent", **EMPTY}, "Ikke levert"),
    ],
)
def test_without_values_nothing_is_claimed(house: House, texts: Texts, changed: dict[str, Any], status: str) -> None:
    drawn = row(house, texts, shown(texts, **changed))
    assert [NB.join(cell.split()) for cell in cells(drawn)[1:]] == [status.replace(" ", NB), *["–ingen"] * 4, "CIS"]
    assert drawn.get("data-filled") == drawn.get("data-deviations") == drawn.get("data-validity") == drawn.get("data-aggregated") == ""


def test_a_stale_one_is_tagged_and_a_valid_one_is_plain(house: House, texts: Texts) -> None:
    stale, valid = row(house, texts, shown(texts, cache_valid=False)), row(house, texts, shown(texts))
    assert [tag.text_content() for tag in stale.iter("span") if tag.get("class") == "ds-tag"] == ["Utdatert"]
    assert [tag for tag in valid.iter("span") if tag.get("class") == "ds-tag"] == []


def test_each_one_s_newest_says_of_which_period(house: House, texts: Texts) -> None:
    assert cells(row(house, texts, shown(texts, asked_period=None, period_id="2024-H1")))[1] == f"Klar 1. halvår{NB}2024".replace(NB, " ")
    assert cells(row(house, texts, shown(texts)))[1] == "Klar"


def test_one_that_is_silent_leads_to_the_chosen_period(texts: Texts) -> None:
    assert shown(texts, state="silent", **EMPTY).address == "organization_id=org-0301-15&period_id=2024"
    assert shown(texts, state="silent", asked_period=None, **EMPTY).address == "organization_id=org-0301-15"


@pytest.mark.parametrize(
    ("changed", "flags"),
    [
        ({}, {"ready", "error", "warning", "missing"}),
        ({"errors": 0, "warnings": 0, "populated": 34}, {"ready", "none"}),
        ({"errors": 0, "warnings": 0, "notices": 2, "cache_valid": False}, {"ready", "notice", "missing", "stale"}),
        ({"state": "processing", "completed": 0.1}, {"processing", "error", "warning", "missing"}),
        ({"state": "silent", **EMPTY}, {"silent"}),
    ],
)
def test_the_filters_that_it_passes(texts: Texts, changed: dict[str, Any], flags: set[str]) -> None:
    assert set(shown(texts, **changed).flags) == flags


def test_who_needs_somebody_most_ranks_highest(texts: Texts) -> None:
    quiet: dict[str, Any] = {"errors": 0}
    made: list[dict[str, Any]] = [
        {"state": "failed"},
        {},
        {"cache_valid": False, **quiet},
        {"state": "processing", **quiet},
        {"state": "waiting", **EMPTY},
        {"state": "silent", **EMPTY},
        quiet,
    ]
    ranked = [shown(texts, **changed).keys["status"] for changed in made]
    assert ranked == sorted(ranked, reverse=True)
    assert len(set(ranked)) == len(ranked) - 1  # what is under way and what waits to be asked for rank alike


def test_names_sort_as_the_norwegian_alphabet_does() -> None:
    names = ["Alta", "Kárášjohka", "Karmøy", "Zulu", "Ævle", "Øksnes", "Ås"]
    assert sorted(set(names), key=collation) == names


@pytest.mark.parametrize("searched", ["oslo", "sør", "sor", "958935420", "-15", "0301"])
def test_it_is_found_by_name_and_number(texts: Texts, searched: str) -> None:
    assert searched in shown(texts).search


@pytest.mark.parametrize("searched", ["lindesnes", "åseral", "aseral", "4205"])
def test_it_is_found_by_the_municipalities_that_it_serves(texts: Texts, searched: str) -> None:
    assert searched in shown(texts, organization_name="Indre Agder barnevern", kommuner="4205 Lindesnes 4224 Åseral").search


def test_letters_with_marks_are_found_without_them(texts: Texts) -> None:
    assert "karasjohka" in shown(texts, organization_name="Barnevernstjenesten Kárášjohka").search


@pytest.mark.parametrize(
    ("at", "language", "written"),
    [
        ("2026-03-24T23:30:00Z", "nb", ("i dag", "kl. 00:30")),
        ("2026-03-24T22:30:00Z", "nn", ("i går", "kl. 23:30")),
        ("2026-03-11T13:59:00Z", "nb", ("11. mars", "kl. 14:59")),
        ("2025-09-03T12:00:00Z", "en", ("3 Sept 2025", "at 14:00")),
    ],
)
def test_days_are_norwegian_days(texts: Texts, at: str, language: Language, written: tuple[str, str]) -> None:
    line = shown(texts, language, aggregated_at=at)
    assert (line.day, line.time) == written


def test_progress_alone_is_no_change(texts: Texts) -> None:
    running = shown(texts, state="processing", completed=0.1)
    assert running.version == shown(texts, state="processing", completed=0.9).version != shown(texts).version
    changes: list[dict[str, Any]] = [
        {"populated": 33},
        {"errors": 2},
        {"cache_valid": False},
        {"organization_name": "Oslo"},
        {"aggregated_at": "2026-03-25T14:00:00Z"},
    ]
    for changed in changes:
        assert shown(texts, **changed).version != shown(texts).version


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_written_unescaped(house: House, texts: Texts, language: Language) -> None:
    evil = '"><script>alert(1)</script>'
    drawn = house.parts("overview/overview_regions.html").row(
        shown(texts, language, organization_name=evil, case_system=evil, number=evil), Words(texts, language)
    )
    assert "<script" not in drawn
    assert evil in row(house, texts, shown(texts, language, organization_name=evil), language).text_content()
