"""Commands that are imported when they run: the list of them agrees with the commands, and starting one is cheap."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from preview.cli.commands import LAZY_COMMANDS
from preview.storage.sqlite import STORE_FILE
from tests.support.empty_store import copy_empty_store
from tests.support.server_process import REPOSITORY

HEAVY_MODULES = (
    "asyncio",
    "babel",
    "bokeh",
    "lxml",
    "multiprocessing",
    "numpy",
    "panel",
    "preview.runtime.application",
    "sqlite_utils",
    "tornado",
    "xlsxwriter",
)
"""Modules of which each takes a tenth of the time of such a command, or more."""

APPLICATION = ("asyncio", "babel", "multiprocessing", "preview.runtime.application")


@pytest.mark.parametrize("name", LAZY_COMMANDS)
def test_listed_help_is_that_of_the_command(name: str) -> None:
    lazy = LAZY_COMMANDS[name]
    command = getattr(importlib.import_module(lazy.module), lazy.attribute)
    assert (command.name, command.get_short_help_str(limit=1000)) == (name, lazy.short_help)


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], ()),
        (["--version"], ()),
        (["serve", "--print-settings"], ()),
        (["list"], ()),
        (["list", "--json"], ()),
        (["show", "snap-001"], ()),
        (["check-store"], ()),
        (["backup", "--help"], ()),
        (["demo-data", "--help"], ()),
        (["check", "--help"], ("babel", "multiprocessing")),
        (["import", "--help"], APPLICATION),
    ],
)
def test_command_imports_nothing_that_it_does_not_need(
    arguments: list[str], allowed: tuple[str, ...], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_empty_store(data_dir / STORE_FILE)
    monkeypatch.setenv("BUFDIR_PREVIEW_DATA_DIR", str(data_dir))
    code = (
        "import sys, app\ntry:\n    app.main()\nexcept SystemExit as end:\n    code = end.code\n"
        f"print(code, [name for name in {HEAVY_MODULES!r} if name in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    code, _, imported = process.stdout.splitlines()[-1].partition(" ")
    assert code == ("1" if "show" in arguments else "0"), process.stderr  # an empty store has no snapshot
    assert [name for name in HEAVY_MODULES if repr(name) in imported and name not in allowed] == []
