"""What a delivery prepares before it takes effect, in pieces of a bounded number of rows."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from preview.core.errors import LeaseLost
from preview.model.case_records import CaseContent, Individ
from preview.storage import cases, deliveries
from preview.storage.database import STEP_ROWS, Connection, Database
from preview.storage.deliveries import DeliveryRow

Piece = Callable[[Connection], None]
"""Writes some rows in the caller's write transaction."""


def write_pieces(database: Database, row: DeliveryRow, pieces: Iterator[Piece]) -> None:
    """Write the pieces of a claimed delivery in short transactions.

    Each piece is asked for when the one before it has been written, within the same transaction or a later one.

    Raises:
        LeaseLost: The delivery was claimed by another worker.
    """

    def write_next(connection: Connection) -> bool:
        if not deliveries.is_claimed(connection, row):
            raise LeaseLost("The delivery was taken over.")
        piece = next(pieces, None)
        if piece is None:
            return False
        piece(connection)
        return True

    database.write_in_steps(write_next)


def content_pieces(source: int, sak: int, content: CaseContent) -> Iterator[Piece]:
    """Yield the pieces that insert the content of one case."""
    for table, rows in cases.content_rows(source, sak, content).items():
        while piece := list(islice(rows, STEP_ROWS)):
            yield lambda connection, table=table, piece=piece: cases.insert_rows(connection, table, piece)


def source_pieces(source: int, extract_at: str, individer: Iterable[Individ]) -> Iterator[Piece]:
    """Yield the pieces that insert cases without keys into a source that has none yet."""
    group: list[tuple[int, Individ]] = []
    group_rows = 0
    for sak, individ in enumerate(individer, start=1):
        rows = cases.row_count(individ.content)
        if group and group_rows + rows > STEP_ROWS:
            yield _insertion(source, extract_at, group)
            group, group_rows = [], 0
        if rows > STEP_ROWS:
            yield from content_pieces(source, sak, individ.content)
            yield _insertion(source, extract_at, [(sak, individ)], with_content=False)
        else:
            group.append((sak, individ))
            group_rows += rows
    if group:
        yield _insertion(source, extract_at, group)


def _insertion(source: int, extract_at: str, group: list[tuple[int, Individ]], *, with_content: bool = True) -> Piece:
    def insert(connection: Connection) -> None:
        cases.insert_saker(
            connection, source, extract_at, [(sak, each.content, each.content_hash) for sak, each in group]
        )
        if with_content:
            cases.insert_content(connection, [(source, sak, each.content) for sak, each in group])

    return insert
