"""Apply the schema's migrations: each file under schema/ once, in order of name, inside the caller's transaction.

sqlite-utils records the applied ones by file name. A file that was released must not change, comments excepted.
"""

from collections.abc import Callable
from importlib.resources import files

from preview.core.errors import StoreError
from preview.storage.sqlite import Migrations, SqliteUtils


def _split_statements(script: str, is_complete: Callable[[str], bool]) -> list[str]:
    """Return the statements of a script one by one: `executescript` would commit the surrounding transaction."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if is_complete(pending):
            statements.append(pending)
            pending = ""
    return statements


def _load_scripts() -> dict[str, str]:
    """Return the text of the schema's files by name without suffix, in order."""
    folder = files("preview.storage").joinpath("schema")
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
    }


def migrate(db: SqliteUtils, is_complete: Callable[[str], bool]) -> None:
    """Bring the schema up to date.

    Args:
        db: The database, inside a write transaction.
        is_complete: Tells whether a text consists of whole statements (`sqlite3.complete_statement`).

    Raises:
        StoreError: If the store has migrations that this program does not know.
    """
    migrations = Migrations("bufdir-preview")
    scripts = _load_scripts()
    for name, script in scripts.items():

        def apply(db: SqliteUtils, script: str = script) -> None:
            for statement in _split_statements(script, is_complete):
                db.execute(statement)

        migrations(name=name)(apply)
    if newer := {applied.name for applied in migrations.applied(db)} - set(scripts):
        raise StoreError(
            f"The store is newer than this program ({', '.join(sorted(newer))}). "
            "Use the program that wrote it, or a later one."
        )
    migrations.apply(db)


def migration_names() -> list[str]:
    """Return the names of all migrations, in order."""
    return list(_load_scripts())
