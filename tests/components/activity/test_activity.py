"""The activity page: who, what, why, deliveries and values by day, filters in the address, and what is new waits."""

import asyncio
import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bokeh.document import Document
from lxml import html
from tornado.ioloop import IOLoop

from components import assets
from components.activity.page import ActivityChoice, ActivityPage, ActivityPageData
from components.activity.presenter import present_activity
from components.app_bar.period_frame import ShownPeriod
from components.context import AppContext
from components.layout.preferences import RequestPreferences, Translator
from components.live.fanout import Fanout
from components.live_page import LoadedPage, OpenedPage, PageServices
from preview.activity.query import ActivityEntry
from preview.core.languages import LANGUAGES, Language
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.model.activity import ACTIVITY_KINDS, Activity, ValueChange
from preview.reports.job_queue import NO_SOURCE
from preview.runtime.application import Application
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, open_application

AGGREGATED = Activity(
    event_id=7,
    at="2026-03-25T23:30:00Z",
    kind="aggregated",
    organization_id="org-1042",
    period_id="2024-H1",
    snapshot_id="snap-001",
    job_id="job-agg-002",
    delivery_ids=[f"dlv-{number:03}" for number in range(1, 8)],
    actor="kari.n",
    reason="Etter <fristen>",
    changes=[
        ValueChange("antall_meldinger_mottatt", 812, 1825),
        ValueChange("andel_meldinger_innen_frist", None, 81.5),
    ],
)


def entry(activity: Activity, field_key: str | None = None, rule_id: str | None = None) -> ActivityEntry:
    return ActivityEntry(activity, "Oslo Sør", field_key, rule_id)


def changed(**values: Any) -> Activity:
    return msgspec.structs.replace(AGGREGATED, **values)


# ── Presenter ──


def test_item_says_who_what_why_deliveries_and_values(catalogue: Catalogue, texts: MessageCatalog) -> None:
    (day,) = present_activity([entry(AGGREGATED)], catalogue, Translator(texts, "nb"))
    assert (day.day, day.name) == ("2026-03-26", "torsdag 26. mars 2026")  # half past midnight in Norway
    (item,) = day.items
    assert (item.clock, item.title, item.by) == ("kl. 00:30", "Aggregert", "av kari.n")
    assert (item.service, item.period) == ("Oslo Sør", "1. halvår 2024")
    assert item.service_query == "organization_id=org-1042&period_id=2024-H1"
    assert item.reason == "Etter <fristen>"
    assert (item.deliveries, item.more_deliveries) == ([f"dlv-00{number}" for number in range(3, 8)], "og 2 til")
    assert [(each.before, each.after) for each in item.changes] == [("812", "1\u00a0825"), ("–", "81,5\u00a0%")]


def test_many_changes_and_first_values_are_in_a_disclosure(catalogue: Catalogue, texts: MessageCatalog) -> None:
    def parts(*changes: ValueChange) -> tuple[int, int, str]:
        days = present_activity([entry(changed(changes=list(changes)))], catalogue, Translator(texts, "nb"))
        (item,) = days[0].items
        return len(item.changes), len(item.more_changes), item.more_text

    keys = [field.key for field in catalogue.fields[:6]]
    assert parts() == (0, 0, "")
    assert parts(*(ValueChange(key, 1, 2) for key in keys[:4])) == (4, 0, "")
    assert parts(*(ValueChange(key, 1, 2) for key in keys[:5])) == (4, 1, "1 felt til")
    assert parts(*(ValueChange(key, None, 2) for key in keys)) == (0, 6, "De første tallene: 6 felt")


def test_days_are_those_of_norway_in_order(catalogue: Catalogue, texts: MessageCatalog) -> None:
    times = ("2026-03-26T22:59:00Z", "2026-03-25T23:00:00Z", "2026-03-25T22:59:00Z")
    entries = [entry(changed(at=at)) for at in times]
    days = present_activity(entries, catalogue, Translator(texts, "en"))
    assert [(day.name, len(day.items)) for day in days] == [
        ("Thursday 26 March 2026", 2),
        ("Wednesday 25 March 2026", 1),
    ]


