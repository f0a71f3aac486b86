"""The wall over a real store: it agrees with the overview and the preview, in order, numbers and alarms."""

import re
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from lxml import html

from components import assets
from components.context import AppContext
from components.layout.preferences import Translator
from components.overview.filters import CROSS_CUTTING, STATES, OverviewFilters
from components.preview.report_view import ReportView
from components.wall.page import ROWS_PER_PAGE
from components.wall.presenter import MAX_ALARM_NAMES, key_fields, service_alarms, service_figures, services_in_order
from components.wall.rendering import RenderedWall, WallQuery, WallRenderer
from preview.core.errors import NotFound, ValidationError
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.runtime.application import Application
from tests.browser.support import overview_fixtures
from tests.browser.support.overview_fixtures import BODO, DEFAULT_ORDER, DRAMMEN, TROMSO
from tests.components.overview_samples import make_row
from tests.components.preview_samples import make_preview, make_values
from tests.support import pipeline

WALL_STYLES = Path(__file__).parents[3] / "components" / "wall" / "wall.css"


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """Return an application over a store with a service in every state."""
    data_dir = tmp_path_factory.mktemp("wall") / "data"
    data_dir.mkdir()
    overview_fixtures.fill(data_dir)
    with pipeline.open_application(data_dir, started=False, reporting_period=Period(2024)) as opened:
        yield opened


@pytest.fixture(scope="module")
def renderer(application: Application) -> WallRenderer:
    return WallRenderer(AppContext.from_application(application, assets.load_assets()))


def texts_of(rendered: RenderedWall, region: str) -> str:
    return " ".join(html.fragment_fromstring(f"<div>{rendered.regions[region]}</div>").text_content().split())


def test_all_services_agree_with_overview(application: Application, renderer: WallRenderer) -> None:
    rendered = renderer.render(WallQuery(), "nb")
    rows = html.fragment_fromstring(f"<table>{''.join(rendered.rows)}</table>")
    names = [element.text for element in rows.xpath("//*[@data-name]")]
    assert names == [service.name for service in DEFAULT_ORDER]
    assert rendered.position == application.overviews.read().position
    assert texts_of(rendered, "alarms") == f"Feilet: {BODO.name} Med feil: {DRAMMEN.name}"
    assert "Feilet1" in texts_of(rendered, "figures")
    assert texts_of(rendered, "notice") == ""
    assert texts_of(rendered, "columns").endswith("Avvik mot 2023")


def test_figures_are_those_of_the_overview_tiles(texts: MessageCatalog) -> None:
    rows = [make_row(texts), make_row(texts, organization_id="org-2", decision="ready", state="failed")]
    figures = {figure.name: figure.value for figure in service_figures(rows, Translator(texts, "nb"))}
    filters = OverviewFilters()
    assert figures == {show: str(filters.count_matches(show, rows)) for show in ("all", *STATES, *CROSS_CUTTING)}
    assert (figures["all"], figures["failed"], figures["has_errors"]) == ("2", "1", "1")


def test_alarm_names_the_first_services_and_counts_the_others(texts: MessageCatalog) -> None:
    rows = [make_row(texts, organization_id=f"org-{n}", organization_name=f"By {n}") for n in range(7)]
    rows += [make_row(texts, organization_id="org-9", organization_name="Vik", state="failed")]
    failed, with_errors = service_alarms(services_in_order(rows), Translator(texts, "nb"))
    assert (failed.names, failed.more) == (("Vik",), "")
    assert (with_errors.names, with_errors.more) == (tuple(f"By {n}" for n in range(MAX_ALARM_NAMES)), "og 3 til")


def test_key_fields_put_deviations_first_and_leave_parts_out(
    present: Callable[..., ReportView], catalogue: Catalogue
) -> None:
    values = make_values(catalogue, antall_undersokelser_henlagt=96)
    report = present(make_preview(catalogue, values, make_values(catalogue)))
    fields = key_fields(report)
    ranks = [field.rank for field in fields]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] > ranks[-1]
    unflagged = [field.row for field in fields if field.rank == "0"]
    assert [row.number for row in unflagged] == sorted(row.number for row in unflagged)
    assert not any(row.is_part for row in unflagged)
    flagged = {row.key for row in report.rows if {"error", "warning"} & set(row.flags)}
    assert flagged <= {field.row.key for field in fields}


def test_wall_of_one_service_shows_its_report_or_that_there_is_none(renderer: WallRenderer) -> None:
    rendered = renderer.render(WallQuery(DRAMMEN.organization_id), "nb")
    assert rendered.name == f"{DRAMMEN.full_name} 2024"
    assert texts_of(rendered, "heading").startswith(f"{DRAMMEN.full_name} Med feil")
    assert "Feil1" in texts_of(rendered, "figures")
    assert texts_of(rendered, "alarms").startswith("Feil: ")
    without = renderer.render(WallQuery(TROMSO.organization_id, "2023"), "nb")
    assert texts_of(without, "notice") == "Ingen rapport for 2023."
    assert "ingen rapport" in without.rows[0]
    with pytest.raises(NotFound):
        renderer.render(WallQuery("org-none"), "nb")
    with pytest.raises(ValidationError):
        renderer.render(WallQuery(period_id="2024-H3"), "nb")


def test_erased_service_leaves_a_sentence_alone(renderer: WallRenderer) -> None:
    erased = renderer.render_erased(WallQuery(DRAMMEN.organization_id), "nb")
    assert erased.rows == []
    assert texts_of(erased, "notice") == "Tjenesten er fjernet, og ingenting av den er lagret lenger."
    assert not any(DRAMMEN.name in region for region in erased.regions.values())


def test_empty_store_says_that_there_is_no_report(context: AppContext) -> None:
    """The store of `context` is closed, so the wall reads one of its own."""
    with pipeline.open_application(context.application.settings.data_dir, started=False) as application:
        renderer = WallRenderer(AppContext.from_application(application, context.assets))
        rendered = renderer.render(WallQuery(), "nb")
    assert (rendered.rows, texts_of(rendered, "notice")) == ([], "Ingen rapporter ennå.")
    assert texts_of(rendered, "alarms") == ""


def test_styles_show_one_page_before_the_script_runs() -> None:
    (first_hidden,) = re.findall(r"nth-child\(n \+ (\d+)\)", WALL_STYLES.read_text(encoding="utf-8"))
    assert int(first_hidden) == ROWS_PER_PAGE + 1
