"""Samples of services and their reports, with values by number of the field."""

from collections.abc import Mapping

from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.suppression import suppressed_fields
from preview.model.resources import Value
from preview.model.reviews import ReviewStatus
from preview.totals.counties import Counties
from preview.totals.data import TotalsData
from preview.totals.reports import ReportsByService, Service, ServiceReport
from preview.totals.suppression import Periods, withheld_sums

PERIOD = Period(2024)
MED_FRIST = "antall_meldinger_med_frist"


def sample_report(
    catalogue: Catalogue,
    values: Mapping[int | str, Value],
    *,
    suppress: bool = False,
    review_status: ReviewStatus = "open",
    provisional: bool = False,
) -> ServiceReport:
    """Return a report with values by number of the field or key of an auxiliary; what is not given is missing."""
    by_key = {catalogue.fields[key - 1].key if isinstance(key, int) else key: value for key, value in values.items()}
    hidden = suppressed_fields(catalogue, by_key) if suppress else frozenset[str]()
    return ServiceReport("", 1, review_status, provisional, by_key, hidden)


def sample_data(
    catalogue: Catalogue,
    reports: ReportsByService,
    prior_reports: ReportsByService,
    *,
    counties: Mapping[str, str] | None = None,
    county: str | None = None,
    listed: frozenset[str] = frozenset(),
) -> TotalsData:
    """Return the data of totals; each service of `counties` is in that county, the others in 18."""
    of_service = {
        service: (counties or {}).get(service, "18") for service in sorted({*reports, *prior_reports, *listed})
    }
    services = [
        Service(service, f"Tjenesten {service}", service in listed, number) for service, number in of_service.items()
    ]
    return TotalsData(
        position=7,
        period=PERIOD,
        county=Counties.load().find(county, PERIOD.year) if county else None,
        counties=Counties.load().in_year(PERIOD.year),
        services=[each for each in services if county in (None, each.county)],
        unplaced=0,
        reports=reports,
        prior_reports=prior_reports,
        periods=[str(PERIOD)],
        withheld=withheld_sums(catalogue, Periods(reports, prior_reports, {}, of_service, of_service)),
        prior_withheld=withheld_sums(catalogue, Periods(prior_reports, {}, reports, of_service, of_service)),
    )
