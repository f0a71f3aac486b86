"""Finds the withheld values that published sums give away.

A withheld value is protected if there is a move to another possible state: it is one more or less, and others are one
less or more, so that no published sum changes, no equation of a whole and its components, and nothing that a reader
knows of single values. Such moves are looked for:

- Two services, one field: one has one more where the other has one less. They must count in the same published sums.
- Of services that have a whole and all components, two services and two fields: what one service has more in one field
  it has less in the other (or more in both, if one of them is the whole), and the other service the reverse. Where
  neither field is in a published sum, one service is enough.

More moves would be possible with more services and fields. Not to look for them withholds more rather than less.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from itertools import combinations
from typing import Literal, NamedTuple

from preview.form.suppression import SMALL_COUNT_RANGE
from preview.model.resources import Value

SumKind = Literal["value", "matched", "prior"]
"""Which sum of a field's values of a period it is:

- `value`: over all services
- `matched`: over those with a value in the prior period too; it is the current side of the change
- `prior`: over those with a value in the next period too; it is the prior value of that period's totals
"""


class Sum(NamedTuple):
    """One sum of a field: what it is over, and the number of the county, empty for the whole country."""

    kind: SumKind
    county: str


FieldSum = tuple[int, Sum]
"""A sum of the field with that index in its group."""


class Cell(NamedTuple):
    """A withheld value: the sums in which it counts, and its bucket (`bucket_of`)."""

    sums: frozenset[Sum]
    bucket: int


class HiddenRow(NamedTuple):
    """The withheld values of a service in a group of fields.

    Attributes:
        cells: By field of the group, of which the first is the whole and the others its components; None for a value
            that is visible or not there.
        is_bound: Whether it has values of all of them, so that the whole is the sum of the components.
    """

    cells: tuple[Cell | None, ...]
    is_bound: bool


_LEAST, _MOST = SMALL_COUNT_RANGE
_SECONDARY = _MOST + 1
"""The smallest value that is withheld for the sake of another one."""


def bucket_of(value: Value) -> int:
    """Return a withheld value, where more than the smallest that is withheld for the sake of others are equal."""
    return min(int(value or 0), _SECONDARY + 1)


class HiddenValues:
    """The withheld values of a group of fields, prepared for being asked again and again.

    Sums are bits of a number, so that those of a value that are published are one operation.

    Attributes:
        sizes: The number of withheld values in each sum, by field and sum.
    """

    def __init__(self, rows: Counter[HiddenRow]) -> None:
        """Prepare rows, given with the number of equal ones."""
        self.sizes: Counter[FieldSum] = Counter()
        self._bits: dict[Sum, int] = {}
        self._hidden: list[dict[int, int]] = []
        self._alone: defaultdict[int, list[_Entry]] = defaultdict(list)
        self._pairs: defaultdict[tuple[int, int], list[_Entry]] = defaultdict(list)
        for number, (row, count) in enumerate(rows.items()):
            self._add(number, row, count)
        self._sums = {bit: each for each, bit in self._bits.items()}

    def exposing_sums(self, published: Collection[FieldSum]) -> set[FieldSum]:
        """Return the published sums in which values count that they give away."""
        masks: Counter[int] = Counter()
        for field, each in published:
            masks[field] |= self._bits[each]
        protected = [0] * len(self._hidden)
        for field, entries in self._alone.items():
            _protect(protected, entries, 1 << field, masks[field], 0)
        for (first, second), entries in self._pairs.items():
            _protect(protected, entries, 1 << first | 1 << second, masks[first], masks[second])
        exposing: Counter[int] = Counter()
        for fields, hidden in zip(protected, self._hidden, strict=True):
            if any(not fields >> field & 1 for field in hidden):
                for field, mask in hidden.items():
                    exposing[field] |= mask & masks[field]
        return {(field, each) for field, mask in exposing.items() for bit, each in self._sums.items() if mask & bit}

    def _add(self, number: int, row: HiddenRow, count: int) -> None:
        hidden = {field: cell for field, cell in enumerate(row.cells) if cell is not None}
        masks = {field: self._mask(cell.sums) for field, cell in hidden.items()}
        self._hidden.append(masks)
        for field, cell in hidden.items():
            self.sizes.update({(field, each): count for each in cell.sums})
            if not row.is_bound:
                moves = _UP * _can_rise(cell.bucket) | _DOWN * _can_fall(cell.bucket)
                self._alone[field].append(_Entry(number, count, moves, masks[field], 0))
        for first, second in combinations(hidden if row.is_bound else (), 2):
            moves = _moves_of(hidden[first].bucket, hidden[second].bucket, is_whole=first == 0)
            self._pairs[first, second].append(_Entry(number, count, moves, masks[first], masks[second]))

    def _mask(self, sums: frozenset[Sum]) -> int:
        mask = 0
        for each in sums:
            mask |= self._bits.setdefault(each, 1 << len(self._bits))
        return mask


_UP, _DOWN = 1, 2
"""Bits of what a service can do: one more in a field, one less; of two fields, in the first by changing the second."""


class _Entry(NamedTuple):
    """What the services of a row can do in one or two fields, and the sums in which they count there."""

    row: int
    services: int
    moves: int
    first: int
    second: int


def _protect(protected: list[int], entries: list[_Entry], fields: int, first: int, second: int) -> None:
    """Mark the fields of those rows as protected that can move by themselves or against another one.

    Rows that count in no published sum of the fields move by themselves. Others need one that counts in the same.
    """
    counts: dict[tuple[int, int], list[int]] = {}
    for entry in entries:
        of_moves = counts.setdefault((entry.first & first, entry.second & second), [0, 0, 0, 0])
        of_moves[entry.moves] += entry.services
    for entry in entries:
        moves = entry.moves
        if not moves:
            continue
        sums = entry.first & first, entry.second & second
        of_moves = counts[sums]
        others_up = of_moves[_UP] + of_moves[_UP | _DOWN] - (moves & _UP == _UP)
        others_down = of_moves[_DOWN] + of_moves[_UP | _DOWN] - (moves & _DOWN == _DOWN)
        if sums == (0, 0) or (moves & _UP and others_down > 0) or (moves & _DOWN and others_up > 0):
            protected[entry.row] |= fields


def _moves_of(first: int, second: int, *, is_whole: bool) -> int:
    if is_whole:
        up, down = _can_rise(first) and _can_rise(second), _can_fall(first) and _can_fall(second)
    else:
        up, down = _can_rise(first) and _can_fall(second), _can_fall(first) and _can_rise(second)
    return _UP * up | _DOWN * down


def _can_rise(bucket: int) -> bool:
    return bucket != _MOST


def _can_fall(bucket: int) -> bool:
    return bucket not in (_LEAST, _SECONDARY)
