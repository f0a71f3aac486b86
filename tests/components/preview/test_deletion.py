"""Who deleted a report: read once for all sessions, and a name only of a person."""

import asyncio
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from components import assets
from components.context import AppContext
from components.preview.deletion import DeletionAuthors
from preview.runtime.application import Application
from tests.builders import large_dataset
from tests.support import pipeline

ORGANIZATION = large_dataset.organization_id(0)


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    with pipeline.open_application(tmp_path / "data") as opened:
        pipeline.deliver(opened, large_dataset.folder(0))
        yield opened


def delete_as(application: Application, actor: str) -> str:
    """Aggregate a report, delete it as the actor, and return its snapshot."""
    snapshot_id = pipeline.aggregate(application, ORGANIZATION, "2024").snapshot_id
    application.snapshots.delete(snapshot_id, actor, None)
    return snapshot_id


def test_sessions_share_one_read_of_who_deleted(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    by_person, by_channel = delete_as(application, "Kari"), delete_as(application, "api")
    futures: list[Future[Any]] = []
    submit = application.read_executor.submit

    def record(*args: Any) -> Future[Any]:
        futures.append(submit(*args))
        return futures[-1]

    monkeypatch.setattr(application.read_executor, "submit", record)

    async def scenario() -> None:
        authors = DeletionAuthors(AppContext.from_application(application, assets.load_assets()))
        found = await asyncio.gather(*(authors.find(each) for each in (by_person, by_person, by_channel, by_person)))
        assert found == ["Kari", "Kari", None, "Kari"]
        assert len(futures) == 2
        assert await authors.find(by_person) == "Kari"

    asyncio.run(asyncio.wait_for(scenario(), 30))
