"""Which cases of local files a number counts, by what a case worker knows them by. Never of what a store or a server holds.

The files are taken into a throwaway store like any delivery, so that the number is the one that `report` gives; the cases that it counts
are then put beside the labels that this process reads from the files themselves.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from preview.cli.file_report import NO_DATA, deliveries_of, taken
from preview.core.clock import now
from preview.core.errors import Fault, Invalid, NotFound
from preview.core.periods import Period
from preview.form.aggregation import Parameters
from preview.form.entries import Field
from preview.form.explaining import counts
from preview.form.sources import Source
from preview.model.limits import Limits
from preview.model.resources import Value
from preview.parsing.labels import Label, Labels
from preview.reports.job_queue import read_values
from preview.reports.reconcile import reading_now
from preview.runtime.application import Application
from preview.storage import cases, organizations
from preview.storage.database import Connection
from preview.storage.hash_key import open_key
from preview.storage.organizations import OrganizationRow


class Counted(msgspec.Struct, frozen=True):
    """A case, and how much of the number it makes up."""

    sak_id: str
    journalnummer: str
    count: int


class Explanation(msgspec.Struct, frozen=True):
    """A number of one organisation and period, with the cases that make it up; of a share they are those over frist."""

    organization_id: str
    organization_name: str
    period_id: str
    field_key: str
    value: Value
    cases: list[Counted]


class LocalCases:
    """The cases of local files, taken into a throwaway store, and their labels."""

    def __init__(self, application: Application, labels: Labels) -> None:
        self._application = application
        self._labels = labels

    def explain(self, period: Period, field_key: str, organization_id: str | None = None) -> list[Explanation]:
        """One an organisation that has data for the period, by id. Raises `Invalid` for an unknown field, `NotFound` without any data."""
        application = self._application
        if field_key not in application.catalogue:
            raise Invalid("There is no such field.", [Fault("/field_key", "is not known")])
        field = application.catalogue.field(field_key)
        ids = sorted(each.organization_id for each in application.organizations.all() if organization_id in (None, each.organization_id))
        read = application.database.read
        found = [told for each in ids if (told := read(lambda connection, each=each: self._explain(connection, each, period, field)))]
        if not found:
            raise NotFound(NO_DATA)
        return found

    def _explain(self, connection: Connection, organization_id: str, period: Period, field: Field) -> Explanation | None:
        reading = reading_now(connection, organization_id, period)
        organization = organizations.organization(connection, organization_id)
        if reading is None or organization is None:
            return None
        values = read_values(connection, self._application.form, organization_id, period, reading, lambda _: None).values
        source = reading.choice.source
        parts = counts(connection, field, Parameters.of(source, period))
        labelled = _labelled(connection, self._labels, organization, source) if parts else {}
        if not parts.keys() <= labelled.keys():
            raise Invalid("The files have changed while they were read.")
        return Explanation(
            organization_id,
            organization.organization_name,
            str(period),
            field.field_key,
            values[field.field_key][0] if field.field_key in values else None,
            [Counted(*labelled[sak], count) for sak, count in parts.items()],
        )


@contextmanager
def local_cases(paths: list[Path]) -> Generator[LocalCases]:
    """Takes the files in. Raises `Invalid` where one is refused."""
    with taken(paths) as application:
        labels = Labels(open_key(application.settings.data_dir, application.database), now(), Limits.of(application.settings))
        for group in deliveries_of(paths):
            for path in group:
                labels.read(path)
        yield LocalCases(application, labels)


def _labelled(connection: Connection, labels: Labels, organization: OrganizationRow, source: Source) -> dict[int, Label]:
    """The labels of the source's cases by `sak`."""
    place = organization.organisasjonsnummer, organization.bydelsnummer
    if source.format == "v4":
        assert source.siste_uttrekk is not None  # a source that was chosen has been read
        held = cases.held_not_newer(connection, source.kilde, source.siste_uttrekk)
        found = {sak: labels.of_case(place, nokler) for sak, nokler in held}
        return {sak: label for sak, label in found.items() if label is not None}
    alike = cases.saker_by_innhold(connection, source.kilde)
    return {
        sak: label
        for digest, saker in alike.items()
        for sak, label in zip(saker, labels.of_child(place, source.year, digest), strict=False)
    }
