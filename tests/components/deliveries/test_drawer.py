"""The delivery drawer: the entry of a delivery by state and language, and the sessions that get updates."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from lxml import html
from tornado.ioloop import IOLoop

from components import assets
from components.context import AppContext
from components.deliveries.drawer import DeliveryDrawer, DeliveryUpdates
from components.deliveries.presenter import DeliveryEntryView, present_delivery
from components.layout.preferences import Translator
from components.live.component import LiveComponent
from preview.core.languages import LANGUAGES, Language
from preview.i18n.catalog import MessageCatalog
from preview.ingest.deliveries import DeliveryView, FindingCount
from preview.model.resources import DeliverySummary
from preview.runtime.application import Application
from tests.builders.services import SampleService
from tests.support import pipeline

NB = "\u00a0"
WAIT_SECONDS = 30
QUIET_SECONDS = 1
IMPORTED = DeliverySummary(
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
    finding_count=3,
    actor="dashboard",
    received_at="2026-03-25T14:02:00Z",
    completed_at="2026-03-25T14:02:10Z",
)
OSLO = ("org-1042", "Barnevernstjenesten Oslo Sør")
FOUND = [FindingCount("refused", "no_avgiver", 1, 3, 2), FindingCount("notice", "no_zone", 2, 1, 4)]


def make_view(*findings: FindingCount, **changed: Any) -> DeliveryView:
    return DeliveryView(msgspec.structs.replace(IMPORTED, **changed), [OSLO], list(findings))


def present(delivery: DeliveryView, language: Language = "nb") -> DeliveryEntryView:
    return present_delivery(delivery, Translator(MessageCatalog.load(), language))


@pytest.mark.parametrize(
    ("changed", "counts", "detail", "outcome"),
    [
        ({"delivery_status": "received", "format": None, "files": 0}, "", "", ""),
        ({"delivery_status": "reading", "completed": 0.64}, f"1{NB}480 saksmapper", "", ""),
        (
            {},
            f"1{NB}480 saksmapper, 3 funn",
            "12 nye saker, 30 endrede saker",
            f"tatt inn, 1{NB}480 saksmapper, 3 funn",
        ),
        (
            {"finding_count": 0, "new_cases": 0, "removed_cases": 1, "refused_files": 1},
            f"1{NB}468 saksmapper, ingen funn",
            "30 endrede saker, 1 sak fjernet, 1 fil avvist",
            f"tatt inn, 1{NB}468 saksmapper, ingen funn",
        ),
        (
            {"format": "15f"},
            f"1{NB}480 saker, 3 funn",
            "12 nye saker, 30 endrede saker",
            f"tatt inn, 1{NB}480 saker, 3 funn",
        ),
        (
            {"format": "organizations", "finding_count": 0, "new_cases": 0, "changed_cases": 0},
            "ingen funn",
            "",
            "tatt inn, ingen funn",
        ),
        ({"delivery_status": "refused", "finding_count": 1}, "1 funn", "", "avvist, ingenting er endret"),
    ],
)
def test_entry_shows_counts_changes_and_outcome(
    changed: dict[str, Any], counts: str, detail: str, outcome: str
) -> None:
    delivery = present(make_view(**changed))
    assert (delivery.counts, delivery.changes, delivery.outcome) == (counts, detail, outcome)


def test_entry_metadata_lists_size_format_time_and_actor() -> None:
    assert present(make_view()).metadata == (
        f"2,4{NB}MB",
        "barnevern v4",
        f"1{NB}480 filer",
        "25. mars 2026 kl. 15:02",
        "av nettsiden",
    )
    assert present(make_view(actor="kari.n", files=1, size_bytes=812, format=None)).metadata == (
        f"812{NB}byte",
        "25. mars 2026 kl. 15:02",
        "av kari.n",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_finding_shows_message_location_and_action(context: AppContext, language: Language) -> None:
    texts, t = MessageCatalog.load(), Translator(MessageCatalog.load(), language)
    entry = str(context.macros("deliveries/drawer.html").delivery(present(make_view(*FOUND), language), t))
    text = " ".join(html.fragment_fromstring(entry).text_content().split())
    for finding in FOUND:
        assert texts.get(language, f"finding.{finding.code}.message") in text
        assert texts.get(language, f"finding.{finding.code}.action") in text
    first, second = present(make_view(*FOUND), language).findings
    assert (first.icon, first.file, second.icon, second.file) == ("error", 3, "notice", 0)
    assert first.location == texts.get(language, "deliver.line", n=2)
    assert second.location == texts.get(language, "deliver.places.other", n=2)


def test_entry_html_is_escaped_and_links_to_services(context: AppContext) -> None:
    evil = '"><script>alert(1)</script>'
    delivery = DeliveryView(msgspec.structs.replace(IMPORTED, actor=evil), [("org-1042", evil), *([OSLO] * 4)], [])
    t = Translator(MessageCatalog.load(), "nb")
    markup = str(context.macros("deliveries/drawer.html").delivery(present_delivery(delivery, t), t))
    assert "<script" not in markup
    entry = html.fragment_fromstring(markup)
    assert {link.get("href") for link in entry.iter("a")} == {"/bufdir/preview?organization_id=org-1042"}
    assert "og 2 til" in entry.text_content()


class Page:
    """A stand-in for Bokeh's document and the live component; it queues the patches."""

    def __init__(self) -> None:
        self.patches: asyncio.Queue[Mapping[str, str]] = asyncio.Queue()

    def add_next_tick_callback(self, callback: Callable[[], None]) -> None:
        callback()

    def patch(self, regions: Mapping[str, str]) -> None:
        self.patches.put_nowait(regions)

    async def wait_for_text(self, expected: str) -> Mapping[str, str]:
        """Return the next patch with a region that contains a text."""
        while True:
            regions = await asyncio.wait_for(self.patches.get(), WAIT_SECONDS)
            if any(expected in text for text in regions.values()):
                return regions

    async def drain(self) -> None:
        """Discard patches until none comes for `QUIET_SECONDS`."""
        with suppress(TimeoutError):
            while True:
                await asyncio.wait_for(self.patches.get(), QUIET_SECONDS)


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.open_application(tmp_path / "data") as opened:
        yield opened


