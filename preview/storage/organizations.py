"""Organisations and their sources (sections 3 and 4, docs/domain.md)."""

from collections.abc import Collection

import msgspec

from preview.storage.database import Connection
from preview.storage.history import lineage
from preview.storage.removal.erasure import NOT_BEING_ERASED, is_being_erased


class OrganizationRow(msgspec.Struct, frozen=True):
    """An organisation. `bydelsnummer` is empty if it has none; `listed` is 1 if an organisations file names it."""

    organization_id: str
    organization_name: str
    organisasjonsnummer: str
    bydelsnummer: str
    listed: int


class SourceRow(msgspec.Struct, frozen=True):
    """A source. `year` is 0 for v4; `is_importing` is 1 while a delivery to it is being imported (rule S5)."""

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
    """A 15F source.

    `delivery` is the one that its cases come from; `findings` counts the findings of its file besides those of its
    cases.
    """

    source: int
    organization_id: str
    delivery: int | None
    findings: int


_ORGANIZATION_COLUMNS = "organization_id, organization_name, organisasjonsnummer, bydelsnummer, listed"
_SOURCE_COLUMNS = """source, organization_id, format, year, version, first_extract_at, last_extract_at, last_full_at,
    case_system,
    EXISTS (SELECT 1 FROM import_lock WHERE import_lock.source = source.source)"""


def organization(connection: Connection, organization_id: str) -> OrganizationRow | None:
    """Return the organisation with that id, or None. For requests there is `visible_organization`."""
    row = connection.execute(
        f"SELECT {_ORGANIZATION_COLUMNS} FROM organization WHERE organization_id = ?", (organization_id,)
    ).fetchone()
    return OrganizationRow(*row) if row else None


def visible_organization(connection: Connection, organization_id: str) -> OrganizationRow | None:
    """Return the organisation with that id, or None; None too while it is being erased."""
    return None if is_being_erased(connection, organization_id) else organization(connection, organization_id)


def known_ids(connection: Connection, organization_ids: Collection[str]) -> set[str]:
    """Return those of the ids that are ids of organisations."""
    rows = connection.execute(
        "SELECT organization_id FROM organization WHERE organization_id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(list(organization_ids)).decode(),),
    )
    return {row[0] for row in rows.fetchall()}


def names(connection: Connection, organization_ids: Collection[str]) -> dict[str, str]:
    """Return the names of organisations by id; an unknown id has no entry."""
    rows = connection.execute(
        """SELECT organization_id, organization_name FROM organization
        WHERE organization_id IN (SELECT value FROM json_each(?))""",
        (msgspec.json.encode(sorted(organization_ids)).decode(),),
    )
    return dict(rows.fetchall())


def organization_by_number(
    connection: Connection, organisasjonsnummer: str, bydelsnummer: str
) -> OrganizationRow | None:
    """Return the organisation that the numbers identify (rule 3.1), or None."""
    row = connection.execute(
        f"SELECT {_ORGANIZATION_COLUMNS} FROM organization WHERE organisasjonsnummer = ? AND bydelsnummer = ?",
        (organisasjonsnummer, bydelsnummer),
    ).fetchone()
    return OrganizationRow(*row) if row else None


def organizations(connection: Connection, limit: int, offset: int) -> list[OrganizationRow]:
    """Return one page of all organisations that are not being erased, ordered by id."""
    rows = connection.execute(
        f"""SELECT {_ORGANIZATION_COLUMNS} FROM organization WHERE {NOT_BEING_ERASED}
        ORDER BY organization_id LIMIT ? OFFSET ?""",
        (limit, offset),
    )
    return [OrganizationRow(*row) for row in rows.fetchall()]


def organization_count(connection: Connection) -> int:
    """Return the number of organisations that are not being erased."""
    return connection.execute(f"SELECT count(*) FROM organization WHERE {NOT_BEING_ERASED}").fetchone()[0]


def upsert_organization(connection: Connection, row: OrganizationRow) -> None:
    """Insert an organisation, or set name and `listed` of the one with that id."""
    connection.execute(
        f"""INSERT INTO organization ({_ORGANIZATION_COLUMNS}) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (organization_id)
        DO UPDATE SET organization_name = excluded.organization_name, listed = excluded.listed""",
        msgspec.structs.astuple(row),
    )


