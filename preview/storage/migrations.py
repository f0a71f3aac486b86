"""Brings the store's schema up to date: each file under schema/ once, in order, inside the caller's transaction."""

from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlite_utils.migrations import Migrations

from preview.core.errors import StoreError

if TYPE_CHECKING:
    import sqlite_utils


def _split_statements(script: str, is_complete: Callable[[str], bool]) -> list[str]:
    """One by one, as `executescript` would commit the transaction around it."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if is_complete(pending):
            statements.append(pending)
            pending = ""
    return statements


def _load_scripts() -> dict[str, str]:
    """The schema's files by name, in order."""
    folder = files("preview.storage").joinpath("schema")
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8") for file in sorted(folder.iterdir(), key=lambda file: file.name)
    }


def migrate(db: "sqlite_utils.Database", is_complete: Callable[[str], bool]) -> None:
    """`is_complete` tells whether a text is whole statements. Raises `StoreError` where the store has migrations that this program does not know."""
    migrations = Migrations("bufdir-preview")
    scripts = _load_scripts()
    for name, script in scripts.items():

        def apply(db: "sqlite_utils.Database", script: str = script) -> None:
            for statement in _split_statements(script, is_complete):
                db.execute(statement)

        migrations(name=name)(apply)
    if newer := {applied.name for applied in migrations.applied(db)} - set(scripts):
        raise StoreError(
            f"The store is newer than this program ({', '.join(sorted(newer))}): use the program that wrote it, or a later one."
        )
    migrations.apply(db)
