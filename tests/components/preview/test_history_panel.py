"""Open histories: what was read later is shown, whichever reading ends first."""

import asyncio
import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from bokeh.document import Document

from components import assets
from components.context import House
from components.layout.preferences import Words
from components.live.component import Live
from components.preview.history_panel import OpenHistories
from preview.runtime.application import Application
from preview.views.preview import Past
from tests.builders import large_dataset
from tests.support import pipeline

WAIT_SECONDS = 30
FIELD = "antall_meldinger_mottatt"
HERE = large_dataset.organization_id(0)


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.opened(tmp_path / "data") as opened:
        pipeline.deliver(opened, large_dataset.folder(0))
        for period_id in ("2023", "2024"):
            pipeline.aggregate(opened, HERE, period_id)
        yield opened


def shown(live: Live, document: Document) -> str:
    """The history as the session's callbacks have left it."""
    for callback in document.session_callbacks:
        callback.callback()
    return str(live.regions.get(f"history-{FIELD}", ""))


def test_an_older_reading_that_comes_late_changes_nothing(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    late, has_read, calls = threading.Event(), threading.Event(), []
    read = application.previews.history

    def held_up(organization_id: str) -> dict[str, list[Past]]:
        calls.append(organization_id)
        series, is_first = read(organization_id), len(calls) == 1
        has_read.set()
        assert not is_first or late.wait(WAIT_SECONDS)
        return series

    async def scenario() -> None:
        house = House.of(application, assets.load())
        words, live, document = Words(application.texts, "en"), Live({}, lambda _: None), Document()
        histories = OpenHistories(house, words, live, document)
        histories.choose({"open": [FIELD], "colors": {}})
        preview = application.previews.read(HERE, "2024")
        monkeypatch.setattr(application.previews, "history", held_up)
        first = asyncio.create_task(histories.draw(preview))
        assert await asyncio.to_thread(has_read.wait, WAIT_SECONDS)
        await house.call(pipeline.deliver, application, large_dataset.folder(0, meldinger=3, day="2025-01-20"))
        await house.call(pipeline.aggregate, application, HERE, "2024")
        await histories.draw(preview)
        newer = shown(live, document)
        late.set()
        await first
        assert len(calls) == 2
        assert ">3<" in newer
        assert shown(live, document) == newer

    asyncio.run(asyncio.wait_for(scenario(), WAIT_SECONDS))
