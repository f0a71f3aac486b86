"""The page of a field over a real store: its first HTML, its choice of services, its figures and its updates."""

from collections.abc import Generator
from typing import Any

import pytest
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, Plot
from lxml import html

from components import assets
from components.context import AppContext
from components.field.cache import FieldCache
from components.field.page import FieldPage, FieldSession
from components.field.query import FieldQuery
from components.field.rendering import FieldPageData, complete_page, render_field
from components.layout.preferences import RequestPreferences
from components.live_page import PageServices
from preview.core.errors import NotFound, ValidationError
from preview.core.periods import Period
from preview.runtime.application import Application
from tests.builders import large_dataset
from tests.components.page_harness import PageHarness, run_pages
from tests.support import pipeline

FIELD = "antall_meldinger_mottatt"
FIRST, SECOND = (large_dataset.organization_id(number) for number in (0, 1))
STYLE = {"action": "figures", "rem": 16, "colors": {"bar": "rgb(1, 2, 3)"}}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """Return an application with two services that have reports of two years."""
    with pipeline.open_application(tmp_path_factory.mktemp("field") / "data", reporting_period=Period(2024)) as opened:
        pipeline.deliver(opened, *(large_dataset.folder(number) for number in range(2)))
        for organization_id in (FIRST, SECOND):
            for year in ("2023", "2024"):
                pipeline.aggregate(opened, organization_id, year)
        yield opened


@pytest.fixture(scope="module")
def context(application: Application) -> AppContext:
    return AppContext.from_application(application, assets.load_assets())


def address(key: str = FIELD, **arguments: str) -> RequestPreferences:
    return RequestPreferences("nb", "light", arguments, f"/field/{key}")


async def open_page(services: PageServices, **arguments: str) -> PageHarness[FieldSession]:
    """Open the page at an address."""
    page = FieldPage(services)
    data = await page.fetch(address(**arguments))
    return PageHarness(page, address(**arguments), data, data.rendered.position)


def load(context: AppContext, **arguments: str) -> FieldPageData:
    query = FieldQuery.from_preferences(address(**arguments))
    return complete_page(context, render_field(context, query, "nb"), query, "nb")


def figure_sources(page: PageHarness[FieldSession]) -> list[ColumnDataSource]:
    """Return the sources of services, lines and points, each once."""
    plots = [root for root in page.document.roots if isinstance(root, Plot)]
    sources: dict[str, Any] = {}
    for plot in plots:
        for renderer in plot.renderers:
            source = getattr(renderer, "data_source", None)
            if source is not None:
                sources[source.id] = source
    return list(sources.values())


def columns(source: ColumnDataSource) -> dict[str, list[Any]]:
    """Return the columns of a source."""
    data: Any = source.data
    return data


def test_first_html_has_every_service_and_the_chosen_history(context: AppContext) -> None:
    data = load(context, org=f"{SECOND},unknown")
    table = html.fragment_fromstring(f"<table>{data.rows}</table>")
    assert [row.get("data-region") for row in table.iter("tr")] == [f"row-{FIRST}", f"row-{SECOND}"]
    assert [button.get("aria-pressed") for button in table.iter("button")] == ["false", "true"]
    chosen = html.fragment_fromstring(data.regions["chosen"])
    assert chosen.get("data-org") == SECOND
    assert [cell.text for cell in chosen.iter("th")][1:3] == ["2023", "2024"]
    assert "Ingen avvik på feltet." in data.regions["deviations"]


def test_page_is_rendered_once_for_each_state_of_the_store(application: Application, context: AppContext) -> None:
    cache, query = FieldCache(context), FieldQuery.from_preferences(address())
    first = cache.get(query, "nb")
    assert cache.get(query._replace(chosen=(FIRST,)), "nb") is first
    assert cache.get(query, "en") is not first
    application.reviews.comments.add(FIRST, "2024", None, "Ser riktig ut.", "test")
    assert cache.get(query, "nb") is not first


