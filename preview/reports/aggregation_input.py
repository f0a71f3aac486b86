"""Select what an aggregation of a period reads: a source and the supplementary figures (rule 5.3, docs/domain.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

from preview.core.periods import Period
from preview.form.sources import Source, SourceSelection, select_source
from preview.storage import figures, organizations
from preview.storage.database import Connection
from preview.storage.history import lineage
from preview.storage.organizations import SourceRow


def source_from_row(row: SourceRow) -> Source:
    """Return the stored row as the input of the form's rules."""
    return Source(
        source_id=row.source,
        format=row.format,  # pyright: ignore[reportArgumentType]  (the column's CHECK)
        year=row.year,
        version=row.version,
        first_extract_at=row.first_extract_at,
        last_extract_at=row.last_extract_at,
        last_full_at=row.last_full_at,
        case_system=row.case_system,
    )


@dataclass(frozen=True)
class AggregationInput:
    """What an aggregation of a period would read now.

    `input_version` changes whenever the source or the supplementary figures change (rule 1.12, docs/domain.md);
    `inputs` holds the version of the source and of the figures by the names of `preview.storage.lineage`.
    `is_importing` is true while a delivery to the source is being imported (rule S5).
    """

    selection: SourceSelection
    input_version: str
    inputs: dict[str, int]
    is_importing: bool


def select_input(rows: Sequence[SourceRow], figure_versions: dict[str, int], period: Period) -> AggregationInput | None:
    """Select the source that supplies a period (rule 5.3).

    Only an import into the selected source matters for `is_importing`: a delivery can make another source the selected
    one only by changing that other source.

    Args:
        rows: All sources of one organisation.
        figure_versions: Version of its supplementary figures by `period_id`.
        period: The period to aggregate.

    Returns:
        The input, or None if the organisation has no data for the period.
    """
    selection = select_source([source_from_row(row) for row in rows], period)
    if selection is None:
        return None
    source = selection.source
    figure_version = figure_versions.get(str(period), 0)
    input_version = f"{source.source_id}:{source.version}:{figure_version}"
    inputs = {lineage.source_input(source.format, source.year): source.version}
    if figure_version:
        inputs[lineage.figures_input(str(period))] = figure_version
    is_importing = any(row.is_importing for row in rows if row.source == source.source_id)
    return AggregationInput(selection, input_version, inputs, is_importing)


def current_input(connection: Connection, organization_id: str, period: Period) -> AggregationInput | None:
    """Return `select_input` for the present state of the store."""
    sources = organizations.sources(connection, organization_id)
    return select_input(sources, figures.versions(connection, organization_id), period)
