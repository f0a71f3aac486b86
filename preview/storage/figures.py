"""Supplementary figures: values that no case gives (`domain.md` 6.1)."""

from preview.storage.database import Connection


def figures(connection: Connection, organization_id: str, period_id: str) -> dict[str, tuple[float, str]]:
    """(value, data source) by field key."""
    rows = connection.execute(
        "SELECT field_key, verdi, data_source FROM figur WHERE organization_id = ? AND period_id = ?", (organization_id, period_id)
    )
    return {key: (verdi, source) for key, verdi, source in rows.fetchall()}


def versions(connection: Connection, organization_id: str) -> dict[str, int]:
    """The figures' version by period; a period without has none."""
    return dict(connection.execute("SELECT period_id, versjon FROM figurversjon WHERE organization_id = ?", (organization_id,)).fetchall())


def put_figure(connection: Connection, organization_id: str, period_id: str, field_key: str, verdi: float | None, data_source: str) -> bool:
    """Puts the figure, or takes it away where `verdi` is None. True where that changed something; then the version rises."""
    key = (organization_id, period_id, field_key)
    held = connection.execute(
        "SELECT verdi, data_source FROM figur WHERE organization_id = ? AND period_id = ? AND field_key = ?", key
    ).fetchone()
    if held == (None if verdi is None else (verdi, data_source)):
        return False
    if verdi is None:
        connection.execute("DELETE FROM figur WHERE organization_id = ? AND period_id = ? AND field_key = ?", key)
    else:
        connection.execute("INSERT OR REPLACE INTO figur VALUES (?, ?, ?, ?, ?)", (*key, verdi, data_source))
    connection.execute(
        "INSERT INTO figurversjon VALUES (?, ?, 1) ON CONFLICT (organization_id, period_id) DO UPDATE SET versjon = versjon + 1",
        (organization_id, period_id),
    )
    return True
