"""Withholds sums from which a withheld value of one service could be computed back (domain 8, docs/domain.md).

A reader knows the visible values of all services, and that a whole is the sum of its components. So each published sum
gives away the sum of the withheld values in it. A withheld value stays unknown if there is another state of the
withheld values, in which it is another one, with the same published sums (`protection`). Sums are withheld until that
holds for every withheld value.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from preview.form.catalogue import Catalogue
from preview.totals.protection import Cell, FieldSum, HiddenRow, HiddenValues, Sum, SumKind, bucket_of
from preview.totals.reports import ReportsByService
from preview.totals.sums import is_reported


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


def withheld_sums(catalogue: Catalogue, periods: Periods) -> dict[str, frozenset[Sum]]:
    """Return the sums of a period's values that must not be published, by key of the field.

    The answer covers the country and every county at once, and does not depend on what of it is requested: what one
    answer withholds, no other one gives away. A field without withheld values is not in it.
    """
    withheld: dict[str, frozenset[Sum]] = {}
    for keys in _groups(catalogue):
        rows = _rows(keys, periods)
        if rows:
            found = _withheld(HiddenValues(rows))
            withheld |= {
                key: frozenset(each for field, each in found if field == index) for index, key in enumerate(keys)
            }
    return withheld


def _groups(catalogue: Catalogue) -> Iterator[list[str]]:
    """Yield the keys of a whole and its components, and each other field alone."""
    grouped: set[int] = set()
    for whole in catalogue.fields:
        if whole.components:
            grouped |= {whole.number, *whole.components}
            yield [whole.key, *(catalogue.fields[number - 1].key for number in whole.components)]
    yield from ([field.key] for field in catalogue.fields if field.number not in grouped)


def _rows(keys: Sequence[str], periods: Periods) -> Counter[HiddenRow]:
    """Return the withheld values of the fields of a group, by service, with the number of equal ones."""
    rows: Counter[HiddenRow] = Counter()
    for service, report in periods.reports.items():
        if report.hidden.isdisjoint(keys):
            continue
        prior, following = periods.prior.get(service), periods.next.get(service)
        county, next_county = periods.counties.get(service), periods.next_counties.get(service)
        cells: list[Cell | None] = []
        for key in keys:
            if key not in report.hidden:
                cells.append(None)
                continue
            has_prior, has_next = is_reported(key, prior), is_reported(key, following)
            sums = _sums_of(county, next_county, has_prior=has_prior, has_next=has_next)
            cells.append(Cell(sums, bucket_of(report.values[key])))
        is_bound = len(keys) > 1 and all(report.values.get(key) is not None for key in keys)
        rows[HiddenRow(tuple(cells), is_bound)] += 1
    return rows


@cache
def _sums_of(county: str | None, next_county: str | None, *, has_prior: bool, has_next: bool) -> frozenset[Sum]:
    """Return the sums in which a value of a service counts."""
    kinds: list[tuple[SumKind, str | None]] = [("value", county)]
    if has_prior:
        kinds.append(("matched", county))
    if has_next:
        kinds.append(("prior", next_county))
    return frozenset(Sum(kind, number) for kind, in_county in kinds for number in ("", in_county) if number is not None)


def _withheld(hidden: HiddenValues) -> set[FieldSum]:
    """Return the sums of a group that are withheld.

    Comparisons are withheld before values, sums of counties before those of the country, and those of components before
    that of the whole. If only the country's are left that give a value away, those of the counties with the fewest
    withheld values are withheld too, so that the values of all these protect each other. At last, the sums of the
    country that need not have been withheld are published after all.
    """
    published = set(hidden.sizes)
    merged = 1
    while exposing := hidden.exposing_sums(published):
        kind = min((each.kind for _, each in exposing), key=_KINDS.index)
        counties = {item for item in exposing if item[1].kind == kind and item[1].county}
        if counties:
            last = max(field for field, _ in counties)
            published -= {item for item in counties if item[0] == last}
            continue
        field, country = max(item for item in exposing if item[1].kind == kind)
        others = [item for item in published if item[1].kind == kind and item[1].county]
        others.sort(key=lambda item: (hidden.sizes[item], item[1].county, -item[0]))
        # Twice as many each time: where a few are not enough, many are needed.
        published -= set(others[:merged]) or {(field, country)}
        merged *= 2
    withheld = set(hidden.sizes) - published
    for item in sorted(withheld, key=lambda item: (-_KINDS.index(item[1].kind), item[0])):
        if not item[1].county and not hidden.exposing_sums(published | {item}):
            published.add(item)
    return set(hidden.sizes) - published
