"""Servers for scenarios: with a worker, without one (`idle`), and with automatic aggregation (`automatic`)."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from preview.core.periods import Period
from preview.runtime.application import Application
from tests.api_handlers.in_process_server import InProcessServer, run_in_process_server
from tests.support.pipeline import open_application

HEARTBEAT_SECONDS = 0.05
"""Each heartbeat sends the position of a filtered stream, for which the tests wait."""


class ScenarioServer:
    """A server and the worker on its store."""

    def __init__(self, server: InProcessServer, has_worker: bool) -> None:
        self.server = server
        self._has_worker = has_worker

    def run_with_worker(self, action: Callable[[Application], None]) -> None:
        """Run an action with an application that has a worker: the server's own, or another on the same store."""
        if self._has_worker:
            action(self.server.application)
            return
        with open_application(self.server.application.settings.data_dir) as other:
            action(other)


@pytest.fixture(scope="session")
def scenario_servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Callable[[str], ScenarioServer]]:
    """Return a function that returns the server of a kind; each is started once."""
    started: dict[str, ScenarioServer] = {}
    contexts = []

    def get_server(kind: str) -> ScenarioServer:
        if kind not in started:
            folder: Path = tmp_path_factory.mktemp(kind)
            automatic: dict[str, Any] = (
                {"auto_aggregate": True, "auto_quiet_seconds": 0.0, "open_periods": (Period(2024),)}
                if kind == "automatic"
                else {}
            )
            context = run_in_process_server(
                folder, with_worker=kind != "idle", heartbeat_seconds=HEARTBEAT_SECONDS, **automatic
            )
            started[kind] = ScenarioServer(context.__enter__(), kind != "idle")
            contexts.append(context)
        return started[kind]

    yield get_server
    for context in contexts:
        context.__exit__(None, None, None)
