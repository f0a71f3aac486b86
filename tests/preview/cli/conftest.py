"""Fixtures of the tests of the command line."""

import logging
from collections.abc import Generator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from preview.cli.commands import build_cli
from tests.builders.services import SampleService
from tests.preview.cli.command_runner import DAY, CommandRunner, serve


@pytest.fixture
def run(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[CommandRunner]:
    """Run a command in an empty folder, on the store in `data_dir`, with additional environment variables."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setenv("BUFDIR_PREVIEW_DATA_DIR", str(data_dir))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def call(*arguments: str | Path, **environment: str) -> Result:
        return CliRunner().invoke(build_cli(serve), [str(argument) for argument in arguments], env=environment)

    yield call
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def service() -> SampleService:
    """A service without data."""
    return SampleService()


@pytest.fixture
def sent(tmp_path: Path, service: SampleService) -> Path:
    """A folder with three case files, one of them in a subfolder; each case has one melding in 2024."""
    folder = tmp_path / "sent"
    (folder / "more").mkdir(parents=True)
    for name, case in (("a.xml", 1), ("b.xml", 2), ("more/c.xml", 3)):
        (folder / name).write_bytes(service.folder(case, DAY, ["2024-03-01"]))
    return folder
