"""The drawer's entries: what is said of a delivery in each state and language; and who is told when one gets on."""

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
from components.context import House
from components.deliveries.drawer import Drawer, Drawers
from components.deliveries.presenter import ShownDelivery, word
from components.layout.preferences import Words
from components.live.component import Live
from preview.core.languages import LANGUAGES, Language
from preview.i18n.catalog import Texts
from preview.ingest.deliveries import DeliveryView, FindingCount
from preview.model.resources import DeliverySummary
from preview.runtime.application import Application
from tests.builders.services import Service
from tests.support import pipeline

NB = "\u00a0"
WAIT_SECONDS = 30
QUIET_SECONDS = 1
TAKEN = DeliverySummary(
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


def view(*findings: FindingCount, **changed: Any) -> DeliveryView:
    return DeliveryView(msgspec.structs.replace(TAKEN, **changed), [OSLO], list(findings))


def shown(delivery: DeliveryView, language: Language = "nb") -> ShownDelivery:
    return word(delivery, Words(Texts.load(), language))


@pytest.mark.parametrize(
    ("changed", "counts", "detail", "told"),
    [
        ({"delivery_status": "received", "format": None, "files": 0}, "", "", ""),
        ({"delivery_status": "reading", "completed": 0.64}, f"1{NB}480 mapper", "", ""),
        ({}, f"1{NB}480 mapper, 3 funn", "12 nye, 30 endret", f"importert, 1{NB}480 mapper, 3 funn"),
        (
            {"finding_count": 0, "new_cases": 0, "removed_cases": 1, "refused_files": 1},
            f"1{NB}468 mapper, ingen funn",
            "30 endret, 1 tatt ut, 1 fil avvist",
            f"importert, 1{NB}468 mapper, ingen funn",
        ),
        ({"format": "15f"}, f"1{NB}480 saker, 3 funn", "12 nye, 30 endret", f"importert, 1{NB}480 saker, 3 funn"),
        ({"format": "organizations", "finding_count": 0, "new_cases": 0, "changed_cases": 0}, "ingen funn", "", "importert, ingen funn"),
        ({"delivery_status": "refused", "finding_count": 1}, "1 funn", "", "avvist, ingenting er endret"),
    ],
)
def test_what_became_of_it(changed: dict[str, Any], counts: str, detail: str, told: str) -> None:
    delivery = shown(view(**changed))
    assert (delivery.counts, delivery.detail, delivery.told) == (counts, detail, told)


def test_where_it_comes_from() -> None:
    assert shown(view()).about == (f"2,4{NB}MB", "barnevern v4", f"1{NB}480 filer", "25. mars 2026 kl. 15:02", "av nettsiden")
    assert shown(view(actor="kari.n", files=1, size_bytes=812, format=None)).about == (
        f"812{NB}byte",
        "25. mars 2026 kl. 15:02",
        "av kari.n",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_finding_says_what_and_where_and_what_to_do(house: House, language: Language) -> None:
    texts, words = Texts.load(), Words(Texts.load(), language)
    drawn = str(house.parts("deliveries/drawer.html").delivery(shown(view(*FOUND), language), words))
    said = " ".join(html.fragment_fromstring(drawn).text_content().split())
    for each in FOUND:
        assert texts.get(language, f"finding.{each.code}.message") in said
        assert texts.get(language, f"finding.{each.code}.action") in said
    first, second = shown(view(*FOUND), language).findings
    assert (first.shape, first.file, second.shape, second.file) == ("error", 3, "notice", 0)
    assert first.place == texts.get(language, "deliver.line", n=2)
    assert second.place == texts.get(language, "deliver.places.other", n=2)


def test_an_entry_escapes_what_it_is_told_and_leads_to_its_services(house: House) -> None:
    evil = '"><script>alert(1)</script>'
    delivery = DeliveryView(msgspec.structs.replace(TAKEN, actor=evil), [("org-1042", evil), *([OSLO] * 4)], [])
    words = Words(Texts.load(), "nb")
    drawn = str(house.parts("deliveries/drawer.html").delivery(word(delivery, words), words))
    assert "<script" not in drawn
    entry = html.fragment_fromstring(drawn)
    assert {link.get("href") for link in entry.iter("a")} == {"/bufdir/preview?organization_id=org-1042"}
    assert "og 2 til" in entry.text_content()


class Page:
    """In place of Panel's document and of the live component: takes what it is given."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[Mapping[str, str]] = asyncio.Queue()

    def add_next_tick_callback(self, callback: Callable[[], None]) -> None:
        callback()

    def patch(self, regions: Mapping[str, str]) -> None:
        self.given.put_nowait(regions)

    async def until(self, wanted: str) -> Mapping[str, str]:
        """What says that."""
        while True:
            regions = await asyncio.wait_for(self.given.get(), WAIT_SECONDS)
            if any(wanted in text for text in regions.values()):
                return regions

    async def until_quiet(self) -> None:
        """Takes all that is still coming."""
        with suppress(TimeoutError):
            while True:
                await asyncio.wait_for(self.given.get(), QUIET_SECONDS)


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.opened(tmp_path / "data") as opened:
        yield opened


def run(application: Application, scenario: Callable[[Drawers], Awaitable[None]]) -> None:
    """On a loop of its own, with the feed behind it."""

    async def running() -> None:
        await scenario(Drawers(House.of(application, assets.load()), application.feed, IOLoop.current()))

    asyncio.run(running())


def drawer(page: Page, language: Language = "nb") -> Drawer:
    return Drawer(cast(Live, page), language, cast(Any, page))


def test_who_has_it_open_is_told_in_its_language_and_who_has_closed_it_is_not(application: Application) -> None:
    async def scenario(drawers: Drawers) -> None:
        norwegian, english, closed = Page(), Page(), Page()
        followed = [drawer(norwegian), drawer(english, "en"), drawer(closed)]
        for each in followed:
            drawers.take(each, {"do": "deliveries", "open": True, "mine": []})
        drawers.take(followed[-1], {"do": "deliveries", "open": False, "mine": []})
        await norwegian.until("Ingen leveranser ennå.")
        await english.until("No deliveries yet.")
        await asyncio.to_thread(pipeline.deliver, application, b"<Barnevern/>")
        assert "delivery-dlv-001" in await norwegian.until("Avvist")
        await english.until("Refused")
        assert closed.given.empty()

    run(application, scenario)


def test_what_a_page_has_sent_it_hears_of_until_it_is_read_though_closed(application: Application) -> None:
    async def scenario(drawers: Drawers) -> None:
        page = Page()
        followed = drawer(page)
        drawers.take(followed, {"do": "deliveries", "open": False, "mine": ["dlv-001"]})
        await asyncio.to_thread(pipeline.deliver, application, b"<Barnevern/>")
        await page.until("Avvist")
        drawers.leave(followed)
        await asyncio.to_thread(pipeline.deliver, application, b"<Barnevern/>")
        assert page.given.empty() or "delivery-dlv-002" not in page.given.get_nowait()

    run(application, scenario)


def test_who_has_it_open_is_told_where_an_organisation_of_a_delivery_is_forgotten(application: Application) -> None:
    gone, kept = Service(), Service()

    async def scenario(drawers: Drawers) -> None:
        page = Page()
        followed = drawer(page)
        drawers.take(followed, {"do": "deliveries", "open": True, "mine": []})
        await asyncio.to_thread(pipeline.deliver, application, gone.folder(1, "2024-01-01"), kept.folder(1, "2024-01-01"))
        await page.until(gone.organization_id)
        await page.until_quiet()
        await asyncio.to_thread(application.forgetting.forget, gone.organization_id, "test")
        entry = (await page.until(kept.organization_id))["delivery-dlv-001"]
        assert gone.organization_id not in entry
        drawers.leave(followed)

    run(application, scenario)


def test_an_entry_goes_where_all_that_it_held_is_forgotten(application: Application) -> None:
    gone, kept = Service(), Service()

    async def scenario(drawers: Drawers) -> None:
        page = Page()
        followed = drawer(page)
        drawers.take(followed, {"do": "deliveries", "open": True, "mine": []})
        for service in (gone, kept):
            await asyncio.to_thread(pipeline.deliver, application, service.folder(1, "2024-01-01"))
        await page.until(kept.organization_id)
        await page.until_quiet()
        assert followed.held == {"delivery-dlv-001", "delivery-dlv-002"}
        await asyncio.to_thread(application.forgetting.forget, gone.organization_id, "test")
        left = await asyncio.wait_for(page.given.get(), WAIT_SECONDS)
        assert left["delivery-dlv-001"] == ""
        assert kept.organization_id in left["delivery-dlv-002"]
        assert followed.held == {"delivery-dlv-002"}
        drawers.leave(followed)

    run(application, scenario)


@pytest.mark.parametrize("sent", [{}, {"open": "yes", "mine": "dlv-001"}, {"open": 1, "mine": {"a": 1}}])
def test_what_no_page_of_ours_says_follows_nothing(sent: dict[str, Any]) -> None:
    followed = drawer(Page())
    followed.heed(sent)
    assert not followed.follows
