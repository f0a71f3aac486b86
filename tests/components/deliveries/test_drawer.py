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
from preview.ingest.delivery_view import DeliveryView, FindingCount
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
NO_CHANGE = "ingen endringer"
FOUND = [FindingCount("refused", "no_avgiver", 1, 3, 2), FindingCount("notice", "no_zone", 2, 1, 4)]


def make_view(*findings: FindingCount, **changed: Any) -> DeliveryView:
    """Return a delivery with changed fields of its summary or its view."""
    of_summary = {name: value for name, value in changed.items() if name in DeliverySummary.__struct_fields__}
    summary = msgspec.structs.replace(IMPORTED, **of_summary)
    of_view = {name: value for name, value in changed.items() if name not in of_summary}
    return DeliveryView(summary, [OSLO], list(findings), **of_view)


def present(delivery: DeliveryView, language: Language = "nb") -> DeliveryEntryView:
    return present_delivery(delivery, Translator(MessageCatalog.load(), language))


FOUND_COUNTS = {"finding_count": 3, "warnings": 2, "notices": 1}
NO_CASES = {"new_cases": 0, "changed_cases": 0, "unchanged_cases": 0}
LIST = NO_CASES | {"format": "organizations", "files": 1, "finding_count": 0, "lines": 3}


@pytest.mark.parametrize(
    ("changed", "status", "counts", "changes"),
    [
        ({"delivery_status": "received", "format": None, "files": 0}, "Venter på lesing", "", ""),
        ({"delivery_status": "reading", "completed": 0.64}, "Leses", f"1{NB}480 saksmapper", ""),
        (
            FOUND_COUNTS,
            "Tatt inn",
            f"1{NB}480 saksmapper, 2 varsler, 1 merknad",
            "12 nye saker, 30 endrede saker",
        ),
        (
            {"new_cases": 0, "removed_cases": 1, "refused_files": 1},
            f"1{NB}479 av 1{NB}480 filer tatt inn",
            f"1{NB}468 saksmapper, 1 feil",
            "30 endrede saker, 1 sak fjernet",
        ),
        ({"format": "15f", "new_cases": 0, "changed_cases": 0}, "Tatt inn", f"1{NB}438 saker, ingen funn", NO_CHANGE),
        (LIST | {"imported_lines": 3}, "Tatt inn", "3 linjer, ingen funn", ""),
        (LIST | {"imported_lines": 2, "errors": 1}, "2 av 3 linjer tatt inn", "1 feil", ""),
        (LIST | {"imported_lines": 0, "errors": 3}, "0 av 3 linjer tatt inn", "3 feil", ""),
        (LIST | {"lines": 1, "imported_lines": 0, "errors": 1}, "0 av 1 linje tatt inn", "1 feil", ""),
        (LIST | {"lines": 0}, "Ingen linjer å ta inn", "ingen funn", ""),
        (LIST | {"lines": None, "errors": 2}, "Tatt inn", "2 feil", ""),
        (
            {"format": "mixed", "files": 3, "refused_files": 1, "lines": 3, "imported_lines": 2, "errors": 1},
            "2 av 3 filer tatt inn",
            f"1{NB}480 saksmapper, 2 linjer, 2 feil",
            "12 nye saker, 30 endrede saker",
        ),
        ({"delivery_status": "refused", "finding_count": 1}, "Avvist", "1 feil", ""),
    ],
)
def test_entry_shows_how_much_was_imported(changed: dict[str, Any], status: str, counts: str, changes: str) -> None:
    delivery = present(make_view(**changed))
    assert (delivery.status_text, delivery.counts, delivery.changes) == (status, counts, changes)


@pytest.mark.parametrize(
    ("changed", "spoken"),
    [
        ({"delivery_status": "reading"}, ""),
        (FOUND_COUNTS, f"tatt inn, 1{NB}480 saksmapper, 2 varsler, 1 merknad"),
        (LIST | {"imported_lines": 0, "errors": 3}, "0 av 3 linjer tatt inn, 3 feil"),
        ({"delivery_status": "refused"}, "avvist, ingenting er endret"),
    ],
)
def test_announced_outcome_says_how_much_was_imported(changed: dict[str, Any], spoken: str) -> None:
    assert present(make_view(**changed)).outcome == spoken


