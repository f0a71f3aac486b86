"""Previews as they are read, worded and drawn: once for all sessions that show the same, on a thread, so that the event loop never waits."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from components.context import House
from components.layout.preferences import Words
from components.preview.presenter import Shown, word
from preview.core.errors import PreviewError
from preview.core.languages import Language
from preview.views.preview import Preview


class Asked(NamedTuple):
    """What the URL asks for; without a period the newest, compared with its prior where no other is named."""

    organization_id: str
    period_id: str | None = None
    compare: str | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "Asked":
        """From query parameters, or from the browser's message; what is no text is not asked for."""
        given = {name: text for name in cls._fields if isinstance(text := arguments.get(name), str) and text}
        return cls(**{"organization_id": "", **given})


@dataclass(frozen=True)
class Reading:
    """A preview as it was read, worded and drawn once for all sessions that show it."""

    asked: Asked
    shown: Shown
    regions: Mapping[str, str]

    @property
    def preview(self) -> Preview:
        """The view-model."""
        return self.shown.preview


class Readings:
    """Reads and draws previews on a thread. Whoever asks for the same meanwhile gets the same reading."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._running: dict[tuple[Asked, Language], asyncio.Future[Reading]] = {}

    async def read(self, asked: Asked, language: Language, place: int = 0) -> Reading:
        """One that reflects the log at least to `place`. Raises `NotFound` and `Invalid` as `Previews.read`."""
        key = (asked, language)
        begun = self._running.get(key)
        if begun is not None:
            with suppress(PreviewError):  # what it met may be over by now
                reading = await asyncio.shield(begun)
                if reading.preview.place >= place:
                    return reading
        # Whoever waited for the same too old reading may have begun another meanwhile; the old one itself may stand here still.
        begun = self._running.get(key)
        if begun is None or begun.done():
            begun = self._running[key] = self._begin(asked, language)
        return await asyncio.shield(begun)

    def _begin(self, asked: Asked, language: Language) -> asyncio.Future[Reading]:
        begun = asyncio.get_running_loop().run_in_executor(self._house.application.executor, self._read, asked, language)

        def end(_: asyncio.Future[Reading]) -> None:
            if self._running.get((asked, language)) is begun:
                del self._running[asked, language]

        begun.add_done_callback(end)
        return begun

    def _read(self, asked: Asked, language: Language) -> Reading:
        application = self._house.application
        shown = word(application.previews.read(*asked), application.catalogue, Words(application.texts, language))
        # Whoever asked for the newest period keeps that which it was.
        return Reading(asked._replace(period_id=shown.preview.period_id), shown, draw(self._house, shown))


def blank(house: House, words: Words) -> dict[str, str]:
    """The regions that begin empty: they are the session's own, and no reading writes them."""
    parts = house.parts("preview/preview_regions.html")
    return {"answer": parts.answer("", ""), "services": parts.services([], words)}


def draw(house: House, shown: Shown) -> dict[str, str]:
    """The regions that follow the preview, by id. The page's first HTML is made of the same."""
    parts, words = house.parts("preview/preview_regions.html"), shown.words
    regions = {
        "title": parts.title(shown),
        "who": parts.who(shown),
        "periods": parts.periods(shown),
        "state": parts.state(shown),
        "job": parts.job(shown.job, words),
        "actions": parts.actions(shown),
        "notice": parts.notice(shown.notice, words),
        "sections": parts.sections(shown),
        "sources": parts.sources(shown),
        "filters": parts.filters(shown),
        "worst": parts.worst(shown),
        "caption": parts.caption(shown),
        "columns": parts.columns(shown),
        "foot": parts.foot(shown),
        "again-lead": parts.again_lead(shown),
        "again-hint": parts.again_hint(shown.job, words),
        "delete-lead": parts.delete_lead(shown),
        "why-aggregate": parts.why(shown.offers["aggregate"]),
        "job-facts": parts.job_facts(shown.job_facts, words),
        "origins": parts.origins(shown),
    }
    for row in shown.rows:
        regions[f"row-{row.key}"] = parts.row(row, words)
        regions[f"detail-{row.key}"] = parts.detail(row, words)
    return regions