def test_decision_names_its_deviation_and_field(catalogue: Catalogue, texts: MessageCatalog) -> None:
    def subject(field_key: str | None, rule_id: str | None) -> str:
        entries = [entry(changed(kind="acknowledged"), field_key, rule_id)]
        return present_activity(entries, catalogue, Translator(texts, "nb"))[0].items[0].subject

    assert subject("antall_arsverk", "mangler") == "Gjelder Mangler: Årsverk"
    assert subject("-", "mangler") == "Gjelder Mangler"
    assert subject("antall_arsverk", None) == "Gjelder Årsverk"
    assert subject(None, None) == subject("-", "dropped_rule") == subject("dropped_field", None) == ""


def test_failure_says_why_in_the_language_of_the_page(catalogue: Catalogue, texts: MessageCatalog) -> None:
    for reason, expected in ((NO_SOURCE, "Det finst ingen data for perioden."), ("Boom", "Ein feil i programmet")):
        failed = changed(kind="failed", reason=reason, actor="auto")
        (item,) = present_activity([entry(failed)], catalogue, Translator(texts, "nn"))[0].items
        assert item.reason.startswith(expected)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_text(texts: MessageCatalog, language: Language) -> None:
    t = Translator(texts, language)
    assert len({t(f"activity.kind.{kind}") for kind in ACTIVITY_KINDS}) == len(ACTIVITY_KINDS)


# ── Address ──


def test_address_holds_filters_and_page() -> None:
    arguments = {"organization_id": "org-1", "kind": "failed", "actor": "kari n", "before": "7", "period_id": "2023"}
    choice = ActivityChoice.from_arguments(arguments)
    assert choice.query(5) == "organization_id=org-1&kind=failed&actor=kari+n&before=5&period_id=2023"
    assert (choice.query(), choice.before) == ("organization_id=org-1&kind=failed&actor=kari+n&period_id=2023", 7)
    assert choice.api_query == "organization_id=org-1&kind=failed&actor=kari+n&before=7&limit=50"


@pytest.mark.parametrize("arguments", [{}, {"kind": "lost"}, {"before": "-1"}, {"before": "٤"}, {"before": "1" * 20}])
def test_unknown_filter_filters_nothing(arguments: dict[str, str]) -> None:
    choice = ActivityChoice.from_arguments(arguments)
    assert choice == ActivityChoice()
    assert not choice.is_filtered


# ── Page and session ──


@pytest.fixture
def service() -> SampleService:
    return SampleService()


@pytest.fixture
def store(data_dir: Path, service: SampleService) -> Generator[Application]:
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2025-01-01", ["2024-02-01"]), actor="ola")
        aggregate(application, service.organization_id, "2024", actor="ola")
        yield application


Scenario = Callable[["Harness"], Any]


