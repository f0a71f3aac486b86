"""Apply migrations with sqlite-utils, which records each by name. Imported only where there is one to apply."""

import sys
from collections.abc import Mapping

from preview.storage.sqlite import Connection, is_complete_statement

# sqlite-utils imports pandas and numpy if they are installed (Panel depends on them), which would triple the time that
# it takes. The import is blocked meanwhile: neither data frames nor arrays are stored here.
_BLOCKED = {"pandas", "numpy"} - sys.modules.keys()
for name in _BLOCKED:
    sys.modules[name] = None  # pyright: ignore[reportArgumentType]
try:
    from sqlite_utils import Database as SqliteUtils
    from sqlite_utils.migrations import Migrations
finally:
    for name in _BLOCKED:
        del sys.modules[name]


def apply_scripts(connection: Connection, migration_set: str, scripts: Mapping[str, str]) -> None:
    """Apply the scripts that a store lacks.

    Args:
        connection: A connection inside a write transaction.
        migration_set: The name under which applied ones are recorded.
        scripts: SQL by name of the migration, in order.
    """
    migrations = Migrations(migration_set)
    for name, script in scripts.items():

        def apply(db: SqliteUtils, script: str = script) -> None:
            for statement in _split_statements(script):
                db.execute(statement)

        migrations(name=name)(apply)
    migrations.apply(SqliteUtils(connection))


def _split_statements(script: str) -> list[str]:
    """Return the statements of a script one by one: `executescript` would commit the surrounding transaction."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if is_complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements
