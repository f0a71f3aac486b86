"""Tables of the case base: merge state, keys and content of each case (sections 1 and 4, docs/domain.md)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

import msgspec

from preview.model.case_records import CaseContent
from preview.storage.bulk import execute_rows
from preview.storage.database import Connection

CONTENT_TABLES = ("melding", "undersokelse", "plan", "evaluering", "tiltak", "tilsyn", "flytting")
"""Tables with the content of a case, keyed by `source`, `sak` and `nr`."""

_LOOKUP_BATCH_SIZE = 256
"""Keys in one lookup statement."""

LARGE_TABLE_ROWS = 48
"""A case with more rows than this in a table is not deleted within the transaction that replaces it."""


class SakRow(msgspec.Struct, frozen=True):
    """Merge state of a case: which case file is held.

    `sak` is the case's number within the source; `extract_at` the DatoUttrekk of the held file; `delivery_hash` and
    `content_hash` its keyed hashes; `content_hash` is null, and `slettet` 1, for a tombstone. `delivery` and `file`
    (its ordinal) are where it was delivered; None if that is not known.
    """

    sak: int
    extract_at: str
    delivery_hash: bytes | None
    content_hash: bytes | None
    slettet: int
    delivery: int | None = None
    file: int | None = None


ContentRow: TypeAlias = tuple[object, ...]
"""A row of a content table."""


class CaseWrite(NamedTuple):
    """A case's state to write, with the month of birth (`YYYY-MM`) and the number of findings of its file."""

    source: int
    row: SakRow
    fodt: str | None
    findings: int


def saker_by_key(connection: Connection, source: int, keys: list[bytes]) -> Iterator[tuple[bytes, SakRow]]:
    """Return (key, case) for each of the keys by which the source knows a case."""
    for chunk in (keys[offset : offset + _LOOKUP_BATCH_SIZE] for offset in range(0, len(keys), _LOOKUP_BATCH_SIZE)):
        # The number of placeholders is always the same, so that the statement is prepared only once.
        rows = connection.execute(
            f"""SELECT key, sak, extract_at, delivery_hash, content_hash, slettet, delivery, file
            FROM sak_id JOIN sak USING (source, sak)
            WHERE sak_id.source = ? AND key IN ({", ".join("?" * _LOOKUP_BATCH_SIZE)})""",
            (source, *chunk, *[None] * (_LOOKUP_BATCH_SIZE - len(chunk))),
        )
        for key, *row in rows.fetchall():
            yield key, SakRow(*row)


def next_sak(connection: Connection, source: int) -> int:
    """Return a case number that is not used in the source."""
    return connection.execute(
        """SELECT 1 + max((SELECT coalesce(max(sak), 0) FROM sak WHERE source = :source),
            (SELECT coalesce(max(sak), 0) FROM detached_case WHERE source = :source))""",
        {"source": source},
    ).fetchone()[0]


def upsert_saker(connection: Connection, writes: Iterable[CaseWrite]) -> None:
    """Insert cases, or replace their state."""
    execute_rows(
        connection,
        """INSERT INTO sak
            (source, sak, extract_at, delivery_hash, content_hash, fodt, findings, slettet, delivery, file) VALUES""",
        [
            (
                source,
                row.sak,
                row.extract_at,
                row.delivery_hash,
                row.content_hash,
                fodt,
                findings,
                row.slettet,
                row.delivery,
                row.file,
            )
            for source, row, fodt, findings in writes
        ],
        """ON CONFLICT (source, sak) DO UPDATE SET
            extract_at = excluded.extract_at, delivery_hash = excluded.delivery_hash,
            content_hash = excluded.content_hash, fodt = excluded.fodt, findings = excluded.findings,
            slettet = excluded.slettet, delivery = excluded.delivery, file = excluded.file""",
    )


