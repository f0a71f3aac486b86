"""The deliveries page: its address, its regions in each language, its exports' query, and its live sessions."""

import asyncio
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import html

from components import assets
from components.context import AppContext
from components.deliveries.export import FindingsExport
from components.deliveries.list_presenter import present_deliveries, render_regions
from components.deliveries.list_updater import DeliveryListUpdater, RenderedDeliveries
from components.deliveries.search import DeliveryListQuery
from components.layout.preferences import Translator
from preview.core.languages import LANGUAGES, Language
from preview.i18n.catalog import MessageCatalog
from preview.ingest.delivery_view import DeliveryView, FindingCount, FindingPlace
from preview.model.resources import DeliverySummary
from preview.runtime.application import Application
from preview.views.deliveries import DeliveryPage, DeliverySearch
from tests.builders.services import SampleService
from tests.support import pipeline

WAIT_SECONDS = 30
NB = "\u00a0"
Regions = dict[str, html.HtmlElement]
Render = Callable[..., Regions]

SUMMARY = DeliverySummary(
    delivery_id="dlv-012",
    delivery_status="taken",
    full=False,
    format="v4",
    size_bytes=2_412_000,
    sha256="",
    completed=1.0,
    files=1480,
    refused_files=0,
    new_cases=12,
    changed_cases=30,
    unchanged_cases=1438,
    removed_cases=0,
    organizations=["org-1042"],
    finding_count=152,
    actor="dashboard",
    received_at="2026-03-25T14:02:00Z",
    completed_at="2026-03-25T14:02:10Z",
)
PLACES = tuple(FindingPlace(file, 4, "Barnevern@DatoUttrekk") for file in (3, 7, 9))
FOUND = FindingCount("notice", "no_zone", 152, 3, 4, PLACES)
VIEW = DeliveryView(SUMMARY, [("org-1042", "Barnevernstjenesten Oslo Sør")], [FOUND], notices=152)


def make_page(*views: DeliveryView, total: int | None = None, pages: int = 1, **wanted: Any) -> DeliveryPage:
    return DeliveryPage(
        search=DeliverySearch(**wanted),
        deliveries=list(views),
        total=len(views) if total is None else total,
        page_count=pages,
        codes=["no_date", "no_zone"],
        organization_name="Barnevernstjenesten Oslo Sør" if wanted.get("organization_id") else "",
        is_store_empty=not views and not wanted,
    )


@pytest.fixture
def render(context: AppContext, texts: MessageCatalog) -> Render:
    """Return a function that renders the regions of a page."""

    def render_page(page: DeliveryPage, language: Language = "nb", period_id: str | None = None) -> Regions:
        t = Translator(texts, language)
        macros = context.macros("deliveries/deliveries_regions.html")
        regions = render_regions(macros, present_deliveries(page, period_id, t), t)
        return {region: html.fragment_fromstring(str(text)) for region, text in regions.items()}

    return render_page


