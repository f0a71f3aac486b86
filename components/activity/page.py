"""The activity page: what happened, newest first, of all services or of one.

The address holds the filters and the page. A session counts what is new and waits to be asked for it, so that nothing
moves while one reads. A page of older events never changes.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from components.activity.presenter import ActivityDayView, present_activity
from components.app_bar.period_frame import valid_period
from components.layout.preferences import RequestPreferences, Translator
from components.live_page import LivePage, LiveSession, OpenedPage, PageServices
from components.services.service_list import ServiceView, present_services
from preview.activity.query import ActivityEntries
from preview.core.actor import MAX_ACTOR_LENGTH
from preview.core.passing_faults import PassingFault, as_passing
from preview.events.log import AggregationProgress, EventRow
from preview.model.activity import ACTIVITY_KINDS
from preview.storage.history.activity import ActivityFilter

PAGE_SIZE = 50
MAX_COUNTED = 100
"""New events are counted up to this number."""

_DEBOUNCE_SECONDS = 0.25
_MAX_EVENT_DIGITS = 15

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {"activity.back": (), "activity.shown_new": ()}
"""The texts that the page's script fills in, with the names of their parameters."""


class ActivityChoice(NamedTuple):
    """What the address asks for; an empty text is no filter, and `before` 0 the newest page.

    `period_id` filters nothing: all links keep the chosen period.
    """

    organization_id: str = ""
    kind: str = ""
    actor: str = ""
    before: int = 0
    period_id: str = ""

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> "ActivityChoice":
        """Return the choice of a query; a kind or event that is none is no filter."""
        kind, before = arguments.get("kind", ""), arguments.get("before", "")
        is_event = before.isascii() and before.isdecimal() and len(before) <= _MAX_EVENT_DIGITS
        return cls(
            arguments.get("organization_id", ""),
            kind if kind in ACTIVITY_KINDS else "",
            arguments.get("actor", "")[:MAX_ACTOR_LENGTH],
            int(before) if is_event else 0,
            valid_period(arguments.get("period_id")) or "",
        )

    @property
    def is_filtered(self) -> bool:
        """Whether some events are left out."""
        return bool(self.organization_id or self.kind or self.actor or self.before)

    @property
    def filter(self) -> ActivityFilter:
        """The filter of the read model."""
        return ActivityFilter(
            organization_id=self.organization_id or None, action=self.kind or None, actor=self.actor or None
        )

    def query(self, before: int = 0) -> str:
        """Return the query string of a page with the same filters; empty for the newest page of everything."""
        return _encode({**self._asdict(), "before": before})

    @property
    def period_query(self) -> str:
        """The query string of the chosen period; empty for the reporting period."""
        return _encode({"period_id": self.period_id})

    @property
    def api_query(self) -> str:
        """The query string of the same page of the API."""
        return _encode({**self._asdict(), "period_id": "", "limit": PAGE_SIZE})


@dataclass(frozen=True)
class ActivityPageData:
    """What the first HTML is rendered from.

    Attributes:
        choice: The choice of the address.
        found: What was read.
        services: The services to choose from.
        regions: HTML by region id.
    """

    choice: ActivityChoice
    found: ActivityEntries
    services: Sequence[ServiceView]
    regions: Mapping[str, str]


