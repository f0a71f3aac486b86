"""Acknowledgements: the deviations of reports that a person has found right as they are."""

import msgspec

from preview.storage.database import Connection


class AcknowledgementRow(msgspec.Struct, frozen=True, kw_only=True):
    """An acknowledgement. `named_values` is what the deviation said then; `field_key` is `-` for the whole report."""

    organization_id: str
    period_id: str
    rule_id: str
    field_key: str
    reason: str
    acknowledged_by: str
    acknowledged_at: str
    named_values: str


_COLUMNS = ", ".join(AcknowledgementRow.__struct_fields__)


def upsert(connection: Connection, row: AcknowledgementRow) -> None:
    """Insert an acknowledgement, or replace the one of the same deviation."""
    placeholders = ", ".join("?" * len(AcknowledgementRow.__struct_fields__))
    connection.execute(
        f"""INSERT INTO acknowledgement ({_COLUMNS}) VALUES ({placeholders})
        ON CONFLICT (organization_id, period_id, rule_id, field_key) DO UPDATE SET reason = excluded.reason,
            acknowledged_by = excluded.acknowledged_by, acknowledged_at = excluded.acknowledged_at,
            named_values = excluded.named_values""",
        msgspec.structs.astuple(row),
    )


def delete(connection: Connection, organization_id: str, period_id: str, rule_id: str, field_key: str) -> bool:
    """Delete an acknowledgement, and return whether there was one."""
    cursor = connection.execute(
        "DELETE FROM acknowledgement WHERE organization_id = ? AND period_id = ? AND rule_id = ? AND field_key = ?",
        (organization_id, period_id, rule_id, field_key),
    )
    return cursor.rowcount > 0


def list_for_organization(connection: Connection, organization_id: str) -> list[AcknowledgementRow]:
    """Return the acknowledgements of an organisation, in the order of their keys."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM acknowledgement WHERE organization_id = ? ORDER BY period_id, rule_id, field_key",
        (organization_id,),
    )
    return [AcknowledgementRow(**dict(zip(AcknowledgementRow.__struct_fields__, row, strict=True))) for row in rows]


def list_for_field(connection: Connection, period_order: str, field_key: str) -> list[AcknowledgementRow]:
    """Return the acknowledgements of deviations of a field in all reports of a period.

    Args:
        connection: A transaction.
        period_order: Place of the period among all (`Period.sort_key`).
        field_key: The field.
    """
    columns = ", ".join(f"acknowledgement.{name}" for name in AcknowledgementRow.__struct_fields__)
    rows = connection.execute(
        f"""SELECT {columns} FROM review JOIN acknowledgement
            ON acknowledgement.organization_id = review.organization_id
                AND acknowledgement.period_id = review.period_id
        WHERE review.period_order = ? AND field_key = ?""",
        (period_order, field_key),
    )
    return [AcknowledgementRow(**dict(zip(AcknowledgementRow.__struct_fields__, row, strict=True))) for row in rows]
