"""Organisations and their sources (`domain.md` 3, 4)."""

import msgspec

from preview.storage.database import Connection


class OrganizationRow(msgspec.Struct, frozen=True):
    """`bydelsnummer` is empty where there is none."""

    organization_id: str
    organization_name: str
    organisasjonsnummer: str
    bydelsnummer: str
    listed: int


class KildeRow(msgspec.Struct, frozen=True):
    """A source. `aar` is 0 for v4. `being_read` says that a delivery has changed it and is not taken whole yet (contract S5)."""

    kilde: int
    organization_id: str
    format: str
    aar: int
    versjon: int
    forste_uttrekk: str
    siste_uttrekk: str
    siste_fulle: str | None
    fagsystem: str
    being_read: int


class ArskildeRow(msgspec.Struct, frozen=True):
    """A 15F source. `delivery` is that which its cases come from, `funn` how many findings its file has besides those of its cases."""

    kilde: int
    organization_id: str
    delivery: int | None
    funn: int


_ORGANIZATION = "organization_id, organization_name, organisasjonsnummer, bydelsnummer, listed"
_KILDE = """kilde, organization_id, format, aar, versjon, forste_uttrekk, siste_uttrekk, siste_fulle, fagsystem,
    EXISTS (SELECT 1 FROM lesing WHERE lesing.kilde = kilde.kilde)"""


def organization(connection: Connection, organization_id: str) -> OrganizationRow | None:
    """By id."""
    row = connection.execute(f"SELECT {_ORGANIZATION} FROM organization WHERE organization_id = ?", (organization_id,)).fetchone()
    return OrganizationRow(*row) if row else None


def organization_by_number(connection: Connection, organisasjonsnummer: str, bydelsnummer: str) -> OrganizationRow | None:
    """By what identifies it (`domain.md` 3.1)."""
    row = connection.execute(
        f"SELECT {_ORGANIZATION} FROM organization WHERE organisasjonsnummer = ? AND bydelsnummer = ?", (organisasjonsnummer, bydelsnummer)
    ).fetchone()
    return OrganizationRow(*row) if row else None


def organizations(connection: Connection, limit: int, offset: int) -> list[OrganizationRow]:
    """By id, a page of them."""
    rows = connection.execute(f"SELECT {_ORGANIZATION} FROM organization ORDER BY organization_id LIMIT ? OFFSET ?", (limit, offset))
    return [OrganizationRow(*row) for row in rows.fetchall()]


def organization_count(connection: Connection) -> int:
    """How many there are."""
    return connection.execute("SELECT count(*) FROM organization").fetchone()[0]


def put_organization(connection: Connection, row: OrganizationRow) -> None:
    """Inserts it, or names and lists the one with that id."""
    connection.execute(
        f"""INSERT INTO organization ({_ORGANIZATION}) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (organization_id) DO UPDATE SET organization_name = excluded.organization_name, listed = excluded.listed""",
        msgspec.structs.astuple(row),
    )


def put_kommune(connection: Connection, organization_id: str, kommunenummer: str, kommunenavn: str) -> None:
    """A municipality that the organisation serves, by the name that it was last given."""
    connection.execute(
        """INSERT INTO kommune (organization_id, kommunenummer, kommunenavn) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET kommunenavn = excluded.kommunenavn WHERE kommunenavn <> excluded.kommunenavn""",
        (organization_id, kommunenummer, kommunenavn),
    )


def kilder(connection: Connection, organization_id: str) -> list[KildeRow]:
    """The organisation's sources that have been read. A 15F source that a later file has emptied is none, once that is taken whole."""
    rows = connection.execute(
        f"""SELECT {_KILDE} FROM kilde WHERE organization_id = ? AND siste_uttrekk IS NOT NULL
            AND (format = 'v4' OR EXISTS (SELECT 1 FROM sak WHERE sak.kilde = kilde.kilde)
                OR EXISTS (SELECT 1 FROM lesing WHERE lesing.kilde = kilde.kilde))
        ORDER BY format DESC, aar""",
        (organization_id,),
    )
    return [KildeRow(*row) for row in rows.fetchall()]


def kilde(connection: Connection, number: int) -> KildeRow:
    """One source that exists."""
    return KildeRow(*connection.execute(f"SELECT {_KILDE} FROM kilde WHERE kilde = ?", (number,)).fetchone())


