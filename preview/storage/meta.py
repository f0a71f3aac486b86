"""The `meta` table: facts about the store itself, as text by key."""

from preview.storage.database import Connection


def get(connection: Connection, key: str) -> str | None:
    """Return the value, or None if the key is not set."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def put(connection: Connection, key: str, value: str) -> None:
    """Set the value of a key."""
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def delete(connection: Connection, key: str) -> None:
    """Remove a key."""
    connection.execute("DELETE FROM meta WHERE key = ?", (key,))