def run(application: Application, scenario: Callable[[DeliveryUpdates], Awaitable[None]]) -> None:
    """Run a scenario on an event loop of its own, connected to the application's dispatcher."""

    async def running() -> None:
        await scenario(
            DeliveryUpdates(
                AppContext.from_application(application, assets.load_assets()), application.dispatcher, IOLoop.current()
            )
        )

    asyncio.run(running())


def make_drawer(page: Page, language: Language = "nb") -> DeliveryDrawer:
    return DeliveryDrawer(cast(LiveComponent, page), language, cast(Any, page))


def test_open_drawer_gets_updates_in_its_language_closed_none(application: Application) -> None:
    async def scenario(updates: DeliveryUpdates) -> None:
        norwegian, english, closed = Page(), Page(), Page()
        opened = [make_drawer(norwegian), make_drawer(english, "en"), make_drawer(closed)]
        for drawer in opened:
            updates.handle_message(drawer, {"action": "deliveries", "open": True, "own_deliveries": []})
        updates.handle_message(opened[-1], {"action": "deliveries", "open": False, "own_deliveries": []})
        await norwegian.wait_for_text("Ingen leveranser ennå.")
        await english.wait_for_text("No deliveries yet.")
        await asyncio.to_thread(pipeline.deliver, application, b"<Barnevern/>")
        assert "delivery-dlv-001" in await norwegian.wait_for_text("Avvist")
        await english.wait_for_text("Refused")
        assert closed.patches.empty()

    run(application, scenario)


def test_closed_drawer_gets_updates_of_own_deliveries(application: Application) -> None:
    async def scenario(updates: DeliveryUpdates) -> None:
        page = Page()
        drawer = make_drawer(page)
        updates.handle_message(drawer, {"action": "deliveries", "open": False, "own_deliveries": ["dlv-001"]})
        await asyncio.to_thread(pipeline.deliver, application, b"<Barnevern/>")
        await page.wait_for_text("Avvist")
        updates.remove(drawer)
        await asyncio.to_thread(pipeline.deliver, application, b"<Barnevern/>")
        assert page.patches.empty() or "delivery-dlv-002" not in page.patches.get_nowait()

    run(application, scenario)


def test_entry_updates_after_erasure_of_one_organization(application: Application) -> None:
    erased, remaining = SampleService(), SampleService()

    async def scenario(updates: DeliveryUpdates) -> None:
        page = Page()
        drawer = make_drawer(page)
        updates.handle_message(drawer, {"action": "deliveries", "open": True, "own_deliveries": []})
        await asyncio.to_thread(
            pipeline.deliver, application, erased.folder(1, "2024-01-01"), remaining.folder(1, "2024-01-01")
        )
        await page.wait_for_text(erased.organization_id)
        await page.drain()
        await asyncio.to_thread(application.eraser.erase, erased.organization_id, "test")
        entry = (await page.wait_for_text(remaining.organization_id))["delivery-dlv-001"]
        assert erased.organization_id not in entry
        updates.remove(drawer)

    run(application, scenario)


def test_entry_is_removed_after_erasure_of_all_organizations(application: Application) -> None:
    erased, remaining = SampleService(), SampleService()

    async def scenario(updates: DeliveryUpdates) -> None:
        page = Page()
        drawer = make_drawer(page)
        updates.handle_message(drawer, {"action": "deliveries", "open": True, "own_deliveries": []})
        for service in (erased, remaining):
            await asyncio.to_thread(pipeline.deliver, application, service.folder(1, "2024-01-01"))
        await page.wait_for_text(remaining.organization_id)
        await page.drain()
        assert drawer.sent_entries == {"delivery-dlv-001", "delivery-dlv-002"}
        await asyncio.to_thread(application.eraser.erase, erased.organization_id, "test")
        regions = await asyncio.wait_for(page.patches.get(), WAIT_SECONDS)
        assert regions["delivery-dlv-001"] == ""
        assert remaining.organization_id in regions["delivery-dlv-002"]
        assert drawer.sent_entries == {"delivery-dlv-002"}
        updates.remove(drawer)

    run(application, scenario)


@pytest.mark.parametrize(
    "sent", [{}, {"open": "yes", "own_deliveries": "dlv-001"}, {"open": 1, "own_deliveries": {"a": 1}}]
)
def test_invalid_message_leaves_drawer_inactive(sent: dict[str, Any]) -> None:
    drawer = make_drawer(Page())
    drawer.update_subscription(sent)
    assert not drawer.is_active
