"""Sample services for tests of the pipeline: each has its own number, id and cases, so that tests can share a store."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from preview.model.resources import OrganizationDocument
from preview.runtime.application import Application
from preview.storage import organizations
from preview.storage.organizations import SourceRow
from tests.builders import case_xml

_numbers = itertools.count(1001)


@dataclass
class SampleService:
    """A service that is not listed: it becomes `org-<Kommunenummer>` when its first case is imported (rule 3.2)."""

    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def organisasjonsnummer(self) -> str:
        """Its Organisasjonsnummer."""
        return f"9{self.number:08}"

    @property
    def kommune(self) -> str:
        """Its Kommunenummer."""
        return f"{self.number:04}"

    @property
    def organization_id(self) -> str:
        """Its id."""
        return f"org-{self.kommune}"

    def case_id(self, case: int) -> str:
        """Return the `Sak/@Id` of its case with that number."""
        return case_xml.uid(self.number * 1000 + case)

    def folder(self, case: int, day: str, meldinger: Sequence[str] = (), **overrides: Any) -> bytes:
        """Return a file of its case as of a day (noon) or a DatoUttrekk.

        `meldinger` are days of receipt; `overrides` are arguments of `case_xml.folder`.
        """
        extract_at = day if "T" in day else f"{day}T12:00:00+01:00"
        arguments: dict[str, Any] = {
            "org": self.organisasjonsnummer,
            "kommune": self.kommune,
            "meldinger": [case_xml.melding(received, received) for received in meldinger],
            "planer": [case_xml.plan(*case_xml.OLD_PLAN)],
        }
        return case_xml.folder(self.case_id(case), uttrekk=extract_at, **{**arguments, **overrides})

    def listing(self, organization_id: str, name: str) -> bytes:
        """Return an organisations file that names it."""
        header = "organization_id,organization_name,organisasjonsnummer"
        return f"{header}\n{organization_id},{name},{self.organisasjonsnummer}\n".encode()

    def figures(self, *lines: str) -> bytes:
        """Return supplementary figures; a line is `period_id,field_key,value,data_source`."""
        header = "organization_id,period_id,field_key,value,data_source"
        return "\n".join([header, *(f"{self.organization_id},{line}" for line in lines)]).encode()

    def source(self, application: Application) -> SourceRow:
        """Return its only source."""
        (row,) = application.database.read(lambda connection: organizations.sources(connection, self.organization_id))
        return row

    def version(self, application: Application) -> int:
        """Return the version of its only source (rule 1.12)."""
        return self.source(application).version

    def document(self, application: Application) -> OrganizationDocument:
        """Return its resource in the API."""
        rows, _, _ = application.organizations.page(1, 100_000)
        (document,) = (row for row in rows if row.organization_id == self.organization_id)
        return document

    def stored_melding_days(self, application: Application) -> list[list[str]]:
        """Return the receipt days of the meldinger of each stored case, in order of the cases' running numbers."""
        source_id = self.source(application).source
        rows = application.database.read(
            lambda connection: connection.execute(
                """SELECT sak.sak, mottatt FROM sak LEFT JOIN melding USING (source, sak)
                WHERE source = ? AND NOT slettet ORDER BY sak.sak, mottatt""",
                (source_id,),
            ).fetchall()
        )
        return [[day for _, day in days if day] for _, days in itertools.groupby(rows, key=lambda row: row[0])]
