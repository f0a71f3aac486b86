"""The preview of one organisation and period: 34 fields, current beside compared, live.

A session's state is what its URL says (`Asked`) and what was read for it (`Reading`).
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import msgspec
import panel as pn
import param
from bokeh.document import Document
from panel.viewable import Viewer

from components.context import Elsewhere, House
from components.deliveries.drawer import OPEN_TEXTS as DRAWER_TEXTS
from components.deliveries.drawer import Drawer, Drawers
from components.layout import value_formatting
from components.layout.error_messages import message
from components.layout.preferences import Visit, visit
from components.live.component import Fanout, Live, live_page
from components.preview.actions import DOORS, job_facts, offers
from components.preview.history_panel import OpenHistories
from components.preview.presenter import Notice, bare, word_job
from components.preview.report_cache import Asked, Reading, Readings, blank, draw
from preview.core.clock import now, timestamp
from preview.core.errors import Invalid, NotFound, Unavailable
from preview.events.log import AggregationProgress, EventRow, SnapshotDeleted

log = logging.getLogger(__name__)

# Texts that the browser fills in, with the names that it fills: only it knows what changed here and how long the line was lost.
OPEN_TEXTS: Mapping[str, tuple[str, ...]] = {
    "live.offline_since": ("time",),
    "live.paused": (),
    "live.waiting.one": (),
    "live.waiting.other": ("n",),
    "live.back.one": (),
    "live.back.other": ("n",),
    "live.back_unchanged": (),
    "live.ready": (),
    "live.changed_in.one": ("section",),
    "live.changed_in.other": ("n", "section"),
    "filter.shown.one": (),
    "filter.shown.other": ("n",),
    "form.changed_now": ("was",),
    "form.changed": ("was",),
    "form.changed_beside": ("was",),
    "again.left": ("n",),
    "print.filtered": ("n", "total", "filter"),
}
# Where a report is deleted before somebody's eyes, these follow the store; the values stay as they were.
_OF_THE_STORE = ("state", "job", "actions", "why-aggregate", "periods", "again-hint", "delete-lead", "job-facts", "sources", "origins")
_WRONG_ADDRESS: Mapping[type[Exception], str] = {NotFound: "notice.no_organization", Invalid: "notice.wrong_period"}


class PreviewView(Viewer):
    """One person's page. It hears of its organisation's events, reads anew, and patches what the browser holds."""

    reading = param.ClassSelector(class_=Reading, allow_None=True, doc="What was read last for what is asked.")
    asked = param.ClassSelector(class_=Asked, default=Asked(""), doc="What the page shows.")

    def __init__(
        self, house: House, readings: Readings, fanout: Fanout, drawers: Drawers, of: Visit, document: Document, actor: str, **params: Any
    ) -> None:
        super().__init__(**params)
        self._house = house
        self._readings = readings
        self._fanout = fanout
        self._drawers = drawers
        self._words = house.words(of)
        self._document = document
        self._actor = actor
        self._tasks: set[asyncio.Task[None]] = set()
        self._chosen = self.asked
        self._deleted_at: str | None = None
        self._deleted_id = ""
        self._deleted_by: str | None = None
        # Where the page came from another process there is none: then all is sent.
        self.live = Live({**self.reading.regions, **blank(house, self._words)} if self.reading else {}, self._take)
        self.drawer = Drawer(self.live, self._words.language, document)
        self._histories = OpenHistories(house, self._words, self.live, document)

    @property
    def organization_id(self) -> str:
        """Whose events it wants."""
        return self.asked.organization_id

    @property
    def _held(self) -> Reading:
        if self.reading is None:
            raise Unavailable("The preview has not been read yet.")
        return self.reading

    def hear(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Outside the session: reads anew for an event, shows progress as it is."""
        if events:
            self._note_deletion(events)
            self._start(self._read_anew(events[-1].event))
        for each in progress:
            self._document.add_next_tick_callback(partial(self._show_progress, each))

    def catch_up(self) -> None:
        """Reads anew where the page does not reflect what has been handed on of its organisation."""
        place = self._fanout.newest(self.organization_id)
        if self.reading is None or self.reading.preview.place < place:
            self._start(self._read_anew(place))

    def _note_deletion(self, events: list[EventRow]) -> None:
        shown = self.reading.shown.snapshot_id if self.reading else ""
        for event in events:
            if event.type == "snapshot_deleted":
                deleted = msgspec.json.decode(event.data, type=SnapshotDeleted)
                if deleted.snapshot_id == shown:
                    self._deleted_at, self._deleted_id, self._deleted_by = deleted.deleted_at, shown, None

    async def _find_who_deleted(self) -> None:
        """A door is nobody."""
        by = await self._house.call(self._house.application.snapshots.deleted_by, self._deleted_id)
        self._deleted_by = None if by in DOORS else by

    async def _read_anew(self, place: int) -> None:
        asked = self.asked
        try:
            if self._deleted_at is not None and self._deleted_by is None:
                await self._find_who_deleted()
            reading = await self._readings.read(asked, self._words.language, place)
        except NotFound:
            self._document.add_next_tick_callback(partial(self._tell_forgotten, asked))
            return
        except Exception as error:  # noqa: BLE001  (told to the person, and logged, in messages.py)
            self._answer("danger", message(error, self._words, _WRONG_ADDRESS).text)
            return
        self._document.add_next_tick_callback(partial(self._show, reading, asked))

    def _show(self, reading: Reading, asked: Asked) -> None:
        """In the session. One of what was left meanwhile, or an older one that comes late, changes nothing."""
        if asked == self.asked and (self.reading is None or self.reading.preview.place <= reading.preview.place):
            self.param.update(asked=reading.asked, reading=reading)

    @param.depends("reading", watch=True)
    def _patch(self) -> None:
        reading = self._held
        if reading.shown.is_complete:
            self._deleted_at = None
        self._start(self._try(self._histories.draw(reading.preview)))
        if self._deleted_at is None:
            self.live.patch(reading.regions)
            return
        at, by = value_formatting.clock_time(self._deleted_at, self._words.language), self._deleted_by
        told = self._words("notice.deleted_by", time=at, actor=by) if by else self._words("notice.deleted", time=at)
        kept = {region: reading.regions[region] for region in _OF_THE_STORE}
        self.live.patch(kept | {"notice": self._parts.notice(Notice("warning", told, ("overview",)), self._words)})

    def _tell_forgotten(self, asked: Asked) -> None:
        """The organisation is forgotten before somebody's eyes, and nobody is to be left with it on a screen."""
        if asked != self.asked:
            return
        told = self._parts.notice(Notice("warning", self._words("notice.forgotten"), ("overview",)), self._words)
        self._start(self._try(self._histories.draw(self._held.preview)))
        self.live.patch(draw(self._house, bare(self._held.shown, self._house.application.catalogue)) | {"notice": told})

    def _show_progress(self, progress: AggregationProgress) -> None:
        job = self.reading.preview.job if self.reading else None
        if job is None or job.job_id != progress.job_id:
            return
        moved = msgspec.structs.replace(job, job_status="running", completed=progress.completed)
        words, is_complete = self._words, self._held.shown.is_complete
        shown = word_job(moved, words, is_complete)
        self.live.patch(
            {
                "job": self._parts.job(shown, words),
                "again-hint": self._parts.again_hint(shown, words),
                "why-aggregate": self._parts.why(offers(self._held.preview, moved, words, is_complete)["aggregate"]),
                "job-facts": self._parts.job_facts(job_facts(moved, words), words),
            }
        )

    @property
    def _parts(self) -> Any:
        return self._house.parts("preview/preview_regions.html")

    def _answer(self, color: str, text: str) -> None:
        """Says what the person's own action came to; without a colour only to a screen reader."""
        drawn = {"answer": self._parts.answer(color, text)}
        self._document.add_next_tick_callback(lambda: self.live.patch(drawn))

    # ── what the person does ──
    def _take(self, sent: dict[str, Any]) -> None:
        if sent.get("do") == "deliveries":
            self._drawers.take(self.drawer, sent)
            return
        actions: dict[Any, Callable[[dict[str, Any]], Coroutine[Any, Any, None]]] = {
            "show": self._show_other,
            "services": self._list_services,
            "aggregate": self._aggregate,
            "again": self._aggregate_again,
            "delete": self._delete,
            "history": self._open_history,
        }
        action = actions.get(sent.get("do"))
        if action is not None:
            self.live.patch({"answer": self._parts.answer("", "")})
            self._start(self._try(action(sent), _WRONG_ADDRESS if action == self._show_other else {}))

    async def _try(self, action: Coroutine[Any, Any, None], saying: Mapping[type[Exception], str] | None = None) -> None:
        try:
            await action
        except Exception as error:  # noqa: BLE001  (told to the person, and logged, in messages.py)
            self._answer("danger", message(error, self._words, saying).text)

    async def _show_other(self, sent: dict[str, Any]) -> None:
        arguments = sent.get("arguments")
        asked = self._chosen = Asked.of(arguments if isinstance(arguments, dict) else {})
        reading = await self._readings.read(asked, self._words.language)

        def turn() -> None:
            if asked is not self._chosen:  # something else has been chosen meanwhile, and was read sooner
                return
            self._deleted_at = None
            self.param.update(asked=reading.asked, reading=reading)
            self.catch_up()  # a page of another organisation has not heard of this one's events

        self._document.add_next_tick_callback(turn)

    async def _list_services(self, _: dict[str, Any]) -> None:
        listed = await self._house.call(self._house.application.organizations.all)
        drawn = {"services": self._parts.services(listed, self._words)}
        self._document.add_next_tick_callback(lambda: self.live.patch(drawn))

    async def _aggregate(self, _: dict[str, Any]) -> None:
        preview = self._held.preview
        await self._house.call(self._house.application.snapshots.request, preview.organization_id, preview.period_id, False, self._actor)
        self._answer("", self._words("notice.queued"))

    async def _aggregate_again(self, sent: dict[str, Any]) -> None:
        reason = str(sent.get("reason", ""))
        await self._house.call(self._house.application.snapshots.invalidate, _snapshot(sent), reason, self._actor, None)
        self._answer("", self._words("notice.queued"))

    async def _delete(self, sent: dict[str, Any]) -> None:
        await self._house.call(self._house.application.snapshots.delete, _snapshot(sent), self._actor, None)
        self._answer("", self._words("notice.deleted_by_you"))

    async def _open_history(self, sent: dict[str, Any]) -> None:
        self._histories.choose(sent)
        await self._histories.draw(self._held.preview)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def __panel__(self) -> Live:
        return self.live


