"""Withholds sums from which a withheld value of one service could be computed back (domain 8, docs/domain.md).

A reader knows the visible values of all services, so that each published sum gives away the sum of the withheld ones in
it. A withheld value stays unknown if another withheld one, which counts in the same published sums, could have one more
where it has one less: what is published would be the same. Sums are withheld until that holds for every withheld value.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

from preview.form.catalogue import Catalogue
from preview.form.suppression import SMALL_COUNT_RANGE
from preview.totals.reports import ReportsByService
from preview.totals.sums import is_reported

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


class Periods(NamedTuple):
    """What the published sums of a period's values depend on.

    Attributes:
        reports: The reports whose values are summed.
        prior: Those of the prior period.
        next: Those of the next one.
        counties: Number of the county by service, in the year of the period.
        next_counties: The same in the year of the next period.
    """

    reports: ReportsByService
    prior: ReportsByService
    next: ReportsByService
    counties: Mapping[str, str | None]
    next_counties: Mapping[str, str | None]


_KINDS: tuple[SumKind, ...] = ("matched", "prior", "value")
"""In the order in which they are withheld: the value itself last."""

_LEAST, _MOST = SMALL_COUNT_RANGE
_SECONDARY = _MOST + 1
"""The smallest value that is withheld for the sake of another one."""

Cell = tuple[frozenset[Sum], int]
"""A withheld value: the sums in which it counts, and the value, where more than `_SECONDARY` are equal."""


def withheld_sums(catalogue: Catalogue, periods: Periods) -> dict[str, frozenset[Sum]]:
    """Return the sums of a period's values that must not be published, by key of the field.

    The answer covers the country and every county at once, and does not depend on what of it is requested: what one
    answer withholds, no other one gives away. A field without withheld values is not in it.
    """
    cells = _cells(catalogue, periods)
    withheld = {key: _withheld(of_field) for key, of_field in cells.items()}
    for whole in catalogue.fields:
        if whole.components:
            group = [whole, *(catalogue.fields[number - 1] for number in whole.components)]
            _withhold_second_of_group([field.key for field in group], cells, withheld)
    return {key: frozenset(sums) for key, sums in withheld.items()}


def _cells(catalogue: Catalogue, periods: Periods) -> dict[str, Counter[Cell]]:
    """Return the withheld values with their number, by key of the field in form order; none for a field without any."""
    cells: dict[str, Counter[Cell]] = {field.key: Counter() for field in catalogue.fields}
    for service, report in periods.reports.items():
        if not report.hidden:
            continue
        prior, following = periods.prior.get(service), periods.next.get(service)
        county, next_county = periods.counties.get(service), periods.next_counties.get(service)
        for key in report.hidden:
            has_prior, has_next = is_reported(key, prior), is_reported(key, following)
            sums = _sums_of(county, next_county, has_prior=has_prior, has_next=has_next)
            cells[key][sums, min(int(report.values[key] or 0), _SECONDARY + 1)] += 1
    return {key: of_field for key, of_field in cells.items() if of_field}


@cache
def _sums_of(county: str | None, next_county: str | None, *, has_prior: bool, has_next: bool) -> frozenset[Sum]:
    """Return the sums in which a value of a service counts."""
    kinds: list[tuple[SumKind, str | None]] = [("value", county)]
    if has_prior:
        kinds.append(("matched", county))
    if has_next:
        kinds.append(("prior", next_county))
    return frozenset(Sum(kind, number) for kind, in_county in kinds for number in ("", in_county) if number is not None)


def _withheld(cells: Counter[Cell]) -> set[Sum]:
    """Return the sums of one field that are withheld.

    Sums of counties are withheld before that of the country. If only the country's is left that gives a value away,
    the county with the fewest withheld values is withheld too, so that the values of both protect each other. At last,
    what need not have been withheld is published after all, the most important first.
    """
    published = {each for sums, _ in cells for each in sums}
    withheld: set[Sum] = set()
    while exposing := _exposing(cells, published):
        county_sums = [each for each in exposing if each.county]
        if county_sums:
            next_sum = min(county_sums, key=_rank)
        else:
            kind = min(exposing, key=_rank).kind
            counties = [each for each in published if each.kind == kind and each.county]
            next_sum = min(counties, key=lambda each: (_size(cells, each), each.county), default=Sum(kind, ""))
        published.discard(next_sum)
        withheld.add(next_sum)
    for each in sorted(withheld, key=lambda each: (each.county != "", -_KINDS.index(each.kind), each.county)):
        if not _exposing(cells, published | {each}):
            published.add(each)
    return withheld - published


def _rank(each: Sum) -> tuple[int, str]:
    return _KINDS.index(each.kind), each.county


def _size(cells: Counter[Cell], wanted: Sum) -> int:
    return sum(count for (sums, _), count in cells.items() if wanted in sums)


def _exposing(cells: Counter[Cell], published: set[Sum]) -> set[Sum]:
    """Return the published sums in which a value counts that they give away."""
    classes: dict[frozenset[Sum], Counter[int]] = {}
    for (sums, value), count in cells.items():
        classes.setdefault(sums & published, Counter())[value] += count
    return {
        each
        for sums, values in classes.items()
        for value in values
        if not any(_can_trade(value, other) for other, count in values.items() if count > (other == value))
        for each in sums
    }


def _can_trade(value: int, other: int) -> bool:
    """Return whether one of two withheld values could have one more and the other one less, as far as a reader knows.

    Small counts are 1 to 3, the others at least `_SECONDARY`.
    """
    return (_can_rise(value) and _can_fall(other)) or (_can_fall(value) and _can_rise(other))


def _can_rise(value: int) -> bool:
    return value != _MOST


def _can_fall(value: int) -> bool:
    return value not in (_LEAST, _SECONDARY)


def _withhold_second_of_group(
    keys: Sequence[str], cells: Mapping[str, Counter[Cell]], withheld: dict[str, set[Sum]]
) -> None:
    """Withhold one more sum wherever exactly one of a whole and its components is withheld: it is their difference.

    A sum of visible values alone would hide nothing, as a reader can add them; so it is one with withheld values.
    """
    for wanted in sorted({each for key in keys for each in withheld.get(key, ())}):
        hidden = [key for key in keys if wanted in withheld.get(key, ())]
        others = [key for key in keys if key in cells and key not in hidden and _size(cells[key], wanted)]
        if len(hidden) == 1 and others:
            withheld[min(others, key=lambda key: (_size(cells[key], wanted), keys.index(key)))].add(wanted)
