"""Commands that are imported when they run: the list of them agrees with the commands, and starting one is cheap."""

import importlib
import subprocess
import sys

import pytest

from preview.cli.commands import LAZY_COMMANDS
from tests.support.server_process import REPOSITORY

HEAVY_MODULES = ("panel", "bokeh", "numpy", "lxml", "sqlite_utils", "tornado", "preview.runtime.application")


@pytest.mark.parametrize("name", LAZY_COMMANDS)
def test_listed_help_is_that_of_the_command(name: str) -> None:
    lazy = LAZY_COMMANDS[name]
    command = getattr(importlib.import_module(lazy.module), lazy.attribute)
    assert (command.name, command.get_short_help_str(limit=1000)) == (name, lazy.short_help)


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [(["--help"], ()), (["--version"], ()), (["list", "--help"], ("lxml", "sqlite_utils", HEAVY_MODULES[-1]))],
)
def test_command_imports_nothing_that_it_does_not_need(arguments: list[str], allowed: tuple[str, ...]) -> None:
    code = (
        "import sys, app\ntry:\n    app.main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY_MODULES!r} if name in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    imported = process.stdout.splitlines()[-1]
    assert [name for name in HEAVY_MODULES if repr(name) in imported and name not in allowed] == []
