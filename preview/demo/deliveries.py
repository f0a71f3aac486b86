"""Generates the deliveries of the demo, in the order of their import."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from preview.core.clock import OSLO
from preview.core.periods import Period
from preview.demo.annual_file import annual_file_xml
from preview.demo.case_register import SEED, simulated_cases
from preview.demo.fault_injection import truncate_xml
from preview.demo.figures import figures_csv, latest_half_year, organizations_csv
from preview.demo.sent_folders import SentFolder, full_delivery, sent_folders
from preview.demo.service_profiles import DemoService, demo_services


class DemoDelivery(NamedTuple):
    """One file to deliver.

    Attributes:
        name: Its file name.
        full: Whether it is a full delivery.
        content: Its bytes.
        aggregate: Snapshots (organization_id, period_id) to request after its import.
        fail: Snapshots whose aggregation is made to fail, so that the demo shows the status `failed` and the deviation
            `kilde_endret`: the snapshot from before the change of case system stays the newest completed one.
    """

    name: str
    full: bool
    content: bytes
    aggregate: tuple[tuple[str, str], ...] = ()
    fail: tuple[tuple[str, str], ...] = ()


class WrittenDelivery(NamedTuple):
    """A delivery that was written as a file; see `DemoDelivery`."""

    path: Path
    full: bool
    aggregate: tuple[tuple[str, str], ...] = ()


def demo_deliveries(today: date, seed: int = SEED) -> Iterator[DemoDelivery]:
    """Generate every delivery: organisations, figures, the example service, then the other services by size.

    Args:
        today: Last day of the simulation.
        seed: Seed of the random generators.
    """
    yield DemoDelivery("01-organisasjoner.csv", False, organizations_csv(today))
    yield DemoDelivery("02-bemanning.csv", False, figures_csv(today))
    number = 2
    for service in demo_services(today):
        folders = sent_folders(service, seed)
        if service.began_with_15f:
            number += 1
            content = annual_file_xml(service, simulated_cases(service, seed), service.year)
            yield DemoDelivery(f"{number:02}-{service.organization_id}-{service.year}.xml", False, content)
        for year in service.years:
            of_year = [sent_folder for sent_folder in folders if sent_folder.extract_at.astimezone(OSLO).year == year]
            if of_year:
                number += 1
                name = f"{number:02}-{service.organization_id}-{year}.zip"
                is_truncated = service.faulty and year == service.years[-1]
                aggregations, failures = _aggregations_after(service, year, today), _failures_after(service, year)
                yield DemoDelivery(
                    name, False, _zip(service, of_year, truncate_one=is_truncated), aggregations, failures
                )
        if service.full:
            number += 1
            content = _zip(service, full_delivery(service, folders, seed))
            yield DemoDelivery(f"{number:02}-{service.organization_id}-full.zip", True, content)


def write_demo_deliveries(
    directory: Path, today: date, seed: int = SEED, progress: Callable[[float], None] | None = None
) -> list[WrittenDelivery]:
    """Write every delivery into a directory, with names in the order of import.

    Args:
        directory: The directory; it is created if it is missing.
        today: Last day of the simulation.
        seed: Seed of the random generators.
        progress: Receives the completed part, 0 to 1.
    """
    directory.mkdir(parents=True, exist_ok=True)
    cases = {service.organization_id: service.expected_cases for service in demo_services(today)}
    total, done = sum(cases.values()), 0
    written: list[WrittenDelivery] = []
    for delivery in demo_deliveries(today, seed):
        path = directory / delivery.name
        path.write_bytes(delivery.content)
        written.append(WrittenDelivery(path, delivery.full, delivery.aggregate))
        done += sum(cases.pop(organization_id, 0) for organization_id, _ in delivery.aggregate)
        if progress:
            progress(done / total)
    return written


def periods(service: DemoService, today: date) -> list[Period]:
    """Return the periods of the service's snapshots; a prior period precedes the period that is compared with it."""
    if service.organization_id == "org-1042":
        return [Period(2023), Period(2024)]
    latest_half = latest_half_year(today)
    years = [Period(today.year - back) for back in (3, 2, 1, 0)]
    # The year before the first extract has a 15F file or is incomplete (deviation `ufullstendig`); earlier years have
    # no data.
    return [period for period in (*years, latest_half.prior, latest_half) if period.year >= service.first.year - 1]


def _aggregations_after(service: DemoService, year: int, today: date) -> tuple[tuple[str, str], ...]:
    """Return the snapshots to request after the delivery of a year.

    After the last delivery these are all periods. Where the case system changes after this year, the periods up to the
    year are requested before, so that they are read from the old system.
    """
    changes = year < service.years[-1] and service.case_system(year) != service.case_system(year + 1)
    before = {str(period) for period in periods(service, today) if period.year <= year} if changes else set[str]()
    if changes:
        requested = [period for period in periods(service, today) if str(period) in before]
    elif year == service.years[-1]:
        changed_in = [y for y in service.years[:-1] if service.case_system(y) != service.case_system(y + 1)]
        requested = [period for period in periods(service, today) if not changed_in or period.year > changed_in[-1]]
    else:
        requested = []
    return tuple((service.organization_id, str(period)) for period in requested)


def _failures_after(service: DemoService, year: int) -> tuple[tuple[str, str], ...]:
    """Return the snapshots that fail: years before a change of case system, half a year of the service with faults."""
    failing = [
        Period(before)
        for before in service.years
        if before < year and service.case_system(before) != service.case_system(before + 1)
    ]
    if service.faulty and year == service.years[-1]:
        failing.append(Period(year - 2, 2))
    return tuple((service.organization_id, str(period)) for period in failing)


def _zip(service: DemoService, folders: list[SentFolder], *, truncate_one: bool = False) -> bytes:
    """Return a ZIP of the case files, each named by the id of its extract. `truncate_one` damages one of them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for nr, sent_folder in enumerate(folders):
            xml = sent_folder.xml(service)
            if truncate_one and nr == len(folders) // 2:
                xml = truncate_xml(xml)
            info = zipfile.ZipInfo(f"{sent_folder.extract.id}.xml")
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, xml.encode())
    return content.getvalue()
