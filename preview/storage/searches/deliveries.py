"""Search of deliveries and of their findings."""

import json
from collections.abc import Collection
from typing import Literal, NamedTuple

from preview.model.findings import CHECK_PREFIX, UNCOUNTED_CODES, Finding, Severity
from preview.storage.database import Connection
from preview.storage.deliveries import DELIVERY_COLUMNS, DeliveryRow

SeverityFilter = Literal["refused", "error", "warning", "notice", "none"]

_SEVERITY_CONDITIONS: dict[SeverityFilter, str] = {
    "refused": "(delivery_status = 'refused' OR refused_files > 0)",
    "error": "errors > 0",
    "warning": "warnings > 0",
    "notice": "notices > 0",
    "none": "delivery_status = 'taken' AND finding_count = 0",
}
"""Conditions as the partial indexes of `delivery` have them (0013_delivery_search.sql)."""


# The files that a source's cases are held from. A 15F file has no fault of a case that is not of the same source year.
_HELD_FILES = """SELECT delivery, file FROM sak WHERE source = ? AND findings > 0 AND delivery IS NOT NULL
    UNION SELECT annual_file_delivery, annual_file FROM source WHERE source = ? AND annual_file IS NOT NULL"""
_IS_FAULT = f"""finding.code NOT GLOB '{CHECK_PREFIX}*'
    AND finding.code NOT IN ({", ".join(f"'{code}'" for code in UNCOUNTED_CODES)})"""


class SearchedDeliveries(NamedTuple):
    """The deliveries with one of some organisations, None for any organisation, and the one with a number."""

    organizations: Collection[str] | None
    number: int | None


class DeliveryConditions(NamedTuple):
    """What deliveries, and findings of them, must satisfy; None for no condition.

    Attributes:
        number: The delivery has this number.
        organization_id: This organisation is in the delivery.
        searched: The delivery is one of these.
        status: It has this status.
        severity: A finding of that severity was made; `none` for imported deliveries without any finding.
        code: A stored finding has that code.
        held_source: Files of it are held in this source, and have faults; the findings are these faults.
    """

    number: int | None = None
    organization_id: str | None = None
    searched: SearchedDeliveries | None = None
    status: str | None = None
    severity: SeverityFilter | None = None
    code: str | None = None
    held_source: int | None = None


class FindingPlaceRow(NamedTuple):
    """A finding of a delivery, with the number of those of its severity and code."""

    finding: Finding
    total: int


def count(connection: Connection, conditions: DeliveryConditions) -> int:
    """Return the number of deliveries that satisfy the conditions."""
    where, parameters = _delivery_condition(conditions)
    return connection.execute(f"SELECT count(*) FROM delivery WHERE {where}", parameters).fetchone()[0]


def page(connection: Connection, conditions: DeliveryConditions, limit: int, offset: int) -> list[DeliveryRow]:
    """Return deliveries that satisfy the conditions, newest first.

    Args:
        connection: A transaction.
        conditions: The conditions.
        limit: The most deliveries.
        offset: The number of newer ones to leave out.
    """
    where, parameters = _delivery_condition(conditions)
    rows = connection.execute(
        f"SELECT {DELIVERY_COLUMNS} FROM delivery WHERE {where} ORDER BY delivery DESC LIMIT ? OFFSET ?",
        (*parameters, limit, offset),
    )
    return [DeliveryRow(*row) for row in rows.fetchall()]


def is_empty(connection: Connection) -> bool:
    """Return whether there is no delivery."""
    return connection.execute("SELECT 1 FROM delivery LIMIT 1").fetchone() is None


def held_without_place(connection: Connection, source: int) -> int:
    """Return the number of faults of held case files of which the delivery is not known."""
    return connection.execute(
        "SELECT coalesce(sum(sak.findings), 0) FROM sak JOIN source USING (source) "
        "WHERE source = ? AND format = 'v4' AND sak.delivery IS NULL",
        (source,),
    ).fetchone()[0]


def codes(connection: Connection) -> list[str]:
    """Return the codes that stored findings have, in alphabetical order: one look-up in the index for each."""
    rows = connection.execute(
        """WITH RECURSIVE present (code) AS (
            SELECT min(code) FROM finding
            UNION ALL
            SELECT (SELECT min(code) FROM finding WHERE code > present.code) FROM present WHERE code IS NOT NULL)
        SELECT code FROM present WHERE code IS NOT NULL"""
    )
    return [row[0] for row in rows.fetchall()]