def text_of(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def hrefs(element: html.HtmlElement) -> list[str]:
    return [link.get("href", "") for link in element.iter("a")]


@pytest.mark.parametrize(
    ("arguments", "search"),
    [
        ({}, {}),
        (
            {"q": "bodø", "status": "taken", "severity": "none", "code": "no_zone", "page": "3"},
            {"q": "bodø", "page": 3},
        ),
        ({"status": "lost", "severity": "worst", "code": "No Zone!", "page": "0"}, {}),
        ({"page": "-1", "q": ""}, {}),
        (
            {"organization_id": "org-1", "delivery_id": "dlv-001"},
            {"organization_id": "org-1", "delivery_id": "dlv-001"},
        ),
        ({"page": "9" * 30}, {}),
    ],
)
def test_query_is_read_from_address(arguments: dict[str, str], search: dict[str, Any]) -> None:
    read = DeliveryListQuery.from_arguments(arguments).search
    assert {name: getattr(read, name) for name in search} == search
    if not search:
        assert read == DeliverySearch()


@pytest.mark.parametrize("period_id", ["2024", None])
def test_address_of_a_query_leads_to_it(period_id: str | None) -> None:
    query = DeliveryListQuery(DeliverySearch(q="Bodø & co", severity="error", page=2), period_id)
    address = query.query_string()
    arguments = dict(pair.split("=") for pair in address.split("&"))
    assert arguments | {"q": "Bodø & co"} == {
        **({"period_id": "2024"} if period_id else {}),
        "q": "Bodø & co",
        "severity": "error",
        "page": "2",
    }
    assert DeliveryListQuery(DeliverySearch()).query_string() == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_entry_names_places_and_what_to_do(render: Render, texts: MessageCatalog, language: Language) -> None:
    entry = render(make_page(VIEW), language)["list"]
    (finding,) = entry.xpath(".//ul[@class='finds']/li")
    assert texts.get(language, "finding.no_zone.message") in text_of(finding)
    assert texts.get(language, "finding.no_zone.action") in text_of(finding)
    places = [text_of(place) for place in finding.xpath(".//ul/li")]
    file, line = texts.get(language, "deliver.file", n=3), texts.get(language, "deliver.line", n=4)
    assert places[0] == f"{file}, {line}, Barnevern@DatoUttrekk"
    assert places[-1] == texts.get(language, "deliver.more_places.other", n=149)
    assert "/bufdir/deliveries?delivery_id=dlv-012&code=no_zone" in hrefs(finding)
    held = render(make_page(VIEW, organization_id="org-1042", held="v4"), language)["list"]
    assert "/bufdir/deliveries?organization_id=org-1042&delivery_id=dlv-012&code=no_zone&held=v4" in hrefs(held)


def test_links_keep_the_chosen_period(render: Render) -> None:
    regions = render(make_page(VIEW, total=60, pages=3, q="oslo", page=2, severity="notice"), period_id="2023")
    links = [link for region in regions.values() for link in hrefs(region) if "export" not in link]
    assert len(links) > 5
    assert all("period_id=2023" in link for link in links)
    (period,) = regions["chosen"].xpath(".//input[@name='period_id']")
    assert period.get("value") == "2023"


def test_pages_link_to_newer_and_older(render: Render) -> None:
    regions = render(make_page(VIEW, total=60, pages=3, q="oslo", page=2))
    assert hrefs(regions["paging"]) == ["/bufdir/deliveries?q=oslo", "/bufdir/deliveries?q=oslo&page=3"]
    assert text_of(regions["paging"]) == "Nyere Side 2 av 3 Eldre"
    assert text_of(regions["shown"]) == "26–26 av 60 leveranser"
    assert hrefs(render(make_page(VIEW))["paging"]) == []
    assert text_of(render(make_page(VIEW))["shown"]) == "1 leveranse"


def test_export_takes_the_search_without_its_page(render: Render) -> None:
    export = render(make_page(VIEW, total=60, pages=3, severity="notice", page=2))["export"]
    assert "/bufdir/deliveries/findings.csv?severity=notice&lang=nb" in hrefs(export)


def test_link_takes_a_chosen_service_away(render: Render) -> None:
    page = make_page(VIEW, organization_id="org-1042", code="no_zone")
    chosen = render(page)["chosen"]
    assert text_of(chosen) == "Leveranser med Barnevernstjenesten Oslo Sør Vis alle"
    assert hrefs(chosen) == ["/bufdir/deliveries?code=no_zone"]
    assert [(field.get("name"), field.get("value")) for field in chosen.iter("input")] == [
        ("organization_id", "org-1042")
    ]
    printed = text_of(render(page)["printed"])
    assert printed == (
        ". 1 leveranse: Leveranser med Barnevernstjenesten Oslo Sør · "
        "DatoUttrekk er uten tidssone, og regnes som norsk tid."
    )


@pytest.mark.parametrize(
    ("wanted", "found", "text", "is_open"),
    [
        ({}, 152, "152 funn", False),
        ({}, 100, "100 av 152 funn vises", False),
        ({"code": "no_zone"}, 100, "100 funn", True),
        ({"delivery_id": "dlv-012"}, 152, "152 funn", True),
    ],
)
def test_number_of_findings_is_that_of_those_shown(
    render: Render, wanted: dict[str, Any], found: int, text: str, is_open: bool
) -> None:
    view = msgspec.structs.replace(VIEW, findings=[msgspec.structs.replace(FOUND, count=found)])
    (details,) = render(make_page(view, **wanted))["list"].iter("details")
    assert text_of(details.find("summary")) == text
    assert ("open" in details.attrib) == is_open


def test_store_without_deliveries_offers_to_deliver(render: Render) -> None:
    empty, none_found = render(make_page())["list"], render(make_page(q="nothing"))["list"]
    assert "Ingen leveranser ennå." in text_of(empty)
    assert [button.get("data-action") for button in empty.iter("button")] == ["choose-files"]
    assert text_of(none_found) == "Ingen leveranser passer søket. Vis alle"
    assert hrefs(none_found) == ["/bufdir/deliveries"]


def test_searched_text_is_escaped(render: Render) -> None:
    evil = '"><script>alert(1)</script>'
    regions = render(make_page(VIEW, q=evil, organization_id=evil, delivery_id=evil, total=60, pages=3))
    assert not [script for region in regions.values() for script in region.iter("script")]


def test_exported_file_says_what_it_was_searched_by(application: Application) -> None:
    service = SampleService()
    pipeline.deliver(application, service.folder(1, "2024-12-30T12:00:00"))
    export = FindingsExport.__new__(FindingsExport)  # without a request
    export.initialize(AppContext.from_application(application, assets.load_assets()))
    export.actor = "kari.n"
    table, name = export.build_table({"organization_id": service.organization_id, "severity": "notice"}, "nb")
    assert name == f"funn-{service.organization_id}"
    assert export.build_table({"organization_id": 'a"\r\nb'}, "nb")[1] == "funn"
    assert table.cover is not None
    (shown, by, _) = table.cover.facts
    organization = application.deliveries.recent(1)[0].organizations[0][1]
    assert shown == ("Viser", f"Leveranser med {organization}. merknad. {len(table.rows)} funn")
    assert by == ("Eksportert av", "kari.n")


class Session:
    """A page's session, as the updater sees it; it queues what it gets."""

    language: Language = "nb"

    def __init__(self, **arguments: str) -> None:
        self.query = DeliveryListQuery.from_arguments(arguments)
        self.received: asyncio.Queue[RenderedDeliveries] = asyncio.Queue()

    def receive(self, rendered: RenderedDeliveries) -> None:
        self.received.put_nowait(rendered)

    async def wait_for(self, expected: str) -> Mapping[str, str]:
        """Return the next regions in whose list a text is."""
        while True:
            rendered = await asyncio.wait_for(self.received.get(), WAIT_SECONDS)
            assert rendered.query == self.query
            if expected in rendered.regions["list"]:
                return rendered.regions


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.open_application(tmp_path / "data") as opened:
        yield opened


def test_session_gets_deliveries_of_its_search(application: Application) -> None:
    service = SampleService()

    async def scenario() -> None:
        updater = DeliveryListUpdater(AppContext.from_application(application, assets.load_assets()))
        every, refused, ended = Session(), Session(status="refused"), Session()
        for session in (every, refused, ended):
            updater.add_session(session)
        await every.wait_for("Ingen leveranser ennå.")
        await refused.wait_for("Ingen leveranser ennå.")
        updater.remove_session(ended)
        await ended.wait_for("Ingen leveranser ennå.")
        await asyncio.to_thread(pipeline.deliver, application, service.folder(1, "2024-12-31"))
        assert "1 leveranse" in (await every.wait_for("Tatt inn"))["shown"]
        await refused.wait_for("Ingen leveranser passer")
        await asyncio.to_thread(pipeline.deliver, application, b"<Barnevern/>")
        assert "dlv-001" not in (await refused.wait_for("dlv-002"))["list"]
        updater.change_query(refused, DeliveryListQuery.from_arguments({"organization_id": service.organization_id}))
        while refused.received.qsize():
            refused.received.get_nowait()
        assert "dlv-002" not in (await refused.wait_for("dlv-001"))["list"]
        assert ended.received.empty()

    asyncio.run(scenario())
