"""Comments on reports and their fields."""

import msgspec

from preview.storage.database import Connection


class CommentRow(msgspec.Struct, frozen=True):
    """A comment; `field_key` is null for the whole report, the last two unless it was resolved."""

    comment: int
    organization_id: str
    period_id: str
    field_key: str | None
    text: str
    author: str
    created_at: str
    edited_at: str | None
    resolved_by: str | None
    resolved_at: str | None


_COLUMNS = ", ".join(CommentRow.__struct_fields__)
_OF_REPORT = "organization_id = ? AND period_id = ?"


def insert(
    connection: Connection,
    organization_id: str,
    period_id: str,
    *,
    field_key: str | None,
    text: str,
    author: str,
    at: str,
) -> int:
    """Insert a comment and return its number."""
    cursor = connection.execute(
        """INSERT INTO comment (organization_id, period_id, field_key, text, author, created_at)
        VALUES (?, ?, ?, ?, ?, ?)""",
        (organization_id, period_id, field_key, text, author, at),
    )
    return int(cursor.lastrowid or 0)


def find(connection: Connection, organization_id: str, period_id: str, number: int) -> CommentRow | None:
    """Return a comment of the report, or None if it has no such comment."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM comment WHERE {_OF_REPORT} AND comment = ?", (organization_id, period_id, number)
    ).fetchone()
    return CommentRow(*row) if row else None


def page(
    connection: Connection, organization_id: str, period_id: str, limit: int, offset: int
) -> tuple[list[CommentRow], int]:
    """Return one page of the report's comments, oldest first, and the number of all."""
    key = (organization_id, period_id)
    (total,) = connection.execute(f"SELECT count(*) FROM comment WHERE {_OF_REPORT}", key).fetchone()
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM comment WHERE {_OF_REPORT} ORDER BY comment LIMIT ? OFFSET ?", (*key, limit, offset)
    )
    return [CommentRow(*row) for row in rows.fetchall()], total


def newest(connection: Connection, organization_id: str, period_id: str, limit: int) -> list[CommentRow]:
    """Return the newest comments of the report, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM comment WHERE {_OF_REPORT} ORDER BY comment DESC LIMIT ?",
        (organization_id, period_id, limit),
    )
    return [CommentRow(*row) for row in reversed(rows.fetchall())]


def counts(connection: Connection, organization_id: str, period_id: str) -> tuple[int, int]:
    """Return the number of the report's comments, and of those that are not resolved."""
    total, resolved = connection.execute(
        f"SELECT count(*), count(resolved_at) FROM comment WHERE {_OF_REPORT}", (organization_id, period_id)
    ).fetchone()
    return total, total - resolved


def set_text(connection: Connection, number: int, text: str, at: str) -> None:
    """Replace the text of a comment."""
    connection.execute("UPDATE comment SET text = ?, edited_at = ? WHERE comment = ?", (text, at, number))


def set_resolved(connection: Connection, number: int, resolved_by: str | None, at: str | None) -> None:
    """Set who has resolved a comment and when, or None and None if it is open again."""
    connection.execute(
        "UPDATE comment SET resolved_by = ?, resolved_at = ? WHERE comment = ?", (resolved_by, at, number)
    )


def delete(connection: Connection, number: int) -> None:
    """Delete a comment."""
    connection.execute("DELETE FROM comment WHERE comment = ?", (number,))
