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


class SourceRow(msgspec.Struct, frozen=True):
    """A source. `year` is 0 for v4. `is_importing` says that a delivery has changed it and is not taken whole yet (contract S5)."""

    source: int
    organization_id: str
    format: str
    year: int
    version: int
    first_extract_at: str
    last_extract_at: str
    last_full_at: str | None
    case_system: str
    is_importing: int


class AnnualSourceRow(msgspec.Struct, frozen=True):
    """A 15F source. `delivery` is that which its cases come from, `findings` how many findings its file has besides those of its cases."""

    source: int
    organization_id: str
    delivery: int | None
    findings: int


_ORGANIZATION_COLUMNS = "organization_id, organization_name, organisasjonsnummer, bydelsnummer, listed"
_SOURCE_COLUMNS = """source, organization_id, format, year, version, first_extract_at, last_extract_at, last_full_at, case_system,
    EXISTS (SELECT 1 FROM import_lock WHERE import_lock.source = source.source)"""


def organization(connection: Connection, organization_id: str) -> OrganizationRow | None:
    """By id."""
    row = connection.execute(f"SELECT {_ORGANIZATION_COLUMNS} FROM organization WHERE organization_id = ?", (organization_id,)).fetchone()
    return OrganizationRow(*row) if row else None


def organization_by_number(connection: Connection, organisasjonsnummer: str, bydelsnummer: str) -> OrganizationRow | None:
    """By what identifies it (`domain.md` 3.1)."""
    row = connection.execute(
        f"SELECT {_ORGANIZATION_COLUMNS} FROM organization WHERE organisasjonsnummer = ? AND bydelsnummer = ?",
        (organisasjonsnummer, bydelsnummer),
    ).fetchone()
    return OrganizationRow(*row) if row else None


def organizations(connection: Connection, limit: int, offset: int) -> list[OrganizationRow]:
    """By id, a page of them."""
    rows = connection.execute(
        f"SELECT {_ORGANIZATION_COLUMNS} FROM organization ORDER BY organization_id LIMIT ? OFFSET ?", (limit, offset)
    )
    return [OrganizationRow(*row) for row in rows.fetchall()]


def organization_count(connection: Connection) -> int:
    """How many there are."""
    return connection.execute("SELECT count(*) FROM organization").fetchone()[0]


def upsert_organization(connection: Connection, row: OrganizationRow) -> None:
    """Inserts it, or names and lists the one with that id."""
    connection.execute(
        f"""INSERT INTO organization ({_ORGANIZATION_COLUMNS}) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (organization_id) DO UPDATE SET organization_name = excluded.organization_name, listed = excluded.listed""",
        msgspec.structs.astuple(row),
    )


def upsert_kommune(connection: Connection, organization_id: str, kommunenummer: str, kommunenavn: str) -> None:
    """A municipality that the organisation serves, by the name that it was last given."""
    connection.execute(
        """INSERT INTO kommune (organization_id, kommunenummer, kommunenavn) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET kommunenavn = excluded.kommunenavn WHERE kommunenavn <> excluded.kommunenavn""",
        (organization_id, kommunenummer, kommunenavn),
    )


def sources(connection: Connection, organization_id: str) -> list[SourceRow]:
    """The organisation's sources that have been read. A 15F source that a later file has emptied is none, once that is taken whole."""
    rows = connection.execute(
        f"""SELECT {_SOURCE_COLUMNS} FROM source WHERE organization_id = ? AND last_extract_at IS NOT NULL
            AND (format = 'v4' OR EXISTS (SELECT 1 FROM sak WHERE sak.source = source.source)
                OR EXISTS (SELECT 1 FROM import_lock WHERE import_lock.source = source.source))
        ORDER BY format DESC, year""",
        (organization_id,),
    )
    return [SourceRow(*row) for row in rows.fetchall()]


def source(connection: Connection, number: int) -> SourceRow:
    """One source that exists."""
    return SourceRow(*connection.execute(f"SELECT {_SOURCE_COLUMNS} FROM source WHERE source = ?", (number,)).fetchone())


