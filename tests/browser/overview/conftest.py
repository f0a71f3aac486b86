"""A server with a service in every state, its overview, live, and what undoes the changes of a test."""

from collections.abc import Generator, Sequence

import pytest
from playwright.sync_api import Page

from tests.browser.support import overview_fixtures
from tests.browser.support.overview_page import open_overview
from tests.support.server_process import Server, running_server


@pytest.fixture(scope="module")
def reported_periods() -> Sequence[str]:
    """The periods that have reports; a module may define others."""
    return ("2024",)


@pytest.fixture(scope="module")
def states_server(tmp_path_factory: pytest.TempPathFactory, reported_periods: Sequence[str]) -> Generator[Server]:
    """Run a server with a service in every state, without automatic aggregation."""
    data_dir = tmp_path_factory.mktemp("states_server") / "data"
    data_dir.mkdir()
    overview_fixtures.fill(data_dir, reported_periods)
    with running_server(data_dir, environment=overview_fixtures.NO_AUTO_AGGREGATE) as server:
        yield server


@pytest.fixture
def restored(states_server: Server) -> Generator[None]:
    """Restore the services that the test has changed. Set up before the page, which would show each step otherwise."""
    with overview_fixtures.restored(states_server.data_dir):
        yield


@pytest.fixture
def overview(states_server: Server, page: Page) -> Page:
    """Open the overview of 2024, live."""
    return open_overview(page, states_server)