@pytest.mark.parametrize(
    ("arguments", "error"), [({"period_id": "x"}, ValidationError), ({"county": "99"}, ValidationError)]
)
def test_address_without_such_a_place_is_refused(
    context: AppContext, arguments: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        load(context, **arguments)


def test_unknown_field_is_not_found(context: AppContext) -> None:
    with pytest.raises(NotFound):
        load(context, key="unknown")


def test_figures_follow_the_choice_and_taps(context: AppContext) -> None:
    async def scenario(services: PageServices) -> None:
        page = await open_page(services)
        assert page.document.roots == []
        page.send(**STYLE)
        assert [root.html_attributes for root in page.document.roots] == [  # type: ignore[attr-defined]
            {"data-chart": name, "tabindex": "-1"} for name in ("bars", "dots", "lines")
        ]
        services_source, lines, _ = figure_sources(page)
        assert columns(services_source)["place"] == [1, 2]

        page.send(action="choose", organization_id=SECOND)
        await page.wait_for(lambda regions: f'data-org="{SECOND}"' in regions.get("chosen", ""))
        assert services_source.selected.indices == [1]
        assert columns(services_source)["letter"] == ["", "A"]
        assert len(columns(lines)["xs"]) == 1

        plot: Any = page.document.roots[0]
        page.document.callbacks.trigger_event(Tap(plot, x=1.2))
        await page.wait_for(lambda regions: f'data-org="{SECOND},{FIRST}"' in regions.get("chosen", ""))
        assert services_source.selected.indices == [0, 1]
        page.document.callbacks.trigger_event(Tap(plot, x=7.0))  # beside all services
        page.document.callbacks.trigger_event(Tap(plot, x=2.0))
        await page.wait_for(lambda regions: f'data-org="{FIRST}"' in regions.get("chosen", ""))
        assert columns(services_source)["letter"] == ["A", ""]

        # Another theme: other figures of the same.
        page.send(**STYLE)
        assert len(page.document.roots) == 3
        assert page.document.roots[0] is not plot
        page.session.end()

    run_pages(context, scenario)


def test_zoom_stays_within_the_services(context: AppContext) -> None:
    async def scenario(services: PageServices) -> None:
        page = await open_page(services)
        page.send(action="zoom", step="in")  # before there are figures
        page.send(**STYLE)
        plot: Any = page.document.roots[0]
        for step in ("in", "left", "right", "out", "sideways", "all", None):
            page.send(action="zoom", step=step)
            assert (plot.x_range.start, plot.x_range.end) == (0.5, 2.5), step
        page.session.end()

    run_pages(context, scenario)


def test_page_and_figures_are_patched_after_a_report_has_changed(application: Application, context: AppContext) -> None:
    async def scenario(services: PageServices) -> None:
        page = await open_page(services, org=FIRST)
        page.send(**STYLE)
        more = large_dataset.folder(1, meldinger=3, day="2025-02-20")
        await context.run_blocking(pipeline.deliver, application, more)
        await context.run_blocking(pipeline.aggregate, application, SECOND, "2024")
        regions = await page.wait_for(lambda regions: f"row-{SECOND}" in regions)
        assert ">3</td>" in regions[f"row-{SECOND}"]
        services_source = figure_sources(page)[0]
        # The place in the columns stays, the place in the order does not.
        assert columns(services_source)["value"] == [1, 3]
        assert columns(services_source)["place"] == [2, 1]
        assert services_source.selected.indices == [0]
        page.session.end()

    run_pages(context, scenario)


def test_session_of_another_process_gets_everything(context: AppContext) -> None:
    async def scenario(services: PageServices) -> None:
        preferences = RequestPreferences("nb", "light", {"org": FIRST}, f"/field/{FIELD}/ws")
        page: PageHarness[FieldSession] = PageHarness(FieldPage(services), preferences, None)
        regions = await page.wait_for(lambda regions: {"place", "chosen", f"row-{FIRST}"} <= regions.keys())
        assert f'data-org="{FIRST}"' in regions["chosen"]
        page.session.end()

    run_pages(context, scenario)
