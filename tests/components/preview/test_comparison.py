"""Rendering of the comparison to the same day (rule 7.3): choice, column heads, caption, and why it is not offered."""

from collections.abc import Callable

import msgspec
import pytest
from lxml import html

from components.context import AppContext
from components.preview.presenter import without_values
from components.preview.report_cache import render_regions
from components.preview.report_view import ReportView
from preview.core.languages import Language
from preview.form.catalogue import Catalogue
from preview.views.comparison import SameDayView
from preview.views.preview import Preview
from tests.components.preview_samples import make_preview, make_values

Render = Callable[..., dict[str, html.HtmlElement]]
Present = Callable[..., ReportView]


def _text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _columns(context: AppContext, view: ReportView) -> tuple[list[str], str]:
    """Return the heads of the two columns of values, and what marks of changes depend on."""
    table = html.fromstring(f"<table>{render_regions(context, view)['columns']}</table>")
    (head,) = table.iter("thead")
    return [_text(cell) for cell in head.xpath(".//th")[1:3]], head.get("data-identity")


def _choices(region: html.HtmlElement) -> list[tuple[str, str, bool]]:
    options = region.xpath(".//select[@name='compare']/option")
    return [(option.get("value"), _text(option), option.get("selected") is not None) for option in options]


@pytest.fixture
def provisional(catalogue: Catalogue) -> Preview:
    """Return a report of 2024 with data until 29 November, compared with the same days of 2023."""
    return msgspec.structs.replace(
        make_preview(catalogue, make_values(catalogue), make_values(catalogue)),
        extract_until="2024-11-29",
        same_day=SameDayView("2023", "2023-11-29", is_offered=True, is_incomplete=False),
        compared_until="2023-11-29",
    )


@pytest.mark.parametrize(
    ("language", "heads", "choice"),
    [
        ("nb", ["2024 til 29. nov.", "2023 til 29. nov."], "2023 (til 29. november)"),
        ("nn", ["2024 til 29. nov.", "2023 til 29. nov."], "2023 (til 29. november)"),
        ("en", ["2024 to 29 Nov", "2023 to 29 Nov"], "2023 (to 29 November)"),
    ],
)
def test_same_day_stands_in_choice_heads_and_caption(
    render: Render,
    present: Present,
    context: AppContext,
    provisional: Preview,
    language: Language,
    heads: list[str],
    choice: str,
) -> None:
    regions = render(provisional, language)
    assert _columns(context, present(provisional, language))[0] == heads
    assert _choices(regions["periods"])[0] == ("same-day", choice, True)
    assert [value for value, _, is_selected in _choices(regions["periods"]) if is_selected] == ["same-day"]
    assert choice in present(provisional, language).compared_period
    assert choice in render_regions(context, present(provisional, language))["caption"]
    assert not regions["periods"].xpath(".//*[@id='comparison-note']")


def test_same_day_is_kept_in_exports_and_told_from_the_whole_period(
    render: Render, present: Present, context: AppContext, provisional: Preview
) -> None:
    regions = render(provisional)
    links = regions["actions"].xpath(".//a[contains(@href, '/preview/export')]/@href")
    assert links
    assert all("compare=same-day" in link for link in links)
    whole = msgspec.structs.replace(provisional, compared_until=None)
    assert [value for value, _, is_selected in _choices(render(whole)["periods"]) if is_selected] == ["2023"]
    heads, identity = _columns(context, present(whole))
    assert heads == ["2024 til 29. nov.", "2023"]
    # The browser marks changed values only while both columns count the same days.
    assert identity != _columns(context, present(provisional))[1]


def test_reason_is_given_where_the_same_day_is_not_offered(render: Render, provisional: Preview) -> None:
    refused = msgspec.structs.replace(
        provisional,
        same_day=SameDayView("2023", "2023-11-29", is_offered=False, is_incomplete=False),
        compared_until=None,
    )
    regions = render(refused)
    assert "same-day" not in [value for value, _, _ in _choices(regions["periods"])]
    (note,) = regions["periods"].xpath(".//*[@id='comparison-note']")
    assert _text(note).startswith("Kan ikke sammenlignes til samme dag: 2023 er fra KOSTRA 15F")
    (select,) = regions["periods"].xpath(".//select[@name='compare']")
    assert select.get("aria-describedby") == "comparison-note"


def test_cases_that_may_be_missing_are_told(render: Render, provisional: Preview) -> None:
    incomplete = SameDayView("2023", "2023-11-29", is_offered=True, is_incomplete=True)
    note = "2023 kan mangle saker som ble avsluttet før den første leveransen."
    assert note in _text(render(msgspec.structs.replace(provisional, same_day=incomplete))["periods"])
    whole = msgspec.structs.replace(provisional, same_day=incomplete, compared_until=None)
    assert note not in _text(render(whole)["periods"])


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("nb", "Oversikten teller 2 felt med varsler: den sammenligner med hele 2023."),
        ("nn", "Oversynet tel 2 felt med varsel: det samanliknar med heile 2023."),
        ("en", "The overview counts 2 fields with warnings: it compares with all of 2023."),
    ],
)
def test_other_counts_of_the_overview_are_told(
    render: Render, provisional: Preview, language: Language, sentence: str
) -> None:
    assert provisional.snapshot is not None
    stored = {"error": 0, "warning": 2, "notice": 0}
    snapshot = msgspec.structs.replace(provisional.snapshot, deviation_counts=stored)
    counted = msgspec.structs.replace(provisional, snapshot=snapshot)
    (note,) = render(counted, language)["periods"].xpath(".//*[@id='comparison-note']")
    assert _text(note) == sentence
    # Compared with all of the prior period, the page itself says what the overview counts.
    whole = msgspec.structs.replace(counted, compared_until=None)
    assert not render(whole, language)["periods"].xpath(".//*[@id='comparison-note']")


def test_report_of_the_whole_period_says_nothing_of_days(
    render: Render, present: Present, context: AppContext, provisional: Preview
) -> None:
    final = msgspec.structs.replace(provisional, extract_until=None, same_day=None, compared_until=None)
    assert _columns(context, present(final))[0] == ["2024", "2023"]
    assert "same-day" not in [value for value, _, _ in _choices(render(final)["periods"])]


def test_erased_report_says_nothing_of_days(
    present: Present, context: AppContext, catalogue: Catalogue, provisional: Preview
) -> None:
    erased = without_values(present(provisional), catalogue)
    assert _columns(context, erased)[0] == ["2024", "2023"]
    assert [choice.period_id for choice in erased.comparable if choice.is_selected] == ["2023"]
