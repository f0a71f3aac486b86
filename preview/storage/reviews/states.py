"""The derived state of each review (rule R4, docs/api.md). Only `reports.reconcile` writes it."""

import msgspec

from preview.model.reviews import ReviewStatus
from preview.storage.database import Connection


class ReviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A review: one for each period of an organisation that has a completed snapshot.

    Attributes:
        organization_id: The organisation.
        period_id: The period.
        period_order: Its place among periods (`Period.sort_key`).
        snapshot: Number of the newest completed snapshot.
        review_status: `open`, `approved` or `changed`.
        provisional: 1 if its data end before the period does (rule P3).
        errors: Number of deviations of severity error.
        open_warnings: Number of warnings without an acknowledgement that holds.
        changed_values: JSON of the values that differ from the approved ones, by field key.
        lapsed: JSON of the acknowledgements that have lapsed: pairs of rule and field key.
    """

    organization_id: str
    period_id: str
    period_order: str
    snapshot: int
    review_status: ReviewStatus
    provisional: int
    errors: int
    open_warnings: int
    changed_values: str
    lapsed: str


_COLUMNS = ", ".join(ReviewRow.__struct_fields__)


def _to_row(values: tuple[object, ...]) -> ReviewRow:
    return msgspec.convert(dict(zip(ReviewRow.__struct_fields__, values, strict=True)), ReviewRow)


def list_for_organization(connection: Connection, organization_id: str) -> dict[str, ReviewRow]:
    """Return the reviews of an organisation by `period_id`."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM review WHERE organization_id = ?", (organization_id,))
    return {review.period_id: review for review in map(_to_row, rows.fetchall())}


def find(connection: Connection, organization_id: str, period_id: str) -> ReviewRow | None:
    """Return the review of a report, or None if it has none."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM review WHERE organization_id = ? AND period_id = ?", (organization_id, period_id)
    ).fetchone()
    return _to_row(row) if row else None


def list_for_period(connection: Connection, period_id: str, organization_id: str | None = None) -> list[ReviewRow]:
    """Return the reviews of a period, of all organisations or of one."""
    rows = connection.execute(
        f"""SELECT {_COLUMNS} FROM review
        WHERE period_id = ? AND organization_id = coalesce(?, organization_id)""",
        (period_id, organization_id),
    )
    return list(map(_to_row, rows.fetchall()))


def page(
    connection: Connection,
    organization_id: str | None,
    period_id: str | None,
    review_status: str | None,
    limit: int,
    offset: int,
) -> tuple[list[ReviewRow], int]:
    """Return one page of the reviews that pass the filters, newest period first, and the number of all that pass."""
    filters = {"organization_id": organization_id, "period_id": period_id, "review_status": review_status}
    active = {column: value for column, value in filters.items() if value is not None}
    where = " AND ".join(f"{column} = ?" for column in active) or "TRUE"
    (total,) = connection.execute(f"SELECT count(*) FROM review WHERE {where}", tuple(active.values())).fetchone()
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM review WHERE {where} ORDER BY period_order DESC, organization_id LIMIT ? OFFSET ?",
        (*active.values(), limit, offset),
    )
    return list(map(_to_row, rows.fetchall())), total


def upsert(connection: Connection, row: ReviewRow) -> None:
    """Insert the state of a review, or replace it."""
    placeholders = ", ".join("?" * len(ReviewRow.__struct_fields__))
    updates = ", ".join(f"{column} = excluded.{column}" for column in ReviewRow.__struct_fields__[2:])
    connection.execute(
        f"""INSERT INTO review ({_COLUMNS}) VALUES ({placeholders})
        ON CONFLICT (organization_id, period_id) DO UPDATE SET {updates}""",
        msgspec.structs.astuple(row),
    )


def delete(connection: Connection, organization_id: str, period_id: str) -> None:
    """Delete the review of a report that has no completed snapshot any more."""
    connection.execute("DELETE FROM review WHERE organization_id = ? AND period_id = ?", (organization_id, period_id))


def counts_of_listed(connection: Connection, period_id: str) -> tuple[int, int, int]:
    """Return how many listed organisations there are, and how many have delivered and had approved a period.

    Delivered is a completed report that is not provisional (rule P2, docs/api.md).
    """
    return connection.execute(
        """SELECT count(*), count(CASE WHEN provisional = 0 THEN 1 END),
            count(CASE WHEN review_status = 'approved' THEN 1 END)
        FROM organization LEFT JOIN review
            ON review.organization_id = organization.organization_id AND review.period_id = ?
        WHERE listed = 1""",
        (period_id,),
    ).fetchone()
