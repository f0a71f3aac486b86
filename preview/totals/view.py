"""The totals of a period as they may be shown: coverage, and every field in form order. Pure functions."""

from collections.abc import Iterable, Mapping

import msgspec

from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.entries import Field
from preview.form.numbers import change_between
from preview.model.resources import Value
from preview.totals.counties import County
from preview.totals.data import TotalsData
from preview.totals.documents import SectionTotals, TotalsDocument, TotalValue
from preview.totals.reports import ReportsByService, Service
from preview.totals.sums import NO_REPORT, FieldTotal, total_of


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How many services the totals are of.

    Attributes:
        expected: Number of listed services.
        expected_reporting: Number of these with a completed report.
        reporting: Number of all services with a completed report.
        provisional: Number of these whose data end before the period does (rule P3).
        approved: Number of these whose report is approved.
        unplaced: Number of services of the country whose county is not known.
    """

    expected: int
    expected_reporting: int
    reporting: int
    provisional: int
    approved: int
    unplaced: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a period, without what must be withheld.

    Attributes:
        position: Id of the last event that they reflect.
        period: The period.
        county: The county; None for the whole country.
        counties: The counties of the period's year, by number.
        periods: The periods of which any service has a report, newest first.
        coverage: How many services they are of.
        fields: The fields in form order.
    """

    position: int
    period: Period
    county: County | None
    counties: list[County]
    periods: list[str]
    coverage: Coverage
    fields: list[FieldTotal]

    def change(self, total: FieldTotal, unit: str) -> tuple[Value, int | None]:
        """Return the change of a field between the same services, and the same in per cent."""
        return change_between(total.matched_value, total.prior_value, unit)


def build_totals(catalogue: Catalogue, data: TotalsData) -> Totals:
    """Return the totals of the loaded services."""
    found = [
        (service, data.reports[service.organization_id])
        for service in data.services
        if service.organization_id in data.reports
    ]
    listed = [service for service in data.services if service.listed]
    coverage = Coverage(
        expected=len(listed),
        expected_reporting=sum(service.organization_id in data.reports for service in listed),
        reporting=len(found),
        provisional=sum(report.provisional for _, report in found),
        approved=sum(report.review_status == "approved" for _, report in found),
        unplaced=data.unplaced,
    )
    return Totals(
        position=data.position,
        period=data.period,
        county=data.county,
        counties=data.counties,
        periods=data.periods,
        coverage=coverage,
        fields=field_totals(data, catalogue.fields),
    )


def field_totals(data: TotalsData, fields: Iterable[Field]) -> list[FieldTotal]:
    """Return the totals of some fields over the loaded services, without what must be withheld."""
    pairs = [(values_of(data.reports, each), values_of(data.prior_reports, each)) for each in data.services]
    return [_without_withheld(data, total_of(field, pairs), field) for field in fields]


def values_of(reports: ReportsByService, service: Service) -> Mapping[str, Value]:
    """Return the values of a service's report, or `NO_REPORT`."""
    report = reports.get(service.organization_id)
    return report.values if report else NO_REPORT


def totals_document(catalogue: Catalogue, totals: Totals) -> TotalsDocument:
    """Return the resource of the totals."""
    by_key = {total.field_key: total for total in totals.fields}
    sections = [
        SectionTotals(
            section.section_id,
            section.titles.nb,
            [_total_value(by_key[field.key]) for field in catalogue.fields_in_section(section.section_id)],
        )
        for section in catalogue.sections
    ]
    coverage = totals.coverage
    return TotalsDocument(
        period_id=str(totals.period),
        county=totals.county.number if totals.county else None,
        organizations=coverage.expected,
        reporting=coverage.reporting,
        provisional=coverage.provisional,
        approved=coverage.approved,
        sections=sections,
    )


def _total_value(total: FieldTotal) -> TotalValue:
    return TotalValue(total.field_key, total.value, total.prior_value, total.reporting, total.matched)


def _without_withheld(data: TotalsData, total: FieldTotal, field: Field) -> FieldTotal:
    """Return a total without the sums that must not be shown. Without them, all are."""
    replaced: dict[str, object] = {}
    if data.is_withheld(field, "value"):
        replaced |= {"value": None, "state": "withheld"}
    if data.is_withheld(field, "matched"):
        replaced |= {"matched_value": None}
    if data.is_withheld(field, "prior"):
        replaced |= {"prior_value": None, "prior_state": "withheld"}
    return msgspec.structs.replace(total, **replaced) if replaced else total
