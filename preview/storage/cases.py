"""The rows of cases: which folder holds, by which ids it is known, and what is kept of it (`domain.md` 1, 4)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from preview.model.case_records import Innhold
from preview.storage.bulk import execute_rows
from preview.storage.database import Connection

TABLES = ("melding", "undersokelse", "plan", "evaluering", "tiltak", "tilsyn", "flytting")
"""What is kept of a case lies in these, by `kilde` and `sak`."""

_LOOKED_UP = 256  # ids in one statement


class SakRow(msgspec.Struct, frozen=True):
    """Where a case stands in the fold; `innhold` is the digest of what is kept, null for a tombstone."""

    sak: int
    uttrekk: str
    levering: bytes | None
    innhold: bytes | None
    slettet: int


class Standing(NamedTuple):
    """A row of a case with what is kept beside it: `fodt` is a month, `funn` the findings in its folder."""

    kilde: int
    row: SakRow
    fodt: str | None
    funn: int


def saker_by_nokkel(connection: Connection, kilde: int, nokler: list[bytes]) -> Iterator[tuple[bytes, SakRow]]:
    """The cases of the source that are known by these ids, each with the id."""
    for some in (nokler[at : at + _LOOKED_UP] for at in range(0, len(nokler), _LOOKED_UP)):
        # As many marks each time, so that the statement is prepared once.
        found = connection.execute(
            f"""SELECT nokkel, sak, uttrekk, levering, innhold, slettet FROM sak_id JOIN sak USING (kilde, sak)
            WHERE sak_id.kilde = ? AND nokkel IN ({", ".join("?" * _LOOKED_UP)})""",
            (kilde, *some, *[None] * (_LOOKED_UP - len(some))),
        )
        for nokkel, *row in found.fetchall():
            yield nokkel, SakRow(*row)


def next_sak(connection: Connection, kilde: int) -> int:
    """A number that no case of the source has."""
    return connection.execute("SELECT coalesce(max(sak), 0) + 1 FROM sak WHERE kilde = ?", (kilde,)).fetchone()[0]


def put_saker(connection: Connection, saker: Iterable[Standing]) -> None:
    """Inserts or replaces where these cases stand."""
    execute_rows(
        connection,
        "INSERT INTO sak (kilde, sak, uttrekk, levering, innhold, fodt, funn, slettet) VALUES",
        [(kilde, row.sak, row.uttrekk, row.levering, row.innhold, fodt, funn, row.slettet) for kilde, row, fodt, funn in saker],
        """ON CONFLICT (kilde, sak) DO UPDATE SET uttrekk = excluded.uttrekk, levering = excluded.levering, innhold = excluded.innhold,
            fodt = excluded.fodt, funn = excluded.funn, slettet = excluded.slettet""",
    )


def touch_saker(connection: Connection, saker: Iterable[tuple[int, SakRow]]) -> None:
    """Newer folders with the same content hold: (kilde, row)."""
    connection.executemany(
        "UPDATE sak SET uttrekk = ?, levering = ? WHERE kilde = ? AND sak = ?",
        [(row.uttrekk, row.levering, kilde, row.sak) for kilde, row in saker],
    )


def link(connection: Connection, links: Iterable[tuple[int, bytes, int]]) -> None:
    """From now on cases are known by these ids too: (kilde, nokkel, sak)."""
    execute_rows(connection, "INSERT OR IGNORE INTO sak_id (kilde, nokkel, sak) VALUES", list(links))


def merge(connection: Connection, kilde: int, sak: int, into: int) -> None:
    """Two ids turn out to be one case: what `sak` was known by leads to `into`, and its rows go."""
    connection.execute("UPDATE sak_id SET sak = ? WHERE kilde = ? AND sak = ?", (into, kilde, sak))
    connection.execute("DELETE FROM sak WHERE kilde = ? AND sak = ?", (kilde, sak))


def held_not_newer(connection: Connection, kilde: int, uttrekk: str) -> list[tuple[int, list[bytes]]]:
    """Held cases whose folder is no newer than `uttrekk`, each with the ids that it is known by."""
    rows = connection.execute(
        "SELECT sak, nokkel FROM sak JOIN sak_id USING (kilde, sak) WHERE sak.kilde = ? AND NOT slettet AND uttrekk <= ? ORDER BY sak",
        (kilde, uttrekk),
    )
    cases: dict[int, list[bytes]] = {}
    for sak, nokkel in rows.fetchall():
        cases.setdefault(sak, []).append(nokkel)
    return list(cases.items())


def saker_by_innhold(connection: Connection, kilde: int) -> dict[bytes, list[int]]:
    """The cases of a source by the digest of what is kept of them."""
    found: dict[bytes, list[int]] = {}
    for sak, innhold in connection.execute("SELECT sak, innhold FROM sak WHERE kilde = ? ORDER BY sak DESC", (kilde,)).fetchall():
        found.setdefault(innhold, []).append(sak)
    return found


def remove(connection: Connection, kilde: int, saker: Iterable[int]) -> None:
    """Takes cases out, without a trace: of a source whose cases have no ids."""
    keys = [(kilde, sak) for sak in saker]
    delete_innhold(connection, keys)
    execute_rows(connection, "DELETE FROM sak WHERE (kilde, sak) IN (VALUES", keys, ")")


def add(connection: Connection, kilde: int, uttrekk: str, saker: Iterable[tuple[Innhold, bytes]]) -> None:
    """Puts in cases (what is kept, its digest) of a source whose cases have no ids."""
    numbered = list(enumerate(saker, start=next_sak(connection, kilde)))
    execute_rows(
        connection,
        "INSERT INTO sak (kilde, sak, uttrekk, innhold, fodt, funn, slettet) VALUES",
        [(kilde, sak, uttrekk, digest, innhold.fodt, innhold.funn, 0) for sak, (innhold, digest) in numbered],
    )
    insert_innhold(connection, [(kilde, sak, innhold) for sak, (innhold, _) in numbered])


def delete_innhold(connection: Connection, cases: Iterable[tuple[int, int]]) -> None:
    """Takes out what is kept of these (kilde, sak)."""
    keys = list(cases)
    for table in TABLES:
        execute_rows(connection, f"DELETE FROM {table} WHERE (kilde, sak) IN (VALUES", keys, ")")


def insert_innhold(connection: Connection, cases: Iterable[tuple[int, int, Innhold]]) -> None:
    """Puts in what is kept of these (kilde, sak, innhold), of which nothing is there."""
    rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in TABLES}
    for kilde, sak, innhold in cases:
        for nr, melding in enumerate(innhold.meldinger):
            rows["melding"].append((kilde, sak, nr, melding.mottatt, melding.konkludert, melding.konklusjon, melding.frist))
        for nr, each in enumerate(innhold.undersokelser):
            rows["undersokelse"].append((kilde, sak, nr, each.startet, each.konkludert, each.konklusjon, each.frist))
        for nr, plan in enumerate(innhold.planer):
            rows["plan"].append((kilde, sak, nr, plan.start, plan.slutt, plan.type))
        rows["evaluering"].extend((kilde, sak, nr, utfort) for nr, utfort in enumerate(innhold.evalueringer))
        for nr, tiltak in enumerate(innhold.tiltak):
            flags = (tiltak.omsorg, tiltak.akutt, tiltak.hjelpetiltak, tiltak.plassering, tiltak.opphevet)
            rows["tiltak"].append((kilde, sak, nr, tiltak.start, tiltak.slutt, tiltak.kategori, *flags))
        rows["tilsyn"].extend((kilde, sak, nr, utfort) for nr, utfort in enumerate(innhold.tilsyn))
        for nr, flytting in enumerate(innhold.flyttinger):
            rows["flytting"].append((kilde, sak, nr, flytting.dato, flytting.arsak, flytting.til))
    for table, values in rows.items():
        execute_rows(connection, f"INSERT INTO {table} VALUES", values)