def first_places(
    connection: Connection, number: int, conditions: DeliveryConditions, limit: int
) -> list[FindingPlaceRow]:
    """Return the first stored findings of each severity and code of a delivery, in the order of discovery.

    Args:
        connection: A transaction.
        number: The delivery.
        conditions: Only findings of their severity and code.
        limit: The most findings of each severity and code.
    """
    where, parameters = _finding_condition(conditions)
    rows = connection.execute(
        f"""SELECT severity, code, file, line, element, detail, total FROM (
            SELECT *, row_number() OVER (PARTITION BY severity, code ORDER BY nr) AS place,
                count(*) OVER (PARTITION BY severity, code) AS total
            FROM finding WHERE delivery = ? AND {where})
        WHERE place <= ? ORDER BY nr""",
        (number, *parameters, limit),
    )
    return [FindingPlaceRow(_finding(row[:-1]), row[-1]) for row in rows.fetchall()]


def matching_findings(
    connection: Connection, conditions: DeliveryConditions, limit: int
) -> list[tuple[int, str, Finding]]:
    """Return (delivery, time of receipt, finding) of the stored findings that satisfy the conditions.

    Args:
        connection: A transaction.
        conditions: Conditions of the deliveries, and of the findings' severity and code.
        limit: The most findings.

    Returns:
        The findings of the newest deliveries first, those of a delivery in the order of discovery.
    """
    of_delivery, delivery_parameters = _delivery_condition(conditions)
    of_finding, finding_parameters = _finding_condition(conditions)
    rows = connection.execute(
        f"""SELECT delivery, received_at, finding.severity, code, file, line, element, detail
        FROM (SELECT * FROM delivery WHERE {of_delivery}) AS delivery CROSS JOIN finding USING (delivery)
        WHERE {of_finding} ORDER BY delivery DESC, nr LIMIT ?""",
        (*delivery_parameters, *finding_parameters, limit),
    )
    return [(row[0], row[1], _finding(row[2:])) for row in rows.fetchall()]


def _delivery_condition(conditions: DeliveryConditions) -> tuple[str, list[object]]:
    """Return the condition of a row of `delivery`, with its parameters."""
    parts: list[str] = []
    parameters: list[object] = []
    if conditions.number is not None:
        parts.append("delivery = ?")
        parameters.append(conditions.number)
    if conditions.organization_id is not None:
        parts.append("delivery IN (SELECT delivery FROM delivery_organization WHERE organization_id = ?)")
        parameters.append(conditions.organization_id)
    if conditions.searched is not None:
        organizations, number = conditions.searched
        parameters.append(number)
        if organizations is None:
            linked = "SELECT 1 FROM delivery_organization AS link WHERE link.delivery = delivery.delivery"
            parts.append(f"(delivery = ? OR EXISTS ({linked}))")
        else:
            parts.append(
                """delivery IN (
                    SELECT ? UNION ALL SELECT delivery FROM delivery_organization
                    WHERE organization_id IN (SELECT value FROM json_each(?)))"""
            )
            parameters.append(json.dumps(list(organizations)))
    if conditions.status is not None:
        parts.append("delivery_status = ?")
        parameters.append(conditions.status)
    if conditions.severity is not None:
        parts.append(_SEVERITY_CONDITIONS[conditions.severity])
    if conditions.code is not None:
        # One look-up for each delivery: the findings of a code can be many more than the deliveries.
        parts.append("EXISTS (SELECT 1 FROM finding WHERE finding.delivery = delivery.delivery AND code = ?)")
        parameters.append(conditions.code)
    if conditions.held_source is not None:
        parts.append(f"delivery IN (SELECT delivery FROM ({_HELD_FILES}))")
        parameters += [conditions.held_source] * 2
        where, values = _finding_condition(conditions)
        parts.append(f"EXISTS (SELECT 1 FROM finding WHERE finding.delivery = delivery.delivery AND {where})")
        parameters += values
    return " AND ".join(parts) or "TRUE", parameters


def _finding_condition(conditions: DeliveryConditions) -> tuple[str, list[object]]:
    """Return the condition of a row of `finding`, with its parameters."""
    named = [("severity", conditions.severity), ("code", conditions.code)]
    given = [(name, value) for name, value in named if value is not None]
    parts, parameters = [f"finding.{name} = ?" for name, _ in given], list[object](value for _, value in given)
    if conditions.held_source is not None:
        parts += [_IS_FAULT, f"(finding.delivery, finding.file) IN ({_HELD_FILES})"]
        parameters += [conditions.held_source] * 2
    return " AND ".join(parts) or "TRUE", parameters


def _finding(row: tuple[object, ...]) -> Finding:
    severity, *rest = row
    return Finding(Severity(str(severity)), *rest)  # pyright: ignore[reportArgumentType]