def _snapshot(sent: Mapping[str, Any]) -> str:
    """The one that the person's dialog named: what is shown may be another by now."""
    return str(sent.get("snapshot_id", ""))


class PreviewPage:
    """`/preview?organization_id=…[&period_id=…][&compare=…][&lang=…][&theme=…]`."""

    path = "/preview"
    saying = _WRONG_ADDRESS

    def __init__(self, house: House, fanout: Fanout, drawers: Drawers) -> None:
        self._house = house
        self._fanout = fanout
        self._drawers = drawers
        self._readings = Readings(house)

    async def fetch(self, of: Visit) -> Reading:
        """Reads what the page will show, before there is a session. Raises `Elsewhere` where no organisation is named."""
        asked = Asked.of(of.arguments)
        if not asked.organization_id:
            raise Elsewhere("/")
        return await self._readings.read(asked, of.language)

    def open(self) -> pn.Template:
        """The page of the present session. What `fetch` gave stands on the request, but not where the page came from another process."""
        document: Any = pn.state.curdoc
        request = document.session_context.request
        of = visit(request)
        reading: Reading | None = getattr(request, "fetched", None)
        asked = reading.asked if reading else Asked.of(of.arguments)
        view = PreviewView(
            self._house,
            self._readings,
            self._fanout,
            self._drawers,
            of,
            document,
            self._house.actor(request.headers),
            reading=reading,
            asked=asked,
        )
        self._fanout.join(view)
        pn.state.on_session_destroyed(lambda _: self._leave(view))
        view.catch_up()
        return live_page(view.live, request, self._house.scripts)

    def _leave(self, view: PreviewView) -> None:
        self._fanout.leave(view)
        self._drawers.leave(view.drawer)

    def html(self, reading: Reading, of: Visit, nonce: str) -> str:
        """All of the page that is to be read."""
        words = self._house.words(of)
        return self._house.page(
            "preview/preview.html",
            of,
            nonce,
            here="preview",
            title=words("app.title", page=f"{reading.preview.organization_name} {reading.shown.period}"),
            live=True,
            shown=reading.shown,
            regions={**reading.regions, **blank(self._house, words)},
            open_texts=words.open({**OPEN_TEXTS, **DRAWER_TEXTS}),
            max_bytes=self._house.application.settings.max_delivery_bytes,
            max_size=value_formatting.size(self._house.application.settings.max_delivery_bytes, of.language),
            read_at=value_formatting.clock_time(timestamp(now()), of.language),
        )
