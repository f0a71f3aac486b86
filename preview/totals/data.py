"""What totals are made from: the services, their reports of a period and the prior one, and what must be withheld."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from preview.core.errors import FieldError, ValidationError
from preview.core.periods import Period
from preview.form.entries import Field
from preview.reports.reconcile import ReportConfig
from preview.storage import events, overviews
from preview.storage.database import Connection
from preview.totals.counties import Counties, County
from preview.totals.protection import Sum, SumKind
from preview.totals.reports import ReportsByService, Service, load_reports, load_services
from preview.totals.suppression import Periods, withheld_sums

WithheldSums = Mapping[str, frozenset[Sum]]


@dataclass(frozen=True)
class TotalsData:
    """One state of the store, for one period and a part of the country.

    Attributes:
        position: Id of the last event that it reflects.
        period: The period.
        county: The county; None for the whole country.
        counties: The counties of the period's year.
        services: Every organisation of the county or country, ordered by id.
        unplaced: Number of organisations of the country, listed or with a report, whose county is not known.
        reports: Reports of the period in the whole country.
        prior_reports: Those of the prior period.
        withheld: Sums of the period's values that must not be shown, by field.
        prior_withheld: The same of the prior period's values.
        periods: The periods of which any service has a report, newest first.
    """

    position: int
    period: Period
    county: County | None
    counties: list[County]
    services: list[Service]
    unplaced: int
    reports: ReportsByService
    prior_reports: ReportsByService
    withheld: WithheldSums
    prior_withheld: WithheldSums
    periods: list[str]

    def of_county(self, number: str) -> "TotalsData":
        """Return the same for the services of a county.

        Raises:
            ValidationError: There is no such county in the period's year.
        """
        county = next((each for each in self.counties if each.number == number), None)
        if county is None:
            raise ValidationError(
                "The query is invalid. Correct what `errors` lists.",
                [FieldError("/county", f"must be the number of a county of {self.period.year}")],
            )
        return replace(self, county=county, services=[each for each in self.services if each.county == number])

    def is_withheld(self, field: Field, kind: SumKind) -> bool:
        """Return whether a sum of a field must not be shown; `prior` is the prior value of this period's totals."""
        withheld = self.prior_withheld if kind == "prior" else self.withheld
        return Sum(kind, self.county.number if self.county else "") in withheld.get(field.key, ())


def load_totals_data(connection: Connection, report_config: ReportConfig, period: Period) -> TotalsData:
    """Load what the totals of a period are made from, for the whole country.

    Args:
        connection: A read transaction.
        report_config: The form, and whether small counts are withheld.
        period: The period.
    """
    services = load_services(connection, period.year)
    reports = load_reports(connection, report_config, period)
    prior_reports = load_reports(connection, report_config, period.prior)
    withheld: tuple[WithheldSums, WithheldSums] = ({}, {})
    if report_config.suppress:
        withheld = _load_withheld(connection, report_config, period, services, reports, prior_reports)
    return TotalsData(
        position=events.last_event_id(connection),
        period=period,
        county=None,
        counties=Counties.load().in_year(period.year),
        services=services,
        unplaced=sum(each.county is None and (each.listed or each.organization_id in reports) for each in services),
        reports=reports,
        prior_reports=prior_reports,
        withheld=withheld[0],
        prior_withheld=withheld[1],
        periods=overviews.periods(connection),
    )


def _load_withheld(
    connection: Connection,
    report_config: ReportConfig,
    period: Period,
    services: list[Service],
    reports: ReportsByService,
    prior_reports: ReportsByService,
) -> tuple[WithheldSums, WithheldSums]:
    """Return the withheld sums of the period's values and of the prior period's.

    The values of a period are summed in its own totals and, as prior values, in those of the next period.
    """
    counties = _counties_of(services)
    next_counties = _counties_of(load_services(connection, period.year + 1))
    prior_counties = _counties_of(load_services(connection, period.year - 1))
    next_reports = load_reports(connection, report_config, period.next)
    earlier_reports = load_reports(connection, report_config, period.prior.prior)
    return (
        withheld_sums(report_config.catalogue, Periods(reports, prior_reports, next_reports, counties, next_counties)),
        withheld_sums(
            report_config.catalogue, Periods(prior_reports, earlier_reports, reports, prior_counties, counties)
        ),
    )


def _counties_of(services: list[Service]) -> dict[str, str | None]:
    return {service.organization_id: service.county for service in services}
