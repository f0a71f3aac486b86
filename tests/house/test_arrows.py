"""Imports point one way (design, "The house"): app -> components, api_handlers -> preview's nouns -> form, readers, store."""

import ast
from pathlib import Path

import pytest

from tests.house.sources import imported, sources, text, under

SCREEN = ("tornado", "panel", "bokeh", "param", "app", "preview.runtime.sockets", "components", "api_handlers")
NOUNS = (
    "application",
    "organizations",
    "deliveries",
    "snapshots",
    "jobs",
    "events",
    "worker",
    "feed",
    "inbox",
    "forgetting",
    "retention",
    "explaining",
    "checking",
    "reporting",
    "exports",
    "demo",
    "cli",
)
ABOVE_THE_STORE = tuple(f"preview.{noun}" for noun in NOUNS)

# What a folder's files must not import; the nearest folder that is listed decides, and all above it.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "api_handlers": ("app", "preview.runtime.sockets", "components", "panel", "bokeh", "sqlite_utils"),
    "components": ("app", "preview.runtime.sockets", "api_handlers", "sqlite_utils"),
    "preview": SCREEN,
    "preview/form": (*ABOVE_THE_STORE, "preview.parsing"),
    "preview/readers": (*ABOVE_THE_STORE, "preview.form", "preview.storage"),
    "preview/store": ABOVE_THE_STORE,
}
SQLITE = ("sqlite3", "pysqlite3", "sqlite_utils.utils.sqlite3")
DATABASE = Path("preview/storage/database.py")


def against_the_arrows(path: Path, code: str) -> list[str]:
    """The imports of a file that its place forbids."""
    forbidden = [name for folder, names in FORBIDDEN.items() if path.is_relative_to(folder) for name in names]
    if not path.is_relative_to("preview/store"):
        forbidden += ["sqlite_utils"]
    if path != DATABASE:
        forbidden += SQLITE
    found = imported(ast.parse(code))
    return [f"{path}:{line} imports {name}" for line, name in found if any(under(name, package) for package in forbidden)]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("components/preview.py", "from api_handlers.base import Handler"),
        ("api_handlers/watch.py", "import components.setup"),
        ("api_handlers/watch.py", "import app"),
        ("preview/events/dispatcher.py", "from tornado import ioloop"),
        ("preview/reports/job_queue.py", "def late():\n    import panel as pn"),
        ("preview/reports/job_queue.py", "from components import setup"),
        ("preview/parsing/barnevern.py", "from preview import deliveries"),
        ("preview/form/catalogue.py", "from preview.reports.job_queue import Job"),
        ("preview/storage/cases.py", "import preview.reports.snapshots"),
        ("preview/storage/cases.py", "import sqlite3"),
        ("preview/storage/cases.py", "from sqlite_utils.utils import sqlite3"),
        ("preview/reports/job_queue.py", "from sqlite_utils import Database"),
        ("app.py", "import pysqlite3"),
    ],
)
def test_the_rule_bites(path: str, code: str) -> None:
    assert against_the_arrows(Path(path), code)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("app.py", "import components.setup\nfrom api_handlers import routes\nfrom preview.runtime.application import Application"),
        ("preview/storage/database.py", "from sqlite_utils.utils import sqlite3"),
        ("preview/reports/job_queue.py", "from preview.storage.jobs import claim\nimport paramiko"),
    ],
)
def test_the_rule_lets_pass(path: str, code: str) -> None:
    assert against_the_arrows(Path(path), code) == []


def test_imports_point_one_way() -> None:
    files = sources(".py")
    assert files
    assert [fault for path in files for fault in against_the_arrows(path, text(path))] == []
