"""What tests of the pipeline share."""

from collections.abc import Generator
from pathlib import Path

import pytest

from preview.runtime.application import Application
from tests.builders.services import SampleService
from tests.support.pipeline import open_application


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """One at work for the tests of a file, each with a service of its own; it aggregates nothing by itself."""
    folder: Path = tmp_path_factory.mktemp("application")
    with open_application(folder) as started:
        yield started


@pytest.fixture
def service() -> SampleService:
    """One that nothing is known of yet."""
    return SampleService()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder to be watched."""
    folder = tmp_path / "innboks"
    folder.mkdir()
    return folder
