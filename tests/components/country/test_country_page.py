"""The country page over a real store: its regions, its address, and its updates."""

from collections.abc import Generator

import pytest
from lxml import html

from components import assets
from components.context import AppContext
from components.country.page import CountryPage, CountrySession
from components.country.rendering import RenderedCountry, open_keys_of, render_country
from components.form.totals_head import PlaceQuery
from components.layout.preferences import RequestPreferences
from components.live_page import PageServices
from preview.core.errors import ValidationError
from preview.core.periods import Period
from preview.runtime.application import Application
from tests.builders import large_dataset
from tests.components.page_harness import PageHarness, run_pages
from tests.support import pipeline

FIELD = "antall_meldinger_mottatt"
SERVICES = 2
CountryHarness = PageHarness[CountrySession]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """Return an application with two services that have reports of two years."""
    with pipeline.open_application(
        tmp_path_factory.mktemp("country") / "data", reporting_period=Period(2024)
    ) as opened:
        pipeline.deliver(opened, *(large_dataset.folder(number) for number in range(SERVICES)))
        for number in range(SERVICES):
            for year in ("2023", "2024"):
                pipeline.aggregate(opened, large_dataset.organization_id(number), year)
        yield opened


@pytest.fixture(scope="module")
def context(application: Application) -> AppContext:
    return AppContext.from_application(application, assets.load_assets())


def cell_texts(rendered: RenderedCountry, key: str = FIELD) -> list[str]:
    row = html.fragment_fromstring(f"<table>{rendered.regions[f'row-{key}']}</table>")
    return [cell.text_content().strip() for cell in row.iter("td")]


def test_rows_and_options_follow_the_period(context: AppContext) -> None:
    rendered = render_country(context, PlaceQuery(), [], "nb")
    assert cell_texts(rendered) == ["2", "2", "0", "0\u00a0%", "", "", "2"]
    assert rendered.view.full_name == "Hele landet 2024"
    assert [option.value for option in rendered.view.period_options] == ["2024", "2023"]
    viken = render_country(context, PlaceQuery("2023", "30"), [], "en")
    assert (viken.view.full_name, viken.view.county_options[4].is_selected) == ("Viken 2023", False)
    assert cell_texts(viken)[:2] == ["2", "–no report"]


def test_only_open_rows_are_explained(context: AppContext) -> None:
    rendered = render_country(context, PlaceQuery(), [FIELD], "nb")
    assert [region for region in rendered.regions if region.startswith("contributions-")] == [f"contributions-{FIELD}"]
    assert "Ingen tjeneste har endret seg." in rendered.regions[f"contributions-{FIELD}"]
    detail = html.fragment_fromstring(f"<table>{rendered.regions[f'detail-{FIELD}']}</table>").find(".//tr")
    assert detail.get("hidden") is None
    closed = html.fragment_fromstring(f"<table>{rendered.regions['detail-antall_flyttinger']}</table>").find(".//tr")
    assert closed.get("hidden") is not None


@pytest.mark.parametrize("query", [PlaceQuery("2024-H3"), PlaceQuery(None, "x"), PlaceQuery(None, "99")])
def test_address_without_such_a_place_is_refused(context: AppContext, query: PlaceQuery) -> None:
    with pytest.raises(ValidationError):
        render_country(context, query, [], "nb")


def test_address_opens_known_rows_only(application: Application) -> None:
    keys = [field.field_key for field in application.catalogue.fields]
    assert open_keys_of({"open": f"{keys[3]},unknown,{keys[1]}"}, application.catalogue) == {keys[1], keys[3]}
    assert len(open_keys_of({"open": ",".join(keys)}, application.catalogue)) == 5
    assert open_keys_of({}, application.catalogue) == frozenset()


@pytest.mark.parametrize(
    ("query", "name", "notices"),
    [
        (PlaceQuery("2024", "30"), "Hele landet", ("Viken var ikke et fylke i 2024. Siden viser: Hele landet.",)),
        (PlaceQuery("2023", "33"), "Viken", ("Buskerud var ikke et fylke i 2023. Siden viser: Viken.",)),
        (PlaceQuery("2023", "30"), "Viken", ()),
    ],
)
def test_county_of_other_years_is_replaced(
    context: AppContext, query: PlaceQuery, name: str, notices: tuple[str, ...]
) -> None:
    view = render_country(context, query, [], "nb").view
    assert (view.name, view.notices) == (name, notices)


def open_page(services: PageServices, arguments: dict[str, str], data: RenderedCountry | None) -> CountryHarness:
    """Open the page at an address."""
    preferences = RequestPreferences("nb", "light", arguments)
    return PageHarness(CountryPage(services), preferences, data, data.position if data else 0)


def test_page_is_patched_after_any_report_has_changed(application: Application, context: AppContext) -> None:
    async def scenario(services: PageServices) -> None:
        data = await context.run_blocking(render_country, context, PlaceQuery(), [], "nb")
        page = open_page(services, {}, data)
        organization_id = large_dataset.organization_id(1)
        await context.run_blocking(
            pipeline.deliver, application, large_dataset.folder(1, meldinger=3, day="2025-02-20")
        )
        await context.run_blocking(pipeline.aggregate, application, organization_id, "2024")
        regions = await page.wait_for(lambda regions: f"row-{FIELD}" in regions)
        assert ">4</td>" in regions[f"row-{FIELD}"]
        assert f"contributions-{FIELD}" not in regions
        page.session.end()

    run_pages(context, scenario)


def test_row_that_is_opened_is_explained(context: AppContext) -> None:
    async def scenario(services: PageServices) -> None:
        data = await context.run_blocking(render_country, context, PlaceQuery(), [], "nb")
        page, other = open_page(services, {}, data), open_page(services, {}, data)
        page.session.live.handle_message({"action": "open", "open": [FIELD, "unknown", 7]})
        regions = await page.wait_for(lambda regions: f"contributions-{FIELD}" in regions)
        assert "waterfall" in regions[f"contributions-{FIELD}"]
        assert other.session.live.regions == {}
        page.session.end()
        other.session.end()

    run_pages(context, scenario)


def test_session_of_another_process_gets_everything(context: AppContext) -> None:
    async def scenario(services: PageServices) -> None:
        page = open_page(services, {"county": "03", "open": FIELD}, None)
        regions = await page.wait_for(lambda regions: "place" in regions)
        assert "Oslo" in regions["place"]
        assert f"contributions-{FIELD}" in regions
        page.session.end()

    run_pages(context, scenario)
