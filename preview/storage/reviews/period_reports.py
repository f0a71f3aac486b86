"""The newest completed reports of one period, with the values of each, and the organisations that may have one."""

import msgspec

from preview.storage.database import Connection
from preview.storage.removal.erasure import NOT_BEING_ERASED

MUNICIPALITY_NUMBERS = """
    coalesce(
        (SELECT group_concat(kommunenummer) FROM kommune
            WHERE kommune.organization_id = organization.organization_id),
        (SELECT group_concat(DISTINCT kommunenummer)
            FROM organization AS other JOIN kommune ON kommune.organization_id = other.organization_id
            WHERE other.organisasjonsnummer = organization.organisasjonsnummer),
        '')"""
"""SQL of the numbers of the municipalities of an `organization`, which a comma separates.

A bydel that has delivered nothing has those of the other bydeler with its organisation number.
"""


class PeriodReportRow(msgspec.Struct, frozen=True):
    """The newest completed report of an organisation in a period; `field_values` is JSON by key, auxiliaries too."""

    organization_id: str
    snapshot: int
    review_status: str
    provisional: int
    field_values: str


class ServiceRow(msgspec.Struct, frozen=True):
    """An organisation with the numbers of its municipalities (`MUNICIPALITY_NUMBERS`)."""

    organization_id: str
    organization_name: str
    listed: int
    municipality_numbers: str


def reports(connection: Connection, period_order: str) -> list[PeriodReportRow]:
    """Return the newest completed report of each organisation in a period, ordered by organisation.

    Args:
        connection: A transaction.
        period_order: Place of the period among all (`Period.sort_key`).
    """
    rows = connection.execute(
        f"""SELECT organization_id, snapshot, review_status, provisional,
            (SELECT json_group_object(field_key, value) FROM snapshot_value
                WHERE snapshot_value.snapshot = review.snapshot)
        FROM review WHERE period_order = ? AND {NOT_BEING_ERASED} ORDER BY organization_id""",
        (period_order,),
    )
    return [PeriodReportRow(*row) for row in rows.fetchall()]


def services(connection: Connection) -> list[ServiceRow]:
    """Return every organisation that is not being erased, ordered by id."""
    rows = connection.execute(
        f"""SELECT organization_id, organization_name, listed,
            {MUNICIPALITY_NUMBERS}
        FROM organization WHERE {NOT_BEING_ERASED} ORDER BY organization_id"""
    )
    return [ServiceRow(*row) for row in rows.fetchall()]


def deviations(connection: Connection, period_order: str) -> list[tuple[str, int, str]]:
    """Return the organisation, the number of the snapshot and the stored deviations, as JSON, of each newest completed
    report of a period, ordered by organisation.

    Reports without deviations are left out.

    Args:
        connection: A transaction.
        period_order: Place of the period among all (`Period.sort_key`).
    """
    rows = connection.execute(
        f"""SELECT review.organization_id, review.snapshot, deviations
        FROM review JOIN snapshot ON snapshot.snapshot = review.snapshot
        WHERE review.period_order = ? AND deviations <> '[]' AND review.{NOT_BEING_ERASED}
        ORDER BY review.organization_id""",
        (period_order,),
    )
    return [tuple(row) for row in rows.fetchall()]
