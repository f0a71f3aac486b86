"""Finds the cases in local files that a number counts, with the labels by which a case worker knows them.

The files are imported into a temporary store, so that the number equals the one of `report`. The labels are read from
the files in this process: no store contains them.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from preview.cli.file_report import NO_DATA, group_into_deliveries, temporary_application
from preview.core.clock import now
from preview.core.errors import FieldError, NotFound, ValidationError
from preview.core.periods import Period
from preview.form.aggregation import Parameters
from preview.form.contributions import contributions_by_case
from preview.form.entries import Field
from preview.form.sources import Source
from preview.model.limits import Limits
from preview.model.resources import Value
from preview.parsing.labels import CaseLabel, CaseLabelIndex
from preview.reports.aggregation_input import current_input
from preview.reports.aggregation_result import aggregate_values
from preview.runtime.application import Application
from preview.storage import cases, organizations
from preview.storage.database import Connection
from preview.storage.hash_key import load_or_create_key
from preview.storage.organizations import OrganizationRow


class ContributingCase(msgspec.Struct, frozen=True):
    """A case that a number counts.

    Attributes:
        sak_id: `Sak/@Id`, or the `Id` of the `Individ` in KOSTRA 15F.
        journalnummer: The journal number.
        count: How many times the case counts.
    """

    sak_id: str
    journalnummer: str
    count: int


class Explanation(msgspec.Struct, frozen=True):
    """A number of an organisation and period with the cases that it counts; for a percentage, those too late."""

    organization_id: str
    organization_name: str
    period_id: str
    field_key: str
    value: Value
    cases: list[ContributingCase]


class LocalCases:
    """The cases of local files in a temporary store, and their labels."""

    def __init__(self, application: Application, labels: CaseLabelIndex) -> None:
        self._application = application
        self._labels = labels

    def explain(self, period: Period, field_key: str, organization_id: str | None = None) -> list[Explanation]:
        """Return the cases that a field counts, for each organisation that has data for the period.

        Args:
            period: The period.
            field_key: Key of the field.
            organization_id: Return only this organisation; None for all.

        Returns:
            The explanations, by id of the organisation.

        Raises:
            ValidationError: There is no such field, or a file was changed while it was read.
            NotFound: The files have no data for the period and organisation.
        """
        application = self._application
        if field_key not in application.catalogue:
            raise ValidationError("There is no such field.", [FieldError("/field_key", "is not known")])
        field = application.catalogue.field(field_key)
        ids = sorted(
            candidate.organization_id
            for candidate in application.organizations.list_options()
            if organization_id in (None, candidate.organization_id)
        )
        read = application.database.read
        explanations = [
            explanation
            for candidate in ids
            if (
                explanation := read(
                    lambda connection, candidate=candidate: self._explain(connection, candidate, period, field)
                )
            )
        ]
        if not explanations:
            raise NotFound(NO_DATA)
        return explanations

    def _explain(
        self, connection: Connection, organization_id: str, period: Period, field: Field
    ) -> Explanation | None:
        aggregation_input = current_input(connection, organization_id, period)
        organization = organizations.visible_organization(connection, organization_id)
        if aggregation_input is None or organization is None:
            return None
        values = aggregate_values(
            connection, self._application.report_config, organization_id, period, aggregation_input, lambda _: None
        ).values
        source = aggregation_input.selection.source
        contributions = contributions_by_case(connection, field, Parameters.from_source(source, period))
        labels_by_sak = _find_labels(connection, self._labels, organization, source) if contributions else {}
        if not contributions.keys() <= labels_by_sak.keys():
            raise ValidationError("The files were changed while they were read. Try again.")
        return Explanation(
            organization_id,
            organization.organization_name,
            str(period),
            field.field_key,
            values[field.field_key][0] if field.field_key in values else None,
            [ContributingCase(*labels_by_sak[sak], count) for sak, count in contributions.items()],
        )


@contextmanager
def local_cases(paths: list[Path]) -> Generator[LocalCases]:
    """Import the files into a temporary store, which is deleted when the context ends.

    Raises:
        ValidationError: A file is refused, or there is none.
    """
    with temporary_application(paths) as application:
        labels = CaseLabelIndex(
            load_or_create_key(application.settings.data_dir, application.database),
            now(),
            Limits.from_settings(application.settings),
        )
        for group in group_into_deliveries(paths):
            for path in group:
                labels.add_path(path)
        yield LocalCases(application, labels)


def _find_labels(
    connection: Connection, labels: CaseLabelIndex, organization: OrganizationRow, source: Source
) -> dict[int, CaseLabel]:
    """Return the labels of the source's cases, by number of the case."""
    organization_key = organization.organisasjonsnummer, organization.bydelsnummer
    if source.format == "v4":
        assert source.last_extract_at is not None  # Only a source that has been read is selected.
        stored_cases = cases.stored_not_newer(connection, source.source_id, source.last_extract_at)
        labels_by_sak = {sak: labels.find_case(organization_key, keys) for sak, keys in stored_cases}
        return {sak: label for sak, label in labels_by_sak.items() if label is not None}
    saker_by_content = cases.saker_by_content_hash(connection, source.source_id)
    return {
        sak: label
        for digest, saker in saker_by_content.items()
        for sak, label in zip(saker, labels.find_children(organization_key, source.year, digest), strict=False)
    }