class Harness:
    """The page and one session of it, whose callbacks run at once."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.context = AppContext.from_application(application, assets.load_assets())
        self.fanout = Fanout(application.dispatcher, IOLoop.current())
        self.page = ActivityPage(PageServices.create(self.context, self.fanout, IOLoop.current()))

    async def load(self, **arguments: str) -> LoadedPage[ActivityPageData]:
        """Read the page."""
        return await self.page.load(RequestPreferences("nb", "light", arguments))

    async def html(self, **arguments: str) -> html.HtmlElement:
        """Return the first HTML of the page."""
        preferences = RequestPreferences("nb", "light", arguments)
        return html.document_fromstring(self.page.render(await self.load(**arguments), preferences, "nonce"))

    def open(self, loaded: LoadedPage[ActivityPageData] | None, **arguments: str) -> Any:
        """Open a session, whose component the browser has connected."""
        preferences = RequestPreferences("nb", "light", arguments)
        opened = OpenedPage("activity", ShownPeriod(), preferences, Document(), "dashboard", False, loaded)
        session = self.page.open_session(opened)
        document: Any = session.document
        document.add_next_tick_callback = lambda callback: callback()
        session.live.handle_message({"action": "ready"})
        return session


def run(application: Application, scenario: Scenario) -> None:
    """Run a scenario on an event loop of its own."""

    async def run_scenario() -> None:
        harness = Harness(application)
        try:
            await scenario(harness)
        finally:
            harness.fanout.close()

    asyncio.run(run_scenario())


async def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until the session has done something."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  (nothing tells when a patch has been sent)
            await asyncio.sleep(0.01)


def test_first_html_is_complete_and_keeps_filters(store: Application, service: SampleService) -> None:
    async def scenario(harness: Harness) -> None:
        page = await harness.html(actor="ola", kind="aggregated", period_id="2023")
        (event,) = page.xpath("//li[@class='event']")
        assert "Aggregert" in event.text_content()
        assert "dlv-001" in event.text_content()
        assert event.xpath(".//details/summary")[0].text_content().startswith("De første tallene: ")
        assert [link.get("href") for link in event.iter("a")] == [
            f"/preview?organization_id={service.organization_id}&period_id=2024",
            "/deliveries?delivery_id=dlv-001&period_id=2023",
        ]
        form = page.get_element_by_id("choose")
        assert {field.get("name"): field.value for field in form.inputs if field.get("name")} == {
            "period_id": "2023",
            "organization_id": "",
            "kind": "aggregated",
            "actor": "ola",
        }
        empty = await harness.html(actor="nobody")
        assert empty.find_class("empty")[0].text_content().startswith("Ingen hendelser passer med valgene.")

    run(store, scenario)


def test_older_events_have_pages_of_their_own(store: Application) -> None:
    repeat = """INSERT INTO audit (at, actor, action, organization_id, event)
        SELECT '2026-01-01T00:00:00Z', 'auto', 'delivered', organization_id, 1000 + value
        FROM audit, json_each(?) WHERE action = 'requested'"""
    numbers = msgspec.json.encode(list(range(60))).decode()
    store.database.write(lambda connection: connection.execute(repeat, (numbers,)).rowcount)

    async def scenario(harness: Harness) -> None:
        newest = await harness.html()
        assert len(newest.find_class("event")) == 50
        (older,) = newest.xpath("//nav[@class='pages']/a")
        assert older.get("rel") == "next"
        before = older.get("href").rpartition("=")[2]
        page = await harness.html(before=before)
        assert len(page.find_class("event")) == 10 + 3
        assert [link.get("href") for link in page.xpath("//nav[@class='pages']/a")] == ["/activity"]

    run(store, scenario)


def test_new_events_wait_until_asked_for(store: Application, service: SampleService) -> None:
    async def scenario(harness: Harness) -> None:
        loaded = await harness.load(organization_id=service.organization_id)
        session = harness.open(loaded, organization_id=service.organization_id)
        shown: dict[str, str] = {}
        session.live.model.on_change("regions", lambda _attribute, _old, new: shown.update(json.loads(new)))

        async def happen(day: str) -> None:
            folder = service.folder(2, day, ["2024-02-01"])
            await harness.context.run_blocking(deliver, store, folder)
            await harness.context.run_blocking(deliver, store, SampleService().folder(1, day))

        await happen("2025-01-02")
        await wait_for(lambda: "1 ny hendelse" in shown.get("fresh", ""))
        assert "activities" not in shown
        await happen("2025-01-03")
        await wait_for(lambda: "2 nye hendelser" in shown["fresh"])
        session.handle_message({"action": "show"})
        await wait_for(lambda: "activities" in shown)
        assert shown["activities"].count('class="event"') == len(loaded.data.found.entries) + 2
        assert "button" not in shown["fresh"]
        session.end()

    run(store, scenario)


def test_session_of_another_process_sends_the_list(store: Application) -> None:
    async def scenario(harness: Harness) -> None:
        session = harness.open(None)
        await wait_for(lambda: "activities" in session.live.sent_regions)
        session.end()

    run(store, scenario)


def test_page_of_older_events_gets_no_updates(store: Application) -> None:
    async def scenario(harness: Harness) -> None:
        session = harness.open(await harness.load(before="99"), before="99")
        assert not hasattr(session, "on_events")
        session.end()

    run(store, scenario)