def get_or_create_source(connection: Connection, organization_id: str, source_format: str, year: int) -> int:
    """The number of that source, made where it does not exist. `source_format` is `v4` or `15f`."""
    row = connection.execute(
        "SELECT source FROM source WHERE organization_id = ? AND format = ? AND year = ?", (organization_id, source_format, year)
    ).fetchone()
    if row:
        return row[0]
    cursor = connection.execute(
        "INSERT INTO source (organization_id, format, year) VALUES (?, ?, ?)", (organization_id, source_format, year)
    )
    return int(cursor.lastrowid or 0)


def annual_sources(connection: Connection, organisasjonsnummer: str, year: int) -> dict[str, AnnualSourceRow]:
    """The 15F sources of that number and year by bydelsnummer, emptied ones too."""
    rows = connection.execute(
        """SELECT bydelsnummer, source, organization_id, annual_file_delivery, findings FROM source JOIN organization USING (organization_id)
        WHERE organisasjonsnummer = ? AND format = '15f' AND year = ? ORDER BY bydelsnummer""",
        (organisasjonsnummer, year),
    )
    return {bydelsnummer: AnnualSourceRow(*row) for bydelsnummer, *row in rows.fetchall()}


def set_annual_file(connection: Connection, number: int, delivery: int, findings: int) -> None:
    """The 15F file that the source's cases come from: its delivery, and its findings besides those of its cases."""
    connection.execute("UPDATE source SET annual_file_delivery = ?, findings = ? WHERE source = ?", (delivery, findings, number))


def set_extract_times(connection: Connection, number: int, first_extract_at: str, last_extract_at: str, case_system: str) -> None:
    """The source's first and newest `DatoUttrekk`, and the case system of the newest (`domain.md` 1.11)."""
    connection.execute(
        "UPDATE source SET first_extract_at = ?, last_extract_at = ?, case_system = ? WHERE source = ?",
        (first_extract_at, last_extract_at, case_system, number),
    )


def set_last_full(connection: Connection, number: int, extract_at: str) -> None:
    """The time of the newest full delivery (`domain.md` 1.3)."""
    connection.execute("UPDATE source SET last_full_at = ? WHERE source = ?", (extract_at, number))


def lock_for_import(connection: Connection, number: int, delivery: int) -> bool:
    """Says that the delivery has changed the source; False where it is said already."""
    cursor = connection.execute("INSERT OR IGNORE INTO import_lock (source, delivery) VALUES (?, ?)", (number, delivery))
    return cursor.rowcount == 1


def unlock_and_bump_version(connection: Connection, delivery: int) -> list[tuple[int, str]]:
    """Ends the delivery's marks and raises the version of each source that it changed; returns (kilde, organization_id)."""
    changed_sources = connection.execute(
        "SELECT source, organization_id FROM import_lock JOIN source USING (source) WHERE delivery = ? ORDER BY source", (delivery,)
    ).fetchall()
    connection.execute(
        "UPDATE source SET version = version + 1 WHERE source IN (SELECT source FROM import_lock WHERE delivery = ?)", (delivery,)
    )
    connection.execute("DELETE FROM import_lock WHERE delivery = ?", (delivery,))
    return changed_sources


def case_counts(connection: Connection, organization_id: str) -> dict[int, int]:
    """Cases held, by source."""
    rows = connection.execute(
        """SELECT source, count(*) FROM sak JOIN source USING (source) WHERE organization_id = ? AND NOT slettet GROUP BY source""",
        (organization_id,),
    )
    return dict(rows.fetchall())


def finding_count(connection: Connection, number: int) -> int:
    """Findings in the folders held of a source, or in its 15F file."""
    return connection.execute(
        "SELECT findings + (SELECT coalesce(sum(findings), 0) FROM sak WHERE sak.source = source.source) FROM source WHERE source = ?",
        (number,),
    ).fetchone()[0]


def list_options(connection: Connection) -> list[tuple[str, str, str, str | None]]:
    """(id, name, number, period of its newest snapshot) of every organisation, by name."""
    return connection.execute(
        """SELECT organization_id, organization_name, organisasjonsnummer || iif(bydelsnummer = '', '', '-' || bydelsnummer),
            (SELECT period_id FROM snapshot WHERE snapshot.organization_id = organization.organization_id
                ORDER BY period_order DESC, snapshot DESC LIMIT 1)
        FROM organization ORDER BY organization_name"""
    ).fetchall()
