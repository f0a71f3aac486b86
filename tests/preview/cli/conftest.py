"""What tests of the command line share."""

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
    """Runs a command in an empty folder, on the store in `data_dir`; `environment` beside it."""
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
    """One that nothing is known of yet."""
    return SampleService()


@pytest.fixture
def sent(tmp_path: Path, service: SampleService) -> Path:
    """A folder with three cases of one melding each in 2024, in two files and a folder with a third."""
    folder = tmp_path / "sent"
    (folder / "more").mkdir(parents=True)
    for name, case in (("a.xml", 1), ("b.xml", 2), ("more/c.xml", 3)):
        (folder / name).write_bytes(service.folder(case, DAY, ["2024-03-01"]))
    return folder