def upsert_kommune(connection: Connection, organization_id: str, kommunenummer: str, kommunenavn: str) -> None:
    """Add a municipality to the organisation, or set the name that it was last given."""
    connection.execute(
        """INSERT INTO kommune (organization_id, kommunenummer, kommunenavn) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET kommunenavn = excluded.kommunenavn WHERE kommunenavn <> excluded.kommunenavn""",
        (organization_id, kommunenummer, kommunenavn),
    )


def sources(connection: Connection, organization_id: str) -> list[SourceRow]:
    """Return the organisation's sources that have been read, v4 first.

    A 15F source without cases is left out, unless a delivery to it is being imported.
    """
    rows = connection.execute(
        f"""SELECT {_SOURCE_COLUMNS} FROM source WHERE organization_id = ? AND last_extract_at IS NOT NULL
            AND (format = 'v4' OR EXISTS (SELECT 1 FROM sak WHERE sak.source = source.source)
                OR EXISTS (SELECT 1 FROM import_lock WHERE import_lock.source = source.source))
        ORDER BY format DESC, year""",
        (organization_id,),
    )
    return [SourceRow(*row) for row in rows.fetchall()]


def source(connection: Connection, number: int) -> SourceRow:
    """Return the source with that number, which must exist."""
    return SourceRow(
        *connection.execute(f"SELECT {_SOURCE_COLUMNS} FROM source WHERE source = ?", (number,)).fetchone()
    )


def get_or_create_source(connection: Connection, organization_id: str, source_format: str, year: int) -> int:
    """Return the number of a source, and create the source if it does not exist.

    Args:
        connection: A write transaction.
        organization_id: The organisation.
        source_format: `v4` or `15f`.
        year: Year of a 15F source, 0 for v4.
    """
    row = connection.execute(
        "SELECT source FROM source WHERE organization_id = ? AND format = ? AND year = ?",
        (organization_id, source_format, year),
    ).fetchone()
    if row:
        return row[0]
    cursor = connection.execute(
        "INSERT INTO source (organization_id, format, year) VALUES (?, ?, ?)", (organization_id, source_format, year)
    )
    return int(cursor.lastrowid or 0)


def annual_sources(connection: Connection, organisasjonsnummer: str, year: int) -> dict[str, AnnualSourceRow]:
    """Return the 15F sources of a number and year by bydelsnummer, those without cases too."""
    rows = connection.execute(
        """SELECT bydelsnummer, source, organization_id, annual_file_delivery, findings
        FROM source JOIN organization USING (organization_id)
        WHERE organisasjonsnummer = ? AND format = '15f' AND year = ? ORDER BY bydelsnummer""",
        (organisasjonsnummer, year),
    )
    return {bydelsnummer: AnnualSourceRow(*row) for bydelsnummer, *row in rows.fetchall()}


def set_annual_file(connection: Connection, number: int, delivery: int, file: int, findings: int) -> None:
    """Set the 15F file that a source's cases come from: its delivery, its ordinal there, and its findings besides those
    of its cases.
    """
    connection.execute(
        "UPDATE source SET annual_file_delivery = ?, annual_file = ?, findings = ? WHERE source = ?",
        (delivery, file, findings, number),
    )


def prepare_source(connection: Connection, organization_id: str, delivery: int) -> int:
    """Insert a 15F source that no reader sees, for the cases that a delivery prepares. Return its number.

    Its year is negative until `replace_source` brings it into use.
    """
    cursor = connection.execute(
        """INSERT INTO source (organization_id, format, year, annual_file_delivery)
        SELECT ?, '15f', -1 - max(source), ? FROM source""",
        (organization_id, delivery),
    )
    return int(cursor.lastrowid or 0)


def replace_source(connection: Connection, number: int, prepared: int) -> None:
    """Bring a prepared 15F source into use in place of another one, which no reader sees from then on.

    Deliveries that import into the replaced source import into the other one, which has its version.
    """
    year, version = connection.execute("SELECT year, version FROM source WHERE source = ?", (number,)).fetchone()
    connection.execute(
        """UPDATE source SET year = -source, annual_file_delivery = NULL, last_extract_at = NULL
        WHERE source = ?""",
        (number,),
    )
    connection.execute("UPDATE source SET year = ?, version = ? WHERE source = ?", (year, version, prepared))
    connection.execute("UPDATE import_lock SET source = ? WHERE source = ?", (prepared, number))


def abandon_source(connection: Connection, prepared: int) -> None:
    """Leave a prepared 15F source to be deleted."""
    connection.execute("UPDATE source SET annual_file_delivery = NULL WHERE source = ? AND year < 0", (prepared,))