@pytest.mark.parametrize(
    ("changed", "icon", "is_open"),
    [
        ({"finding_count": 0}, "ok", False),
        ({"notices": 3}, "notice", False),
        ({"notices": 3, "warnings": 1}, "warning", False),
        ({"notices": 3, "errors": 1}, "error", True),
        ({"refused_files": 1}, "error", True),
        (LIST | {"imported_lines": 0, "errors": 3}, "error", True),
        ({"delivery_status": "refused"}, "error", True),
    ],
)
def test_entry_has_the_icon_of_the_worst_severity(
    context: AppContext, changed: dict[str, Any], icon: str, is_open: bool
) -> None:
    t = Translator(MessageCatalog.load(), "nb")
    markup = context.macros("deliveries/drawer.html").delivery(present(make_view(*FOUND, **changed)), t)
    entry = html.fragment_fromstring(str(markup))
    (state,) = entry.find_class("file__state")
    drawn = str(context.macros("layout/macros.html").icon(icon)).split(">", 1)[1]
    assert drawn in str(html.tostring(state, encoding="unicode")).replace("></path>", "/>")
    (findings,) = entry.iter("details")
    assert ("open" in findings.attrib, findings.get("data-initially") == "open") == (is_open, is_open)


@pytest.mark.parametrize(
    ("changed", "language", "title"),
    [
        ({"case_system": "CIS", "extract_day": "2025-01-02"}, "nb", "CIS-uttrekk 2. januar 2025"),
        ({"case_system": "CIS", "extract_day": "2025-01-02"}, "en", "CIS extract of 2 January 2025"),
        ({"case_system": "", "extract_day": "2025-01-02"}, "nn", "Uttrekk 2. januar 2025"),
        ({"format": "15f", "extract_day": "2024-12-31"}, "nb", "KOSTRA 15F 2024"),
        ({"format": "organizations"}, "nb", "Tjenesteliste, levert 25. mars 2026"),
        ({"format": "figures"}, "nn", "Tal i CSV, levert 25. mars 2026"),
        ({"format": "mixed", "extract_day": "2025-01-02"}, "nb", "Flere formater, levert 25. mars 2026"),
        ({}, "nb", "Leveranse 25. mars 2026"),
        ({"format": None}, "en", "Delivery of 25 March 2026"),
    ],
)
def test_entry_is_titled_by_extract_or_kind(changed: dict[str, Any], language: Language, title: str) -> None:
    assert present(make_view(**changed), language).title == title


def test_entry_metadata_lists_size_format_time_and_actor() -> None:
    assert present(make_view()).metadata == (
        f"2,4{NB}MB",
        "barnevern v4",
        f"1{NB}480 filer",
        "25. mars 2026 kl. 15:02",
        "via nettsiden",
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
    assert {link.get("href") for link in entry.iter("a")} == {
        "/bufdir/preview?organization_id=org-1042",
        "/bufdir/deliveries?delivery_id=dlv-012",
    }
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


def test_links_of_open_drawer_keep_period_of_page(application: Application) -> None:
    service = SampleService()

    async def scenario(updates: DeliveryUpdates) -> None:
        reporting, other = Page(), Page()
        drawers = [make_drawer(reporting), make_drawer(other)]
        for drawer in drawers:
            updates.handle_message(drawer, {"action": "deliveries", "open": True, "own_deliveries": []})
        await asyncio.to_thread(pipeline.deliver, application, service.folder(1, "2024-01-01"))
        await reporting.wait_for_text(f'?organization_id={service.organization_id}"')
        await other.wait_for_text(f'?organization_id={service.organization_id}"')
        updates.keep_period(drawers[1], "period_id=2023")
        await other.wait_for_text(f"?organization_id={service.organization_id}&amp;period_id=2023")

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
