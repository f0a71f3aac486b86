"""Totals of services that somebody has selected, for example by a filter (rules T2 and 8). Pure functions.

Anyone can select any services, and compare the totals of two selections that differ by one service. So with small
counts withheld, a total of a selection must not say more than the values that are shown and the published totals do:

- A selection of all services of the country or of a county has the totals of that, of which `suppression` withholds
  those that would give a value away.
- In any other selection, the sum of a field is withheld as soon as a withheld value counts in it. What remains are sums
  of values that are shown one by one, which say nothing new, however selections are combined.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from preview.form.entries import Field
from preview.totals.data import TotalsData
from preview.totals.reports import ReportsByService
from preview.totals.sums import FieldTotal, is_reported, total_of
from preview.totals.view import field_totals, values_of


def selection_totals(
    data: TotalsData, fields: Sequence[Field], organization_ids: Collection[str] | None
) -> list[FieldTotal]:
    """Return the totals of some fields over selected services, without those that must be withheld.

    Args:
        data: The services of the whole country.
        fields: The fields.
        organization_ids: The services; None for all. Ids of others count for nothing.
    """
    if organization_ids is None:
        return field_totals(data, fields)
    selected = frozenset(organization_ids)
    if (place := _place_of(data, selected)) is not None:
        return field_totals(place, fields)
    services = [each for each in data.services if each.organization_id in selected]
    pairs = [(values_of(data.reports, each), values_of(data.prior_reports, each)) for each in services]
    return [_without_hidden(data, selected, field, total_of(field, pairs)) for field in fields]


def _place_of(data: TotalsData, selected: frozenset[str]) -> TotalsData | None:
    """Return the country or the county of which exactly the services with a report are selected, or None."""
    everywhere = set(data.reports)
    reporting = everywhere & selected
    if reporting == everywhere:
        return data
    counties = {each.organization_id: each.county for each in data.services if each.organization_id in data.reports}
    number = next((counties.get(each) for each in reporting), None)
    if number is None or reporting != {each for each, county in counties.items() if county == number}:
        return None
    return data.of_county(number)


def _without_hidden(data: TotalsData, selected: frozenset[str], field: Field, total: FieldTotal) -> FieldTotal:
    """Return a total without the sums in which a withheld value counts."""
    key = field.key
    reported = {each for each in selected if is_reported(key, data.reports.get(each))}
    matched = {each for each in reported if is_reported(key, data.prior_reports.get(each))}
    replaced: Mapping[str, object] = {
        **({"value": None, "state": "withheld"} if _hides(data.reports, key, reported) else {}),
        **({"matched_value": None} if _hides(data.reports, key, matched) else {}),
        **({"prior_value": None, "prior_state": "withheld"} if _hides(data.prior_reports, key, matched) else {}),
    }
    return msgspec.structs.replace(total, **replaced) if replaced else total


def _hides(reports: ReportsByService, key: str, organization_ids: Collection[str]) -> bool:
    return any(key in reports[each].hidden for each in organization_ids)


Scope = Literal["country", "county", "selection"]


class ScopeTotals(NamedTuple):
    """Totals of fields over some services.

    Attributes:
        scope: Which services: all, those of the county, or the selected ones.
        services: Their number.
        totals: The totals, in the order of the fields.
    """

    scope: Scope
    services: int
    totals: list[FieldTotal]


def totals_with_context(
    data: TotalsData, fields: Sequence[Field], organization_ids: Collection[str] | None, county: str
) -> list[ScopeTotals]:
    """Return the totals of selected services, below those of the county and the country that they are part of.

    Args:
        data: The services of the whole country.
        fields: The fields.
        organization_ids: The selected services; None for all.
        county: The number of the county that was chosen; empty for none.

    Returns:
        The totals of the country, of the county if one was chosen, and of the selection.
    """
    everywhere = {each.organization_id for each in data.services}
    lines = [ScopeTotals("country", len(everywhere), field_totals(data, fields))]
    if any(each.number == county for each in data.counties):
        place = data.of_county(county)
        lines.append(ScopeTotals("county", len(place.services), field_totals(place, fields)))
    count = len(everywhere if organization_ids is None else everywhere & set(organization_ids))
    return [*lines, ScopeTotals("selection", count, selection_totals(data, fields, organization_ids))]
