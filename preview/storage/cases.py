"""Tables of the case base: merge state, keys and content of each case (sections 1 and 4, docs/domain.md)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from preview.model.case_records import CaseContent
from preview.storage.bulk import execute_rows
from preview.storage.database import Connection

CONTENT_TABLES = ("melding", "undersokelse", "plan", "evaluering", "tiltak", "tilsyn", "flytting")
"""Tables with the content of a case, keyed by `source`, `sak` and `nr`."""

_LOOKUP_BATCH_SIZE = 256
"""Keys in one lookup statement."""


class SakRow(msgspec.Struct, frozen=True):
    """Merge state of a case: which case file is held.

    `sak` is the case's number within the source; `extract_at` the DatoUttrekk of the held file; `delivery_hash` and
    `content_hash` its keyed hashes; `content_hash` is null, and `slettet` 1, for a tombstone.
    """

    sak: int
    extract_at: str
    delivery_hash: bytes | None
    content_hash: bytes | None
    slettet: int


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
            f"""SELECT key, sak, extract_at, delivery_hash, content_hash, slettet
            FROM sak_id JOIN sak USING (source, sak)
            WHERE sak_id.source = ? AND key IN ({", ".join("?" * _LOOKUP_BATCH_SIZE)})""",
            (source, *chunk, *[None] * (_LOOKUP_BATCH_SIZE - len(chunk))),
        )
        for key, *row in rows.fetchall():
            yield key, SakRow(*row)


def next_sak(connection: Connection, source: int) -> int:
    """Return a case number that is not used in the source."""
    return connection.execute("SELECT coalesce(max(sak), 0) + 1 FROM sak WHERE source = ?", (source,)).fetchone()[0]


def upsert_saker(connection: Connection, writes: Iterable[CaseWrite]) -> None:
    """Insert cases, or replace their state."""
    execute_rows(
        connection,
        "INSERT INTO sak (source, sak, extract_at, delivery_hash, content_hash, fodt, findings, slettet) VALUES",
        [
            (source, row.sak, row.extract_at, row.delivery_hash, row.content_hash, fodt, findings, row.slettet)
            for source, row, fodt, findings in writes
        ],
        """ON CONFLICT (source, sak) DO UPDATE SET
            extract_at = excluded.extract_at, delivery_hash = excluded.delivery_hash,
            content_hash = excluded.content_hash, fodt = excluded.fodt, findings = excluded.findings,
            slettet = excluded.slettet""",
    )


def set_extracts(connection: Connection, rows: Iterable[tuple[int, SakRow]]) -> None:
    """Set the time and hash of a newer case file with the same content, for pairs of (source, case)."""
    connection.executemany(
        "UPDATE sak SET extract_at = ?, delivery_hash = ? WHERE source = ? AND sak = ?",
        [(row.extract_at, row.delivery_hash, source, row.sak) for source, row in rows],
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


def stored_not_newer(connection: Connection, source: int, extract_at: str) -> list[tuple[int, list[bytes]]]:
    """Return the cases that are not deleted and whose file is no newer than `extract_at`, each with its keys."""
    rows = connection.execute(
        """SELECT sak, key FROM sak JOIN sak_id USING (source, sak)
        WHERE sak.source = ? AND NOT slettet AND extract_at <= ? ORDER BY sak""",
        (source, extract_at),
    )
    cases: dict[int, list[bytes]] = {}
    for sak, key in rows.fetchall():
        cases.setdefault(sak, []).append(key)
    return list(cases.items())


def saker_by_content_hash(connection: Connection, source: int) -> dict[bytes, list[int]]:
    """Return the case numbers of a source by content hash, newest number first."""
    saker: dict[bytes, list[int]] = {}
    for sak, content_hash in connection.execute(
        "SELECT sak, content_hash FROM sak WHERE source = ? ORDER BY sak DESC", (source,)
    ).fetchall():
        saker.setdefault(content_hash, []).append(sak)
    return saker


def delete_saker(connection: Connection, source: int, saker: Iterable[int]) -> None:
    """Delete cases of a source whose cases have no keys (15F), without a tombstone."""
    keys = [(source, sak) for sak in saker]
    delete_content(connection, keys)
    execute_rows(connection, "DELETE FROM sak WHERE (source, sak) IN (VALUES", keys, ")")


def insert_saker(
    connection: Connection, source: int, extract_at: str, saker: Iterable[tuple[CaseContent, bytes]]
) -> None:
    """Insert cases, as (content, content hash), into a source whose cases have no keys (15F)."""
    numbered = list(enumerate(saker, start=next_sak(connection, source)))
    execute_rows(
        connection,
        "INSERT INTO sak (source, sak, extract_at, content_hash, fodt, findings, slettet) VALUES",
        [
            (source, sak, extract_at, digest, content.fodt, content.finding_count, 0)
            for sak, (content, digest) in numbered
        ],
    )
    insert_content(connection, [(source, sak, content) for sak, (content, _) in numbered])


def delete_content(connection: Connection, saker: Iterable[tuple[int, int]]) -> None:
    """Delete the content of cases, given as (source, case number)."""
    keys = list(saker)
    for table in CONTENT_TABLES:
        execute_rows(connection, f"DELETE FROM {table} WHERE (source, sak) IN (VALUES", keys, ")")


def insert_content(connection: Connection, contents: Iterable[tuple[int, int, CaseContent]]) -> None:
    """Insert the content of cases that have none, given as (source, case number, content)."""
    rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in CONTENT_TABLES}
    for source, sak, content in contents:
        for nr, melding in enumerate(content.meldinger):
            rows["melding"].append(
                (source, sak, nr, melding.mottatt, melding.konkludert, melding.konklusjon, melding.frist)
            )
        for nr, undersokelse in enumerate(content.undersokelser):
            rows["undersokelse"].append(
                (
                    source,
                    sak,
                    nr,
                    undersokelse.startet,
                    undersokelse.konkludert,
                    undersokelse.konklusjon,
                    undersokelse.frist,
                )
            )
        for nr, plan in enumerate(content.planer):
            rows["plan"].append((source, sak, nr, plan.start, plan.slutt, plan.type))
        rows["evaluering"].extend((source, sak, nr, utfort) for nr, utfort in enumerate(content.evalueringer))
        for nr, tiltak in enumerate(content.tiltak):
            flags = (tiltak.omsorg, tiltak.akutt, tiltak.hjelpetiltak, tiltak.plassering, tiltak.opphevet)
            rows["tiltak"].append((source, sak, nr, tiltak.start, tiltak.slutt, tiltak.kategori, *flags))
        rows["tilsyn"].extend((source, sak, nr, utfort) for nr, utfort in enumerate(content.tilsyn))
        for nr, flytting in enumerate(content.flyttinger):
            rows["flytting"].append((source, sak, nr, flytting.dato, flytting.arsak, flytting.til))
    for table, table_rows in rows.items():
        execute_rows(connection, f"INSERT INTO {table} VALUES", table_rows)