def set_extract_times(
    connection: Connection, number: int, first_extract_at: str, last_extract_at: str, case_system: str
) -> None:
    """Set the source's first and newest `DatoUttrekk`, and the case system of the newest (rule 1.11)."""
    connection.execute(
        "UPDATE source SET first_extract_at = ?, last_extract_at = ?, case_system = ? WHERE source = ?",
        (first_extract_at, last_extract_at, case_system, number),
    )


def set_last_full(connection: Connection, organization_id: str, extract_at: str) -> None:
    """Set the time of the newest full delivery of an organisation's v4 source (rule 1.3), if it is newer."""
    connection.execute(
        """UPDATE source SET last_full_at = max(coalesce(last_full_at, ''), ?)
        WHERE organization_id = ? AND format = 'v4'""",
        (extract_at, organization_id),
    )


def lock_for_import(connection: Connection, number: int, delivery: int) -> bool:
    """Mark the source as being imported by a delivery (rule S5). Return False if it was marked already."""
    cursor = connection.execute(
        "INSERT INTO import_lock (source, delivery) VALUES (?, ?) ON CONFLICT (source, delivery) DO NOTHING",
        (number, delivery),
    )
    return cursor.rowcount == 1


def unlock_and_bump_version(
    connection: Connection, delivery: int, organization_id: str | None = None
) -> list[tuple[int, str]]:
    """Remove the marks of a delivery and raise the version of each source that it changed (rules S5 and 1.12).

    Args:
        connection: A write transaction.
        delivery: Number of the delivery.
        organization_id: Only sources of this organisation; None for all.

    Returns:
        (source, organisation id) of these sources.
    """
    changed_sources = connection.execute(
        """SELECT source, organization_id FROM import_lock JOIN source USING (source)
        WHERE delivery = ? AND organization_id = coalesce(?, organization_id) ORDER BY source""",
        (delivery, organization_id),
    ).fetchall()
    for number, _ in changed_sources:
        connection.execute("UPDATE source SET version = version + 1 WHERE source = ?", (number,))
        lineage.note_source_version(connection, number, delivery)
        connection.execute("DELETE FROM import_lock WHERE source = ? AND delivery = ?", (number, delivery))
    return changed_sources


def locked_by(connection: Connection, delivery: int) -> list[str]:
    """Return the organisations with a source that the delivery has begun to change, ordered by id."""
    rows = connection.execute(
        """SELECT DISTINCT organization_id FROM import_lock JOIN source USING (source)
        WHERE delivery = ? ORDER BY organization_id""",
        (delivery,),
    )
    return [row[0] for row in rows.fetchall()]


def case_counts(connection: Connection, organization_id: str) -> dict[int, int]:
    """Return the number of cases by source, without tombstones."""
    rows = connection.execute(
        """SELECT source, count(*) FROM sak JOIN source USING (source)
        WHERE organization_id = ? AND year >= 0 AND NOT slettet GROUP BY source""",
        (organization_id,),
    )
    return dict(rows.fetchall())


def case_and_finding_count(connection: Connection, number: int) -> tuple[int, int]:
    """Return the number of cases of a source, without tombstones, and that of findings in its held files."""
    cases, findings = connection.execute(
        """SELECT cases, findings + findings_of_cases
        FROM source, (
            SELECT count(*) FILTER (WHERE NOT slettet) AS cases, coalesce(sum(findings), 0) AS findings_of_cases
            FROM sak WHERE source = :source
        )
        WHERE source = :source""",
        {"source": number},
    ).fetchone()
    return cases, findings


def list_options(connection: Connection) -> list[tuple[str, str, str, str, str]]:
    """Return (id, name, number, periods with a snapshot, municipalities) of every organisation, by name.

    The periods are separated by spaces. An organisation that is being erased is left out.
    """
    return connection.execute(
        f"""SELECT organization_id, organization_name,
            organisasjonsnummer || CASE WHEN bydelsnummer = '' THEN '' ELSE '-' || bydelsnummer END,
            coalesce((SELECT group_concat(period_id, ' ') FROM snapshot
                WHERE snapshot.organization_id = organization.organization_id), ''),
            coalesce((SELECT group_concat(kommunenummer || ' ' || kommunenavn, ' ') FROM kommune
                WHERE kommune.organization_id = organization.organization_id), '')
        FROM organization WHERE {NOT_BEING_ERASED} ORDER BY organization_name"""
    ).fetchall()
