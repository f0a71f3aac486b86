"""Imports supplementary figures (rule 6.1, docs/domain.md): stages them as they are read, prepares the new figures of
each organisation, and brings them into use.

Neither the number of lines nor that of an organisation's figures makes a transaction long.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import TypeVar

import msgspec

from preview.form.catalogue import Catalogue
from preview.form.numbers import one_decimal
from preview.ingest.pieces import Piece, write_pieces
from preview.model.case_records import SupplementaryFigure
from preview.model.findings import Finding, FindingCode
from preview.storage import deliveries, figures, organizations
from preview.storage.database import STEP_ROWS, Connection, Database
from preview.storage.deliveries import DeliveryRow
from preview.storage.findings import MAX_STORED_FINDINGS
from preview.storage.history import lineage

T = TypeVar("T")

_PIECE_ROWS = STEP_ROWS // 2


class FigureImporter:
    """The figures of one claimed delivery.

    Attributes:
        has_any: Whether the delivery has figures; they take effect after `prepare`.
        imported_lines: Number of lines that are to take effect.
    """

    def __init__(self, database: Database, catalogue: Catalogue, row: DeliveryRow) -> None:
        self._database = database
        self._catalogue = catalogue
        self._row = row
        self._unknown: list[SupplementaryFigure] = []
        self._left_out: list[Finding] = []
        self.has_any = False
        self.imported_lines = 0

    def stage(self, lines: list[SupplementaryFigure]) -> None:
        """Store figures that are to take effect with the rest of the delivery.

        Raises:
            LeaseLost: The delivery was claimed by another worker.
        """
        accepted: list[SupplementaryFigure] = []
        known = self._known_organizations(lines)
        for line in lines:
            if line.field_key not in self._catalogue or self._catalogue.field(line.field_key).computed:
                self._left_out.append(FindingCode.CSV_FIELD.finding(line.file, line.line, "field_key"))
                continue
            value = None if line.value is None else one_decimal(line.value)
            # An id that is not one of an organisation may be anything, also a person's: it is not stored.
            destination = accepted if line.organization_id in known else self._unknown
            destination.append(msgspec.structs.replace(line, value=value))
        self.has_any = self.has_any or bool(lines)
        self._store(accepted)

    def _known_organizations(self, lines: list[SupplementaryFigure]) -> set[str]:
        named = {line.organization_id for line in lines}
        return self._database.read(lambda connection: organizations.known_ids(connection, named)) if named else set()

    def _store(self, lines: list[SupplementaryFigure]) -> None:
        pieces = (partial(figures.stage, delivery=self._row.delivery, lines=piece) for piece in _slices(lines))
        if lines:
            write_pieces(self._database, self._row, pieces)
            self.imported_lines += len(lines)

    def prepare(self) -> tuple[list[Finding], int]:
        """Prepare the new figures of every organisation whose figures change, and note all that the lines name.

        Returns:
            The first findings about lines that are left out, and the number of the others.

        Raises:
            LeaseLost: The delivery was claimed by another worker.
        """
        delivery = self._row.delivery
        known = self._known_organizations(self._unknown)  # A later file of the delivery may have named them.
        self._store([line for line in self._unknown if line.organization_id in known])
        named = self._database.read(lambda connection: figures.staged_organizations(connection, delivery))
        self.prepare_organizations(named)
        notes = (
            partial(deliveries.note_organization, number=delivery, organization_id=organization_id)
            for organization_id in named
        )
        write_pieces(self._database, self._row, notes)
        self._left_out += [
            FindingCode.CSV_UNKNOWN_ORGANIZATION.finding(line.file, line.line, "organization_id")
            for line in self._unknown
            if line.organization_id not in known
        ]
        self._left_out.sort(key=lambda finding: (finding.file, finding.line))
        return self._left_out[:MAX_STORED_FINDINGS], len(self._left_out[MAX_STORED_FINDINGS:])

    def prepare_organizations(self, organization_ids: list[str]) -> None:
        """Prepare the new figures of each organisation whose staged figures change any."""
        pieces: list[Iterator[Piece]] = []
        rows = 0
        for organization_id in organization_ids:
            replaces, changes = self._database.read(partial(self._changes, organization_id=organization_id))
            if changes:
                pieces.append(_prepare_set(self._row.delivery, organization_id, replaces, changes))
                rows += len(changes)
            if rows > _PIECE_ROWS:  # few organisations together fill a transaction; many must not fill the memory
                write_pieces(self._database, self._row, chain.from_iterable(pieces))
                pieces, rows = [], 0
        if pieces:
            write_pieces(self._database, self._row, chain.from_iterable(pieces))

    def _changes(
        self, connection: Connection, organization_id: str
    ) -> tuple[int | None, list[tuple[str, str, float | None, str]]]:
        replaces = figures.set_in_use(connection, organization_id)
        return replaces, figures.changes(connection, self._row.delivery, organization_id, replaces)

    def use_prepared(self, connection: Connection, organization_id: str) -> bool | None:
        """Bring the prepared figures of an organisation into use.

        Args:
            connection: The transaction in which the delivery takes effect for the organisation.
            organization_id: The organisation.

        Returns:
            Whether its figures change; None if another delivery has changed them since they were prepared.
        """
        prepared = figures.prepared_set(connection, self._row.delivery, organization_id)
        if prepared is None:
            return False
        figure_set, replaces = prepared
        if figures.set_in_use(connection, organization_id) != replaces:
            figures.abandon_set(connection, figure_set)
            return None
        figures.use_set(connection, figure_set, replaces)
        return True


def _prepare_set(
    delivery: int, organization_id: str, replaces: int | None, changes: list[tuple[str, str, float | None, str]]
) -> Iterator[Piece]:
    """Yield the pieces that copy a set and apply changes to the copy."""
    figure_set = 0
    figures_after: list[tuple[str, str]] = [("", "")]  # the figure that was copied last; empty when all have been
    versions_after: list[str] = [""]

    def begin(connection: Connection) -> None:
        nonlocal figure_set
        figure_set = figures.begin_set(connection, delivery, organization_id, replaces)

    def copy_figures(connection: Connection) -> None:
        last = figures.copy_figures(connection, figure_set, replaces, figures_after[0])
        figures_after[:] = [] if last is None else [last]

    def copy_versions(connection: Connection) -> None:
        last = figures.copy_versions(connection, figure_set, replaces, versions_after[0])
        versions_after[:] = [] if last is None else [last]

    yield begin
    while replaces is not None and figures_after:
        yield copy_figures
    while replaces is not None and versions_after:
        yield copy_versions
    for rows in _slices(changes):
        yield lambda connection, rows=rows: figures.apply_changes(connection, figure_set, rows)
    for periods in _slices(sorted({period for period, _, _, _ in changes})):
        yield lambda connection, periods=periods: figures.raise_versions(connection, figure_set, periods)
        yield lambda connection, periods=periods: lineage.note_figure_versions(
            connection, figure_set, periods, delivery
        )


def _slices(items: list[T]) -> Iterator[list[T]]:
    return (items[start : start + _PIECE_ROWS] for start in range(0, len(items), _PIECE_ROWS))