def ensure_kilde(connection: Connection, organization_id: str, kind: str, aar: int) -> int:
    """The number of that source, made where it does not exist. `kind` is `v4` or `15f`."""
    found = connection.execute(
        "SELECT kilde FROM kilde WHERE organization_id = ? AND format = ? AND aar = ?", (organization_id, kind, aar)
    ).fetchone()
    if found:
        return found[0]
    cursor = connection.execute("INSERT INTO kilde (organization_id, format, aar) VALUES (?, ?, ?)", (organization_id, kind, aar))
    return int(cursor.lastrowid or 0)


def arskilder(connection: Connection, organisasjonsnummer: str, aar: int) -> dict[str, ArskildeRow]:
    """The 15F sources of that number and year by bydelsnummer, emptied ones too."""
    rows = connection.execute(
        """SELECT bydelsnummer, kilde, organization_id, arsfil_delivery, funn FROM kilde JOIN organization USING (organization_id)
        WHERE organisasjonsnummer = ? AND format = '15f' AND aar = ? ORDER BY bydelsnummer""",
        (organisasjonsnummer, aar),
    )
    return {bydelsnummer: ArskildeRow(*row) for bydelsnummer, *row in rows.fetchall()}


def put_file(connection: Connection, number: int, delivery: int, funn: int) -> None:
    """The 15F file that the source's cases come from: its delivery, and its findings besides those of its cases."""
    connection.execute("UPDATE kilde SET arsfil_delivery = ?, funn = ? WHERE kilde = ?", (delivery, funn, number))


def put_extract(connection: Connection, number: int, first: str, last: str, fagsystem: str) -> None:
    """The source's first and newest `DatoUttrekk`, and the case system of the newest (`domain.md` 1.11)."""
    connection.execute(
        "UPDATE kilde SET forste_uttrekk = ?, siste_uttrekk = ?, fagsystem = ? WHERE kilde = ?", (first, last, fagsystem, number)
    )


def put_last_full(connection: Connection, number: int, uttrekk: str) -> None:
    """The time of the newest full delivery (`domain.md` 1.3)."""
    connection.execute("UPDATE kilde SET siste_fulle = ? WHERE kilde = ?", (uttrekk, number))


def mark_being_read(connection: Connection, number: int, delivery: int) -> bool:
    """Says that the delivery has changed the source; False where it is said already."""
    cursor = connection.execute("INSERT OR IGNORE INTO lesing (kilde, delivery) VALUES (?, ?)", (number, delivery))
    return cursor.rowcount == 1


def lift_marks(connection: Connection, delivery: int) -> list[tuple[int, str]]:
    """Ends the delivery's marks and raises the version of each source that it changed; returns (kilde, organization_id)."""
    marked = connection.execute(
        "SELECT kilde, organization_id FROM lesing JOIN kilde USING (kilde) WHERE delivery = ? ORDER BY kilde", (delivery,)
    ).fetchall()
    connection.execute("UPDATE kilde SET versjon = versjon + 1 WHERE kilde IN (SELECT kilde FROM lesing WHERE delivery = ?)", (delivery,))
    connection.execute("DELETE FROM lesing WHERE delivery = ?", (delivery,))
    return marked


def case_counts(connection: Connection, organization_id: str) -> dict[int, int]:
    """Cases held, by source."""
    rows = connection.execute(
        """SELECT kilde, count(*) FROM sak JOIN kilde USING (kilde) WHERE organization_id = ? AND NOT slettet GROUP BY kilde""",
        (organization_id,),
    )
    return dict(rows.fetchall())


def finding_count(connection: Connection, number: int) -> int:
    """Findings in the folders held of a source, or in its 15F file."""
    return connection.execute(
        "SELECT funn + (SELECT coalesce(sum(funn), 0) FROM sak WHERE sak.kilde = kilde.kilde) FROM kilde WHERE kilde = ?", (number,)
    ).fetchone()[0]


def listed(connection: Connection) -> list[tuple[str, str, str, str | None]]:
    """(id, name, number, period of its newest snapshot) of every organisation, by name."""
    return connection.execute(
        """SELECT organization_id, organization_name, organisasjonsnummer || iif(bydelsnummer = '', '', '-' || bydelsnummer),
            (SELECT period_id FROM snapshot WHERE snapshot.organization_id = organization.organization_id
                ORDER BY period_order DESC, snapshot DESC LIMIT 1)
        FROM organization ORDER BY organization_name"""
    ).fetchall()