def set_extracts(connection: Connection, rows: Iterable[tuple[int, SakRow]]) -> None:
    """Set time, hash and place of a newer case file with the same content, for pairs of (source, case)."""
    connection.executemany(
        "UPDATE sak SET extract_at = ?, delivery_hash = ?, delivery = ?, file = ? WHERE source = ? AND sak = ?",
        [(row.extract_at, row.delivery_hash, row.delivery, row.file, source, row.sak) for source, row in rows],
    )


def link(connection: Connection, links: Iterable[tuple[int, bytes, int]]) -> None:
    """Add keys to cases: (source, key, case number). A key that exists stays as it is."""
    execute_rows(
        connection, "INSERT INTO sak_id (source, key, sak) VALUES", list(links), "ON CONFLICT (source, key) DO NOTHING"
    )


def merge(connection: Connection, source: int, sak: int, into: int) -> None:
    """Merge two cases that turn out to be one: the keys of `sak` lead to `into`, and the row of `sak` is deleted."""
    connection.execute("UPDATE sak_id SET sak = ? WHERE source = ? AND sak = ?", (into, source, sak))
    connection.execute("DELETE FROM sak WHERE source = ? AND sak = ?", (source, sak))


def stored_not_newer(
    connection: Connection, source: int, extract_at: str, after: int = 0, limit: int = -1
) -> list[tuple[int, list[bytes]]]:
    """Return the cases that are not deleted and whose file is no newer than `extract_at`, each with its keys.

    Args:
        connection: A transaction.
        source: Number of the source.
        extract_at: A sortable timestamp.
        after: Only cases with a higher number.
        limit: The most cases, in order of number; all if negative.
    """
    rows = connection.execute(
        """SELECT sak, key FROM sak JOIN sak_id USING (source, sak)
        WHERE source = :source AND sak IN (
            SELECT sak FROM sak
            WHERE source = :source AND NOT slettet AND extract_at <= :extract_at AND sak > :after
            ORDER BY sak LIMIT :limit)
        ORDER BY sak""",
        {"source": source, "extract_at": extract_at, "after": after, "limit": limit},
    )
    cases: dict[int, list[bytes]] = {}
    for sak, key in rows.fetchall():
        cases.setdefault(sak, []).append(key)
    return list(cases.items())


def not_newer(connection: Connection, source: int, saker: list[int], extract_at: str) -> list[int]:
    """Return those of the cases that are not deleted and whose file is no newer than `extract_at`."""
    rows = connection.execute(
        f"""SELECT sak FROM sak WHERE source = ? AND NOT slettet AND extract_at <= ?
            AND sak IN ({", ".join("?" * len(saker))}) ORDER BY sak""",
        (source, extract_at, *saker),
    )
    return [row[0] for row in rows.fetchall()]


def saker_by_content_hash(connection: Connection, source: int) -> dict[bytes, list[int]]:
    """Return the case numbers of a source by content hash, newest number first."""
    saker: dict[bytes, list[int]] = {}
    for sak, content_hash in connection.execute(
        "SELECT sak, content_hash FROM sak WHERE source = ? ORDER BY sak DESC", (source,)
    ).fetchall():
        saker.setdefault(content_hash, []).append(sak)
    return saker


def insert_saker(
    connection: Connection, source: int, extract_at: str, saker: Iterable[tuple[int, CaseContent, bytes]]
) -> None:
    """Insert cases, as (number, content, content hash), into a source whose cases have no keys (15F).

    Their content is inserted by `insert_content`.
    """
    execute_rows(
        connection,
        "INSERT INTO sak (source, sak, extract_at, content_hash, fodt, findings, slettet) VALUES",
        [(source, sak, extract_at, digest, content.fodt, content.finding_count, 0) for sak, content, digest in saker],
    )


