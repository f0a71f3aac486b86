"""Open histories: the latest request is shown, whichever read ends first."""

import asyncio
import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from bokeh.document import Document

from components import assets
from components.context import AppContext
from components.layout.preferences import Translator
from components.live.component import LiveComponent
from components.preview.history_panel import HistoryPanel
from preview.runtime.application import Application
from preview.views.preview import HistoricalValue
from tests.builders import large_dataset
from tests.support import pipeline

WAIT_SECONDS = 30
FIELD = "antall_meldinger_mottatt"
ORGANIZATION_ID = large_dataset.organization_id(0)


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.open_application(tmp_path / "data") as opened:
        pipeline.deliver(opened, large_dataset.folder(0))
        for period_id in ("2023", "2024"):
            pipeline.aggregate(opened, ORGANIZATION_ID, period_id)
        yield opened


def current_history(live: LiveComponent, document: Document) -> str:
    """Return the history after the session's callbacks have run."""
    for callback in document.session_callbacks:
        callback.callback()
    return str(live.regions.get(f"history-{FIELD}", ""))


def test_late_outdated_history_is_discarded(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    late, has_read, calls = threading.Event(), threading.Event(), []
    read = application.previews.history

    def read_slowly(organization_id: str, shown: str) -> dict[str, list[HistoricalValue]]:
        calls.append(organization_id)
        series, is_first = read(organization_id, shown), len(calls) == 1
        has_read.set()
        assert not is_first or late.wait(WAIT_SECONDS)
        return series

    async def scenario() -> None:
        context = AppContext.from_application(application, assets.load_assets())
        t, live, document = Translator(application.texts, "en"), LiveComponent({}, lambda _: None), Document()
        histories = HistoryPanel(context, t, live, document)
        histories.set_open({"open": [FIELD], "colors": {}})
        preview = application.previews.read(ORGANIZATION_ID, "2024")
        monkeypatch.setattr(application.previews, "history", read_slowly)
        first = asyncio.create_task(histories.refresh(preview))
        assert await asyncio.to_thread(has_read.wait, WAIT_SECONDS)
        await context.run_blocking(
            pipeline.deliver, application, large_dataset.folder(0, meldinger=3, day="2025-01-20")
        )
        await context.run_blocking(pipeline.aggregate, application, ORGANIZATION_ID, "2024")
        await histories.refresh(preview)
        newer = current_history(live, document)
        late.set()
        await first
        assert len(calls) == 2
        assert ">3<" in newer
        assert current_history(live, document) == newer

    asyncio.run(asyncio.wait_for(scenario(), WAIT_SECONDS))