class ActivitySession(LiveSession):
    """The session of the newest page: it says how much is new, and shows it when it is asked for."""

    def __init__(self, page: "ActivityPage", opened: OpenedPage[ActivityPageData], choice: ActivityChoice) -> None:
        super().__init__(page.services, opened, opened.data.regions if opened.data else {})
        self._activity_page = page
        self._choice = choice
        self._shown_position = opened.data.found.position if opened.data else -1
        self._task: asyncio.Task[None] | None = None
        self._must_check = False
        self._must_show = opened.data is None
        self._fault = PassingFault("reading the activity")

    @property
    def organization_id(self) -> str | None:
        """The organization whose events the session gets, None for all."""
        return self._choice.organization_id or None

    def start(self) -> None:
        """Follow the events from now on, and count those since the page was read."""
        self.services.fanout.subscribe(self)
        self._check()

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Count what is new after events; called outside the session."""
        if events:
            self._check()

    def on_erased(self, organization_id: str) -> None:
        """Show the newest activity again, without that of an organization that is being erased; called likewise."""
        self._must_show = True
        self._check()

    def handle_message(self, message: dict[str, Any]) -> None:
        """Show what is new."""
        if message.get("action") == "show":
            self._must_show = True
            self._check()

    def end(self) -> None:
        """Count no more."""
        self.services.fanout.unsubscribe(self)
        if self._task is not None:
            self._task.cancel()
        super().end()

    def _check(self) -> None:
        self._must_check = True
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._check_until_done())

    async def _check_until_done(self) -> None:
        """Read as long as something has happened since the last reading began."""
        try:
            while self._must_check:
                self._must_check = False
                await self._retrying(self._show_newest() if self._must_show else self._count_new())
                await asyncio.sleep(_DEBOUNCE_SECONDS)
        finally:
            self._task = None

    async def _retrying(self, reading: Coroutine[Any, Any, None]) -> None:
        """Wait after a fault that passes, and read again."""
        try:
            await reading
            self._fault.succeeded()
        except Exception as error:
            if (passing := as_passing(error)) is None:
                raise
            self._must_check = True
            await asyncio.sleep(self._fault.failed(passing))

    async def _count_new(self) -> None:
        query = self.context.application.activity.query
        count = await self.context.run_blocking(
            query.count_since, self._choice.filter, self._shown_position, MAX_COUNTED
        )
        regions = {"fresh": self._activity_page.render_fresh(count, self.t)}
        self.document.add_next_tick_callback(partial(self.live.patch, regions))

    async def _show_newest(self) -> None:
        found = await self.context.run_blocking(
            self.context.application.activity.query.entries, self._choice.filter, None, PAGE_SIZE
        )
        regions = await self.context.run_blocking(self._activity_page.render_regions, self._choice, found, self.t)
        self._must_show, self._shown_position = False, found.position
        self.document.add_next_tick_callback(partial(self.live.patch, regions))


class ActivityPage(LivePage[ActivityPageData]):
    """The page at `/activity[?organization_id=…][&kind=…][&actor=…][&before=…][&lang=…][&theme=…]`."""

    name = "activity"
    path = "/activity"
    client_templates = CLIENT_TEMPLATES
    keys = (("j k", "activities"),)

    def __init__(self, services: PageServices) -> None:
        super().__init__(services)
        self._catalogue = self.context.application.catalogue

    async def fetch(self, preferences: RequestPreferences) -> ActivityPageData:
        """Read what the page shows, on a thread, before a session exists."""
        return await self.context.run_blocking(self._read, preferences)

    def _read(self, preferences: RequestPreferences) -> ActivityPageData:
        choice, application = ActivityChoice.from_arguments(preferences.arguments), self.context.application
        found = application.activity.query.entries(choice.filter, choice.before or None, PAGE_SIZE)
        regions = self.render_regions(choice, found, self.context.translator(preferences))
        return ActivityPageData(choice, found, present_services(application.organizations.list_options()), regions)

    def render_regions(self, choice: ActivityChoice, found: ActivityEntries, t: Translator) -> Mapping[str, str]:
        """Return the HTML of the list and of what is new, by region id.

        Args:
            choice: The choice of the address.
            found: What was read.
            t: The texts.
        """
        days: list[ActivityDayView] = present_activity(found.entries, self._catalogue, t)
        macros = self.context.macros("activity/activity_regions.html")
        older = choice.query(found.next_before) if found.next_before is not None else ""
        return {
            "activities": macros.activities(days, choice, older, t),
            "fresh": self.render_fresh(0, t),
        }

    def render_fresh(self, count: int, t: Translator) -> str:
        """Return the HTML that says how many events are new."""
        text = t("activity.new.many", n=count) if count >= MAX_COUNTED else t.plural("activity.new", count)
        return self.context.macros("activity/activity_regions.html").fresh(text if count else "", t)

    def open_session(self, opened: OpenedPage[ActivityPageData]) -> LiveSession:
        """Return the session of an open page; only the newest page changes."""
        choice = ActivityChoice.from_arguments(opened.preferences.arguments)
        if choice.before:
            return LiveSession(self.services, opened, opened.data.regions if opened.data else {})
        session = ActivitySession(self, opened, choice)
        session.start()
        return session

    def page_title(self, page_data: ActivityPageData, t: Translator) -> str:
        """Return the name of the page."""
        return t("app.activity")

    def variables(self, page_data: ActivityPageData, preferences: RequestPreferences, t: Translator) -> dict[str, Any]:
        """Return the variables of `activity.html`."""
        return {
            "choice": page_data.choice,
            "services": page_data.services,
            "kinds": ACTIVITY_KINDS,
            "regions": page_data.regions,
            "max_actor_length": MAX_ACTOR_LENGTH,
        }


def _encode(arguments: Mapping[str, str | int]) -> str:
    return urlencode({name: value for name, value in arguments.items() if value})
