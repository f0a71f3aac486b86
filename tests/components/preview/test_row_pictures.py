"""Rendering of the rows: source, history, limits of changes, and which rows the address opens."""

from collections.abc import Callable

import msgspec
from lxml import html

from components.context import AppContext
from components.preview.report_cache import (
    RenderedReport,
    ReportQuery,
    addressed_regions,
    render_regions,
)
from components.preview.report_view import ReportView
from preview.form.catalogue import Catalogue
from preview.views.history import HistoricalValue
from tests.components.preview_samples import make_preview, make_values

Render = Callable[..., dict[str, html.HtmlElement]]


def text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def cell(row: html.HtmlElement, name: str) -> html.HtmlElement:
    (found,) = row.xpath(f"./td[contains(concat(' ', @class, ' '), ' {name} ')]")
    return found


def test_source_is_named_once_and_in_rows_of_another(render: Render, catalogue: Catalogue) -> None:
    quiet = make_preview(catalogue, make_values(catalogue), make_values(catalogue))
    regions = render(quiet)
    assert "Kilde: CIS" in text(regions["state"])
    named = {key: text(cell(row, "note")) for key, row in regions.items() if key.startswith("row-")}
    other = {f"row-{row.field_key}" for row in quiet.rows if row.data_source == "manuell"}
    assert {key for key, note in named.items() if note == "Kilde: Manuell"} == other != set()


def test_row_shows_history_and_limit_of_its_change(render: Render, catalogue: Catalogue) -> None:
    values = make_values(catalogue)
    preview = make_preview(catalogue, values, values)
    history = {row.field_key: [HistoricalValue("2023", 50), HistoricalValue("2024", 100)] for row in preview.rows}
    rows = [msgspec.structs.replace(row, margin=15.0 if row.number == 1 else 30.0) for row in preview.rows]
    regions = render(msgspec.structs.replace(preview, rows=rows, history=history))
    first, second = regions[f"row-{rows[0].field_key}"], regions[f"row-{rows[1].field_key}"]
    assert [cell(row, "change-plot").get("style") for row in (first, second)] == ["--b:15", None]
    assert [path.get("d") for path in cell(second, "source").xpath(".//path")] == [
        "M0 18v-9h7v9z",
        "M9 18v-18h7v18z",
    ]
    assert not regions["picture-meldinger"].xpath(".//path")  # two periods are no line
    history = {key: [HistoricalValue("2022", 75), *values] for key, values in history.items()}
    assert render(msgspec.structs.replace(preview, history=history))["picture-meldinger"].xpath(".//path")


def test_head_names_the_years_of_the_pictures(present: Callable[..., ReportView], catalogue: Catalogue) -> None:
    quiet = make_preview(catalogue, make_values(catalogue), make_values(catalogue))
    series = [HistoricalValue("2023", 50), HistoricalValue("2024", 100)]
    assert present(quiet).history_years == ""
    assert present(msgspec.structs.replace(quiet, history={"antall_flyttinger": series})).history_years == "2023–2024"


def test_address_opens_and_filters_rows(
    context: AppContext, present: Callable[..., ReportView], catalogue: Catalogue
) -> None:
    values = make_values(catalogue, antall_meldinger_mottatt=1612)
    view = present(make_preview(catalogue, values, make_values(catalogue)))
    report = RenderedReport(ReportQuery("org-1042"), view, render_regions(context, view))
    first, flagged = "antall_flyttinger", "antall_meldinger_mottatt"
    assert [row.key for row in view.rows if "warning" in row.flags] == [flagged]

    regions = addressed_regions(context, report, {"filter": "warning", "open": f"{first},unknown"})
    hidden = {key for key, html in regions.items() if html.startswith("<tr hidden ")}
    assert hidden == {f"row-{row.key}" for row in view.rows if row.key not in (first, flagged)}
    assert 'aria-expanded="true"' in regions[f"row-{first}"]
    assert [key for key, html in regions.items() if key.startswith("detail-") and " hidden>" not in html] == [
        f"detail-{first}"
    ]
    assert 'value="warning" checked' in regions["filters"]
    assert "Viser 1 av 34 felt: Varsler." in regions["filtered"]

    assert addressed_regions(context, report, {"filter": "unknown", "open": ""}) == report.regions
