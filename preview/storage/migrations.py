"""Apply the schema's migrations: each file under schema/ once, in order of name, inside the caller's transaction.

A file that was released must not change, comments excepted.
"""

from pathlib import Path

from preview.core.errors import StoreError
from preview.storage.sqlite import Connection

MIGRATION_SET = "bufdir-preview"
"""The name under which sqlite-utils records the migrations of this program."""

_SCHEMA_DIR = Path(__file__).parent / "schema"


def migrate(connection: Connection) -> None:
    """Bring the schema up to date.

    Args:
        connection: A connection inside a write transaction.

    Raises:
        StoreError: If the store has migrations that this program does not know.
    """
    names, applied = migration_names(), applied_migrations(connection)
    if newer := applied.difference(names):
        raise StoreError(
            f"The store is newer than this program ({', '.join(sorted(newer))}). "
            "Use the program that wrote it, or a later one."
        )
    if applied.issuperset(names):
        return
    # Imported only when there is something to apply: that takes as long as all else that opens a store.
    from preview.storage.schema.update import apply_scripts

    scripts = {name: (_SCHEMA_DIR / f"{name}.sql").read_text(encoding="utf-8") for name in names}
    apply_scripts(connection, MIGRATION_SET, scripts)


def migration_names() -> list[str]:
    """Return the names of all migrations, in order: those of the schema's files, without suffix."""
    return sorted(file.stem for file in _SCHEMA_DIR.glob("*.sql"))


def applied_migrations(connection: Connection) -> set[str]:
    """Return the names of the migrations that a store has; none if it is no store yet."""
    exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone()
    if not exists:
        return set()
    query = "SELECT name FROM _sqlite_migrations WHERE migration_set = ?"
    return {row[0] for row in connection.execute(query, (MIGRATION_SET,)).fetchall()}
