"""Supplementary figures: values that cases do not supply (rule 6.1, docs/domain.md)."""

from preview.storage.database import Connection


def figures(connection: Connection, organization_id: str, period_id: str) -> dict[str, tuple[float, str]]:
    """Return (value, data source) by field key."""
    rows = connection.execute(
        "SELECT field_key, value, data_source FROM figure WHERE organization_id = ? AND period_id = ?",
        (organization_id, period_id),
    )
    return {key: (value, source) for key, value, source in rows.fetchall()}


def versions(connection: Connection, organization_id: str) -> dict[str, int]:
    """Return the version of the figures by `period_id`; a period without figures has no entry."""
    return dict(
        connection.execute(
            "SELECT period_id, version FROM figure_version WHERE organization_id = ?", (organization_id,)
        ).fetchall()
    )


def set_figure(
    connection: Connection, organization_id: str, period_id: str, field_key: str, value: float | None, data_source: str
) -> bool:
    """Set a figure, or delete it if `value` is None. A change raises the version of the period's figures.

    Returns:
        Whether anything changed.
    """
    key = (organization_id, period_id, field_key)
    stored = connection.execute(
        "SELECT value, data_source FROM figure WHERE organization_id = ? AND period_id = ? AND field_key = ?", key
    ).fetchone()
    if stored == (None if value is None else (value, data_source)):
        return False
    if value is None:
        connection.execute("DELETE FROM figure WHERE organization_id = ? AND period_id = ? AND field_key = ?", key)
    else:
        connection.execute(
            """INSERT INTO figure (organization_id, period_id, field_key, value, data_source) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (organization_id, period_id, field_key)
            DO UPDATE SET value = excluded.value, data_source = excluded.data_source""",
            (*key, value, data_source),
        )
    connection.execute(
        """INSERT INTO figure_version (organization_id, period_id, version) VALUES (?, ?, 1)
        ON CONFLICT (organization_id, period_id) DO UPDATE SET version = version + 1""",
        (organization_id, period_id),
    )
    return True
