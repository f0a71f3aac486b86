"""Imports go one way: app -> components, api_handlers -> preview, and down the list of preview's packages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source_files import imported_names, is_in_package, read_source, source_files

PACKAGES = (
    ("cli", "demo"),
    ("runtime",),
    ("views",),
    ("totals",),
    ("ingest",),
    ("maintenance",),
    ("activity",),
    ("reviews",),
    ("reports",),
    ("events",),
    ("i18n",),
    ("storage",),
    ("parsing",),
    ("form",),
    ("model",),
    ("core",),
)
"""Packages of `preview`, from the top down. A package may import itself and those below it; packages of one line may
import each other in one direction.
"""

PRESENTATION = ("tornado", "panel", "bokeh", "param", "app", "components", "api_handlers")
SQLITE = ("sqlite3", "pysqlite3", "sqlite_utils.utils.sqlite3")
SQLITE_MODULE = Path("preview/storage/sqlite.py")
MAX_FILES = 22
FILE_LIMITS = {"preview/parsing": 26}


def forbidden_for(path: Path) -> Iterator[str]:
    """Yield the packages that a file must not import."""
    if path.parts[0] == "api_handlers":
        yield from ("app", "components", "panel", "bokeh", "sqlite_utils")
    if path.parts[0] == "components":
        yield from ("app", "api_handlers", "sqlite_utils")
    if path.parts[0] == "preview":
        yield from PRESENTATION
        levels = [level for level, packages in enumerate(PACKAGES) if path.parts[1] in packages]
        yield from (f"preview.{package}" for level in levels for packages in PACKAGES[:level] for package in packages)
    if not path.is_relative_to("preview/storage"):
        yield "sqlite_utils"
    if path != SQLITE_MODULE:
        yield from SQLITE


def forbidden_imports(path: Path, code: str) -> list[str]:
    """Return the imports that a file must not have, with their lines."""
    forbidden = list(forbidden_for(path))
    found = imported_names(ast.parse(code))
    return [
        f"{path}:{line} imports {name}"
        for line, name in found
        if any(is_in_package(name, package) for package in forbidden)
    ]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("components/preview/page.py", "from api_handlers.base import ApiHandler"),
        ("api_handlers/watch.py", "import components.server"),
        ("api_handlers/watch.py", "import app"),
        ("preview/events/dispatcher.py", "from tornado import ioloop"),
        ("preview/reports/job_queue.py", "def late():\n    import panel as pn"),
        ("preview/reports/job_queue.py", "from components import server"),
        ("preview/parsing/barnevern.py", "from preview.ingest import deliveries"),
        ("preview/form/catalogue.py", "from preview.reports.job_queue import JobQueue"),
        ("preview/storage/cases.py", "import preview.reports.snapshots"),
        ("preview/core/settings.py", "from preview.model.limits import Limits"),
        ("preview/events/log.py", "if TYPE_CHECKING:\n    from preview.reports import status"),
        ("preview/storage/cases.py", "import sqlite3"),
        ("preview/storage/cases.py", "from sqlite_utils.utils import sqlite3"),
        ("preview/reports/job_queue.py", "from sqlite_utils import Database"),
        ("app.py", "import pysqlite3"),
    ],
)
def test_forbidden_import_is_found(path: str, code: str) -> None:
    assert forbidden_imports(Path(path), code)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (
            "app.py",
            (
                "import components.server\nfrom api_handlers import routes\n"
                "from preview.runtime.application import Application"
            ),
        ),
        ("preview/storage/sqlite.py", "from sqlite_utils.utils import sqlite3"),
        ("preview/reports/job_queue.py", "from preview.storage.jobs import claim\nimport paramiko"),
    ],
)
def test_allowed_import_passes(path: str, code: str) -> None:
    assert forbidden_imports(Path(path), code) == []


def test_imports_go_one_way() -> None:
    files = source_files(".py")
    assert files
    assert [fault for path in files for fault in forbidden_imports(path, read_source(path))] == []


def test_tests_open_the_store_with_the_programs_own_sqlite() -> None:
    """Another copy of the library would take the program's locks from it, and cut off the index that it has in memory:
    its process then ends with a bus error.
    """
    other_copies = ("sqlite3", "pysqlite3")
    assert is_in_package("sqlite3.dbapi2", other_copies[0])
    sources = {path: read_source(path) for path in source_files(".py", within=("tests",))}
    imports = {path: imported_names(ast.parse(code)) for path, code in sources.items() if "sqlite3" in code}
    assert [
        f"{path}:{line} imports {name}"
        for path, names in imports.items()
        for line, name in names
        if any(is_in_package(name, copy) for copy in other_copies)
    ] == []


def test_every_package_of_preview_has_its_level() -> None:
    known = {package for packages in PACKAGES for package in packages}
    assert {
        path.parts[1] for path in source_files(".py") if path.parts[0] == "preview" and len(path.parts) > 2
    } == known


def module_name(path: Path) -> str:
    """Return the dotted name under which a file is imported."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def mutual_imports(codes: dict[str, str]) -> list[tuple[str, str]]:
    """Return the pairs of modules that import each other, given each module's code by its name."""
    imports = {name: {found for _, found in imported_names(ast.parse(code))} for name, code in codes.items()}

    def depends(one: str, other: str) -> bool:
        return one != other and any(found == other or found.rpartition(".")[0] == other for found in imports[one])

    return [
        (one, other)
        for one in imports
        for other in imports
        if one < other and depends(one, other) and depends(other, one)
    ]


def test_mutual_import_is_found() -> None:
    assert mutual_imports({"a.b": "from a.c import x", "a.c": "if TYPE_CHECKING:\n    from a.b import y"}) == [
        ("a.b", "a.c")
    ]
    assert mutual_imports({"a.b": "from a.c import x", "a.c": "import a.d", "a.d": ""}) == []


def test_no_two_modules_import_each_other() -> None:
    assert mutual_imports({module_name(path): read_source(path) for path in source_files(".py")}) == []


def test_folders_are_within_their_file_limit() -> None:
    counts: dict[str, int] = {}
    for path in source_files(
        ".py", ".js", ".html", ".css", ".toml", ".sql", ".svg", within=("preview", "api_handlers", "components")
    ):
        if path.name != "__init__.py":
            counts[str(path.parent)] = counts.get(str(path.parent), 0) + 1
    assert counts
    assert {folder: count for folder, count in counts.items() if count > FILE_LIMITS.get(folder, MAX_FILES)} == {}
