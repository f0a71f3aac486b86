"""Generates the demo's two CSV files: the organisations (rule 3.1, docs/domain.md) and their staffing (rule 6.1)."""

import csv
import io
from collections.abc import Iterable
from datetime import date

from preview.core.periods import Period
from preview.demo.service_profiles import DemoService, demo_services, service_without_data

_NEGATIVE, _SUBSET_EXCEEDS_WHOLE, _NOT_REPORTED_YET = "org-5001-02", "org-4601-08", "org-5601"


def latest_half_year(today: date) -> Period:
    """Return the newest half-year that has ended."""
    return Period(today.year, 1) if today.month >= 7 else Period(today.year - 1, 2)


def organizations_csv(today: date) -> bytes:
    """Return the organisations file: all listed services, with the one that has not delivered."""
    listed = [service for service in (*demo_services(today), service_without_data(today)) if service.listed]
    rows = ((s.organization_id, s.name, s.organisasjonsnummer, s.bydel[0] if s.bydel else "") for s in listed)
    return _csv(("organization_id", "organization_name", "organisasjonsnummer", "bydelsnummer"), rows)


def figures_csv(today: date) -> bytes:
    """Return the staffing by organisation and period.

    Some figures are wrong or missing on purpose, so that the deviations `negativ`, `delmengde` and `mangler` occur.
    """
    rows: list[tuple[str, str, str, str, str]] = []
    for service in demo_services(today):
        if not service.listed:
            continue
        for period_id, arsverk, ubesatt in _staffing(service, today):
            rows.append((service.organization_id, period_id, "antall_arsverk", f"{arsverk:.1f}", "manuell"))
            rows.append((service.organization_id, period_id, "antall_arsverk_ubesatt", f"{ubesatt:.1f}", "manuell"))
    return _csv(("organization_id", "period_id", "field_key", "value", "data_source"), rows)


def _staffing(service: DemoService, today: date) -> Iterable[tuple[str, float, float]]:
    if service.organization_id == "org-1042":
        return [("2023", 46.2, 3.4)]
    latest_half = latest_half_year(today)
    first_year = service.first_simulated_year if service.history else today.year - 3
    years = [Period(year) for year in range(first_year, service.years[-1] + 1)]
    halves = [half for half in (latest_half.prior, latest_half) if half.year <= service.years[-1]]
    last_year = Period(today.year - 1)
    figures: list[tuple[str, float, float]] = []
    for period in (*years, *halves):
        arsverk = round(2 + service.expected_cases / 18 + 0.4 * (period.year - today.year), 1)
        ubesatt = round(arsverk * 0.06 + 0.1 * (period.year % 3), 1)
        if period == last_year and service.organization_id == _NEGATIVE:
            ubesatt = -ubesatt
        if period == last_year and service.organization_id == _SUBSET_EXCEEDS_WHOLE:
            arsverk, ubesatt = ubesatt, arsverk
        if period.year < today.year or service.organization_id != _NOT_REPORTED_YET:
            figures.append((str(period), arsverk, ubesatt))
    return figures


def _csv(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
