"""Deliveries: what was received, how far it is read, and its findings."""

import json
from collections import Counter
from collections.abc import Collection

import msgspec

from preview.model.findings import Finding, Severity
from preview.parsing.ssb_checks.rules import CODE
from preview.storage.database import Connection

KEPT_FINDINGS = 1000
"""Of faults, and as many of controls, so that these leave room for those."""
KEPT_REFUSALS = 10_000
"""Of so many files of a delivery it stays known which were refused, however many findings there are before."""


_OF_CONTROL = f"code GLOB '{CODE}*'"
_FIRST = f"SELECT nr FROM finding WHERE delivery = ? ORDER BY {_OF_CONTROL}, nr LIMIT ?"


class DeliveryRow(msgspec.Struct, frozen=True):
    """A delivery. `spool` is the name of its file in the spool folder, null once it is read."""

    delivery: int
    delivery_status: str
    full: int
    format: str | None
    size_bytes: int
    sha256: str
    spool: str | None
    completed: float
    files: int
    refused_files: int
    new_cases: int
    changed_cases: int
    unchanged_cases: int
    removed_cases: int
    finding_count: int
    actor: str
    worker: int | None
    attempt: int
    received_at: str
    completed_at: str | None


_COLUMNS = ", ".join(f'"{name}"' for name in DeliveryRow.__struct_fields__)
_COUNTED = ("format", "files", "refused_files", "new_cases", "changed_cases", "unchanged_cases", "removed_cases", "finding_count")


