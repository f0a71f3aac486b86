"""The servers on which scenarios play: one that works, one that leaves jobs and deliveries to others, one that aggregates by itself."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from preview.core.periods import Period
from preview.runtime.application import Application
from tests.api_handlers.in_process_server import Served, serving
from tests.support.pipeline import opened

HEARTBEAT_SECONDS = 0.05
"""A filtered stream tells its place with each: the tests wait for it."""


class Stage:
    """A server, and who does the work on its store."""

    def __init__(self, served: Served, works: bool) -> None:
        self.served = served
        self._works = works

    def work(self, do: Callable[[Application], None]) -> None:
        """With an application whose worker runs; where the server's does not, with another on the same store, as another process has."""
        if self._works:
            do(self.served.application)
            return
        with opened(self.served.application.settings.data_dir) as other:
            do(other)


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Generator[Callable[[str], Stage]]:
    """By kind, started when first asked for."""
    started: dict[str, Stage] = {}
    running = []

    def stage(kind: str) -> Stage:
        if kind not in started:
            folder: Path = tmp_path_factory.mktemp(kind)
            automatic = {"auto_aggregate": True, "auto_quiet_seconds": 0.0, "open_periods": (Period(2024),)} if kind == "automatic" else {}
            context = serving(folder, works=kind != "idle", heartbeat_seconds=HEARTBEAT_SECONDS, **automatic)
            started[kind] = Stage(context.__enter__(), kind != "idle")
            running.append(context)
        return started[kind]

    yield stage
    for context in running:
        context.__exit__(None, None, None)
