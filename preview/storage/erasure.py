"""Takes all of an organisation out of every table. What each table holds of it, a test asks of the schema."""

from preview.storage.cases import TABLES
from preview.storage.database import Connection

_OF_ITS_SOURCES = (*TABLES, "sak_id", "sak", "lesing")
_OF_ITSELF = (
    "kilde",
    "figur",
    "figurversjon",
    "snapshot",
    "job",
    "due",
    "deleted_period",
    "audit",
    "delivery_organization",
    "kommune",
    "organization",
)


def is_known(connection: Connection, organization_id: str) -> bool:
    """Whether there is such an organisation."""
    return connection.execute("SELECT 1 FROM organization WHERE organization_id = ?", (organization_id,)).fetchone() is not None


def forget(connection: Connection, organization_id: str) -> None:
    """Everything but its events. Of a delivery that holds others' cases too, its findings go: nobody knows whose they are."""
    its = (organization_id,)
    deliveries = connection.execute("SELECT delivery FROM delivery_organization WHERE organization_id = ?", its).fetchall()
    alone = [
        (number,)
        for (number,) in deliveries
        if connection.execute("SELECT count(*) FROM delivery_organization WHERE delivery = ?", (number,)).fetchone()[0] == 1
    ]
    for table in _OF_ITS_SOURCES:
        connection.execute(f"DELETE FROM {table} WHERE kilde IN (SELECT kilde FROM kilde WHERE organization_id = ?)", its)
    connection.executemany("DELETE FROM finding WHERE delivery = ?", deliveries)
    connection.executemany("UPDATE delivery SET finding_count = 0 WHERE delivery = ?", deliveries)
    for table in _OF_ITSELF:
        connection.execute(f"DELETE FROM {table} WHERE organization_id = ?", its)
    connection.executemany("DELETE FROM delivery WHERE delivery = ?", alone)
    _forget_answers(connection, organization_id, [number for (number,) in alone])


def forget_events(connection: Connection, organization_id: str) -> None:
    """Its part of the log; the numbers are not used again, and the others' events keep theirs."""
    connection.execute("DELETE FROM event WHERE organization_id = ?", (organization_id,))


def _forget_answers(connection: Connection, organization_id: str, deliveries: list[int]) -> None:
    """First answers of POST that tell of it."""
    named = f'"organization_id":"{organization_id}"'.encode()
    connection.execute("DELETE FROM idempotency WHERE instr(answer, ?) > 0", (named,))
    told = [(f'"delivery_id":"dlv-{number:03}"'.encode(),) for number in deliveries]
    connection.executemany("DELETE FROM idempotency WHERE instr(answer, ?) > 0", told)