def delivery(connection: Connection, number: int) -> DeliveryRow | None:
    """By number."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM delivery WHERE delivery = ?", (number,)).fetchone()
    return DeliveryRow(*row) if row else None


def page(connection: Connection, organization_id: str | None, status: str | None, limit: int, offset: int) -> tuple[list[DeliveryRow], int]:
    """Newest first; and how many pass the filters."""
    conditions: list[str] = []
    parameters: list[object] = []
    if organization_id is not None:
        conditions.append("delivery IN (SELECT delivery FROM delivery_organization WHERE organization_id = ?)")
        parameters.append(organization_id)
    if status is not None:
        conditions.append("delivery_status = ?")
        parameters.append(status)
    where = " AND ".join(conditions) or "TRUE"
    total = connection.execute(f"SELECT count(*) FROM delivery WHERE {where}", parameters).fetchone()[0]
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM delivery WHERE {where} ORDER BY delivery DESC LIMIT ? OFFSET ?", (*parameters, limit, offset)
    )
    return [DeliveryRow(*row) for row in rows.fetchall()], total


def recent(connection: Connection, limit: int, also: Collection[int]) -> list[DeliveryRow]:
    """The newest, all that are not read yet, and those; newest first."""
    rows = connection.execute(
        f"""SELECT {_COLUMNS} FROM delivery
        WHERE delivery IN (SELECT delivery FROM delivery ORDER BY delivery DESC LIMIT ?)
           OR delivery IN (SELECT delivery FROM delivery WHERE delivery_status IN ('received', 'reading') ORDER BY delivery LIMIT ?)
           OR delivery IN (SELECT value FROM json_each(?))
        ORDER BY delivery DESC""",
        (limit, limit, json.dumps(sorted(also))),
    )
    return [DeliveryRow(*row) for row in rows.fetchall()]


def standing(connection: Connection) -> tuple[int, int, tuple[tuple[int, str, float, int], ...]]:
    """(the newest, how many organisations deliveries name, (number, status, part read, attempt) of each that is not read yet).

    Differs where a delivery came, got on or ended, and where an organisation that one names was forgotten.
    """
    newest = connection.execute("SELECT coalesce(max(delivery), 0) FROM delivery").fetchone()[0]
    named = connection.execute("SELECT count(*) FROM delivery_organization").fetchone()[0]
    waiting = connection.execute(
        """SELECT delivery, delivery_status, completed, attempt FROM delivery
        WHERE delivery_status IN ('received', 'reading') ORDER BY delivery"""
    )
    return newest, named, tuple(waiting.fetchall())


def insert(connection: Connection, *, full: bool, size_bytes: int, sha256: str, spool: str, actor: str, at: str) -> int:
    """A received one; returns its number."""
    cursor = connection.execute(
        """INSERT INTO delivery (delivery_status, "full", size_bytes, sha256, spool, actor, received_at) VALUES ('received', ?, ?, ?, ?, ?, ?)""",
        (int(full), size_bytes, sha256, spool, actor, at),
    )
    return int(cursor.lastrowid or 0)


def any_waits(connection: Connection) -> bool:
    """Whether a look for work is worth a turn at the write lock."""
    return connection.execute("SELECT 1 FROM delivery WHERE delivery_status = 'received' LIMIT 1").fetchone() is not None


def any_open(connection: Connection) -> bool:
    """Whether one waits or is being read, in any process."""
    return connection.execute("SELECT 1 FROM delivery WHERE delivery_status IN ('received', 'reading') LIMIT 1").fetchone() is not None


def claim(connection: Connection, worker: int, number: int | None = None) -> DeliveryRow | None:
    """The next that waits, or that one; it is being read by the worker from now on."""
    found = connection.execute(
        "SELECT delivery FROM delivery WHERE delivery_status = 'received' AND delivery = coalesce(?, delivery) ORDER BY delivery LIMIT 1",
        (number,),
    ).fetchone()
    if found is None:
        return None
    connection.execute(
        "UPDATE delivery SET delivery_status = 'reading', worker = ?, attempt = attempt + 1, completed = 0 WHERE delivery = ?",
        (worker, found[0]),
    )
    return delivery(connection, found[0])


def reading(connection: Connection) -> list[DeliveryRow]:
    """All that are being read, in any process."""
    return [
        DeliveryRow(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM delivery WHERE delivery_status = 'reading'").fetchall()
    ]


def release(connection: Connection, number: int, attempt: int, *, failed: bool = True) -> bool:
    """Gives a claim back; False where it is lost. One that has not `failed` is as if it had not been: its owner writes nothing more."""
    cursor = connection.execute(
        """UPDATE delivery SET delivery_status = 'received', worker = NULL, attempt = attempt - ?
        WHERE delivery = ? AND attempt = ? AND delivery_status = 'reading'""",
        (0 if failed else 1, number, attempt),
    )
    return cursor.rowcount == 1


def set_progress(connection: Connection, row: DeliveryRow) -> bool:
    """How far a claim is, and what it has counted so far; False where it is lost."""
    return _update(connection, row, (*_COUNTED, "completed"))


def end(connection: Connection, row: DeliveryRow) -> bool:
    """Writes the outcome of a claim; False where it is lost."""
    return _update(connection, row, (*_COUNTED, "completed", "delivery_status", "spool", "worker", "completed_at"))


def _update(connection: Connection, row: DeliveryRow, columns: tuple[str, ...]) -> bool:
    values = [getattr(row, column) for column in columns]
    cursor = connection.execute(
        f"""UPDATE delivery SET {", ".join(f"{column} = ?" for column in columns)}
        WHERE delivery = ? AND attempt = ? AND delivery_status = 'reading'""",
        (*values, row.delivery, row.attempt),
    )
    return cursor.rowcount == 1


def add_findings(connection: Connection, number: int, found: int, findings: list[Finding]) -> None:
    """After the `found` before them; kept are the first 1,000 faults and the first 1,000 of controls, and what refused one of 10,000 files."""
    kept = _kept(connection, number) if found else Counter[bool]()
    rows: list[tuple[object, ...]] = []
    for nr, each in enumerate(findings, start=found):
        of_control = each.code.startswith(CODE)
        kept[of_control] += 1
        if kept[of_control] <= KEPT_FINDINGS or (each.severity is Severity.REFUSED and each.file <= KEPT_REFUSALS):
            rows.append((number, nr, str(each.severity), each.code, each.file, each.line, each.element, each.detail))
    connection.executemany("INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def findings(connection: Connection, number: int) -> list[Finding]:
    """The first 1,000 faults, and of controls as many as there is room for; in the order in which they were found."""
    return _findings(connection, f"delivery = ? AND nr IN ({_FIRST}) ORDER BY nr", (number, number, KEPT_FINDINGS))


def finding_counts(connection: Connection, number: int) -> list[tuple[str, str, int, int, int]]:
    """(severity, code, how often, file and line of the first) of the `findings`, in the order in which they were found."""
    rows = connection.execute(
        f"""SELECT severity, code, count(*), file, line, min(nr) FROM finding WHERE delivery = ? AND nr IN ({_FIRST})
        GROUP BY severity, code ORDER BY min(nr)""",
        (number, number, KEPT_FINDINGS),
    )
    return [tuple(row[:5]) for row in rows.fetchall()]


def refusals(connection: Connection, number: int) -> list[Finding]:
    """What refused a file, in the order in which it was found."""
    return _findings(connection, "delivery = ? AND severity = ? ORDER BY nr", (number, str(Severity.REFUSED)))


def _kept(connection: Connection, number: int) -> Counter[bool]:
    """How many are kept, those of controls apart."""
    rows = connection.execute(f"SELECT {_OF_CONTROL}, count(*) FROM finding WHERE delivery = ? GROUP BY 1", (number,))
    return Counter({bool(of_control): count for of_control, count in rows.fetchall()})


def _findings(connection: Connection, where: str, parameters: tuple[object, ...]) -> list[Finding]:
    rows = connection.execute(f"SELECT severity, code, file, line, element, detail FROM finding WHERE {where}", parameters)
    return [Finding(Severity(row[0]), *row[1:]) for row in rows.fetchall()]


def put_organization(connection: Connection, number: int, organization_id: str, changed_cases: int) -> None:
    """The delivery holds something of that organisation."""
    connection.execute("INSERT OR REPLACE INTO delivery_organization VALUES (?, ?, ?)", (number, organization_id, changed_cases))


def organizations(connection: Connection, number: int) -> dict[str, int]:
    """Changed cases by id of the organisations in it."""
    rows = connection.execute(
        "SELECT organization_id, changed_cases FROM delivery_organization WHERE delivery = ? ORDER BY organization_id", (number,)
    )
    return dict(rows.fetchall())


def named_organizations(connection: Connection, number: int) -> list[tuple[str, str]]:
    """(id, name) of the organisations in it, by name."""
    rows = connection.execute(
        """SELECT organization_id, organization_name FROM delivery_organization JOIN organization USING (organization_id)
        WHERE delivery = ? ORDER BY organization_name""",
        (number,),
    )
    return rows.fetchall()


def spools(connection: Connection) -> set[str]:
    """Names of the spool files that are still to be read."""
    return {row[0] for row in connection.execute("SELECT spool FROM delivery WHERE spool IS NOT NULL").fetchall()}