def large(connection: Connection, keys: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those of the cases, given as (source, case number), that have more than `LARGE_TABLE_ROWS` in a table."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(keys), _LOOKUP_BATCH_SIZE):
        chunk = keys[start : start + _LOOKUP_BATCH_SIZE]
        has_row = " OR ".join(
            f"EXISTS (SELECT 1 FROM {table} WHERE (source, sak, nr) = (given.source, given.sak, {LARGE_TABLE_ROWS}))"
            for table in CONTENT_TABLES
        )
        rows = connection.execute(
            f"""WITH given (source, sak) AS (VALUES {", ".join(["(?, ?)"] * len(chunk))})
            SELECT source, sak FROM given WHERE {has_row}""",
            [value for key in chunk for value in key],
        )
        found += rows.fetchall()
    return found


def detach(connection: Connection, keys: Iterable[tuple[int, int]], delivery: int | None = None) -> None:
    """Note content that belongs to no case: the delivery prepares it, or without one it is to be deleted."""
    execute_rows(
        connection,
        "INSERT OR REPLACE INTO detached_case (source, sak, delivery) VALUES",
        [(source, sak, delivery) for source, sak in keys],
    )


def attach(connection: Connection, source: int, sak: int) -> None:
    """Note that content which a delivery has prepared belongs to a case now."""
    connection.execute("DELETE FROM detached_case WHERE source = ? AND sak = ?", (source, sak))


def delete_content(connection: Connection, saker: Iterable[tuple[int, int]]) -> None:
    """Delete the content of cases, given as (source, case number)."""
    keys = list(saker)
    for table in CONTENT_TABLES:
        execute_rows(connection, f"DELETE FROM {table} WHERE (source, sak) IN (VALUES", keys, ")")


def insert_content(connection: Connection, contents: Iterable[tuple[int, int, CaseContent]]) -> None:
    """Insert the content of cases that have none, given as (source, case number, content)."""
    rows: dict[str, list[ContentRow]] = {table: [] for table in CONTENT_TABLES}
    for source, sak, content in contents:
        for table, table_rows in content_rows(source, sak, content).items():
            rows[table] += table_rows
    for table, table_rows in rows.items():
        insert_rows(connection, table, table_rows)


def insert_rows(connection: Connection, table: str, rows: list[ContentRow]) -> None:
    """Insert rows of a content table, as `content_rows` gives them."""
    execute_rows(connection, f"INSERT INTO {table} VALUES", rows)


def content_rows(source: int, sak: int, content: CaseContent) -> dict[str, Iterator[ContentRow]]:
    """Return the rows of a case by table, made as they are asked for."""
    return {
        "melding": (
            (source, sak, nr, melding.mottatt, melding.konkludert, melding.konklusjon, melding.frist)
            for nr, melding in enumerate(content.meldinger)
        ),
        "undersokelse": (
            (source, sak, nr, each.startet, each.konkludert, each.konklusjon, each.frist)
            for nr, each in enumerate(content.undersokelser)
        ),
        "plan": ((source, sak, nr, plan.start, plan.slutt, plan.type) for nr, plan in enumerate(content.planer)),
        "evaluering": ((source, sak, nr, utfort) for nr, utfort in enumerate(content.evalueringer)),
        "tiltak": (
            (
                *(source, sak, nr, tiltak.start, tiltak.slutt, tiltak.kategori),
                *(tiltak.omsorg, tiltak.akutt, tiltak.hjelpetiltak, tiltak.plassering, tiltak.opphevet),
            )
            for nr, tiltak in enumerate(content.tiltak)
        ),
        "tilsyn": ((source, sak, nr, utfort) for nr, utfort in enumerate(content.tilsyn)),
        "flytting": (
            (source, sak, nr, flytting.dato, flytting.arsak, flytting.til)
            for nr, flytting in enumerate(content.flyttinger)
        ),
    }


def row_count(content: CaseContent | None) -> int:
    """Return the number of rows that a case takes, its own included."""
    if content is None:
        return 1
    return 1 + sum(
        map(
            len,
            (
                content.meldinger,
                content.undersokelser,
                content.planer,
                content.evalueringer,
                content.tiltak,
                content.tilsyn,
                content.flyttinger,
            ),
        )
    )
