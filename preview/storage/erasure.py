"""Delete all rows of an organisation from every table. A test compares the table lists with the schema."""

from preview.core.ids import format_delivery_id
from preview.storage.cases import CONTENT_TABLES
from preview.storage.database import Connection

_SOURCE_TABLES = (*CONTENT_TABLES, "sak_id", "sak", "import_lock")
_ORGANIZATION_TABLES = (
    "source",
    "figure",
    "figure_version",
    "snapshot",
    "job",
    "scheduled_aggregation",
    "deleted_period",
    "audit",
    "delivery_organization",
    "kommune",
    "organization",
)


def organization_exists(connection: Connection, organization_id: str) -> bool:
    """Return whether there is such an organisation."""
    return (
        connection.execute("SELECT 1 FROM organization WHERE organization_id = ?", (organization_id,)).fetchone()
        is not None
    )


def delete_organization(connection: Connection, organization_id: str) -> None:
    """Delete all rows of an organisation but its events.

    Of a delivery that has other organisations too, all findings are deleted: they do not name an organisation.
    """
    parameters = (organization_id,)
    deliveries = connection.execute(
        "SELECT delivery FROM delivery_organization WHERE organization_id = ?", parameters
    ).fetchall()
    sole_deliveries = [
        (number,)
        for (number,) in deliveries
        if connection.execute("SELECT count(*) FROM delivery_organization WHERE delivery = ?", (number,)).fetchone()[0]
        == 1
    ]
    for table in _SOURCE_TABLES:
        connection.execute(
            f"DELETE FROM {table} WHERE source IN (SELECT source FROM source WHERE organization_id = ?)", parameters
        )
    connection.executemany("DELETE FROM finding WHERE delivery = ?", deliveries)
    connection.executemany(
        "UPDATE delivery SET finding_count = 0, errors = 0, warnings = 0, notices = 0 WHERE delivery = ?", deliveries
    )
    for table in _ORGANIZATION_TABLES:
        connection.execute(f"DELETE FROM {table} WHERE organization_id = ?", parameters)
    connection.executemany("DELETE FROM delivery WHERE delivery = ?", sole_deliveries)
    _delete_stored_responses(connection, organization_id, [number for (number,) in sole_deliveries])


def delete_events(connection: Connection, organization_id: str) -> None:
    """Delete the organisation's events. Ids are not reused, and events of other organisations keep theirs."""
    connection.execute("DELETE FROM event WHERE organization_id = ?", (organization_id,))


def _delete_stored_responses(connection: Connection, organization_id: str, deliveries: list[int]) -> None:
    """Delete stored POST responses that name the organisation or one of its deliveries."""
    organization_pattern = f'"organization_id":"{organization_id}"'.encode()
    connection.execute("DELETE FROM idempotency WHERE instr(response_body, ?) > 0", (organization_pattern,))
    delivery_patterns = [(f'"delivery_id":"{format_delivery_id(number)}"'.encode(),) for number in deliveries]
    connection.executemany("DELETE FROM idempotency WHERE instr(response_body, ?) > 0", delivery_patterns)
