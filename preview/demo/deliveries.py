"""Generates the deliveries of the demo, in the order of their import."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from preview.core.clock import OSLO
from preview.core.periods import Period
from preview.demo.annual_file import annual_file_xml
from preview.demo.case_register import SEED, simulated_cases
from preview.demo.case_updates import CaseUpdate, delivered_corrections, updated_folder
from preview.demo.decisions import ReportDecisions, decisions_of
from preview.demo.fault_injection import truncate_xml
from preview.demo.figures import figures_csv, latest_half_year, organizations_csv
from preview.demo.sent_folders import SentFolder, full_delivery, sent_folders
from preview.demo.service_profiles import DemoService, demo_services
from preview.demo.simulated_cases import SimulatedCase


class DemoDelivery(NamedTuple):
    """One file to deliver.

    Attributes:
        name: Its file name.
        full: Whether it is a full delivery.
        content: Its bytes.
        aggregate: Snapshots (organization_id, period_id) to request after its import.
        fail: Snapshots whose aggregation is made to fail, so that the demo shows the status `failed` and the deviation
            `kilde_endret`: the snapshot from before the change of case system stays the newest completed one.
        decisions: What is decided on reports after that.
    """

    name: str
    full: bool
    content: bytes
    aggregate: tuple[tuple[str, str], ...] = ()
    fail: tuple[tuple[str, str], ...] = ()
    decisions: tuple[ReportDecisions, ...] = ()


class WrittenDelivery(NamedTuple):
    """A delivery that was written as a file; see `DemoDelivery`."""

    path: Path
    full: bool
    aggregate: tuple[tuple[str, str], ...] = ()


def demo_deliveries(today: date, seed: int = SEED) -> Iterator[DemoDelivery]:
    """Generate every delivery: organisations, figures, the example service, then the other services by size, and at
    last the files of earlier years, newest year first.

    Args:
        today: Last day of the simulation.
        seed: Seed of the random generators.
    """
    services = demo_services(today)
    deliveries = chain(
        (DemoDelivery("organisasjoner.csv", False, organizations_csv(today)),),
        (DemoDelivery("bemanning.csv", False, figures_csv(today)),),
        chain.from_iterable(_deliveries_of(service, today, seed) for service in services),
        _earlier_years(services, seed),
    )
    for number, delivery in enumerate(deliveries, start=1):
        yield delivery._replace(name=f"{number:02}-{delivery.name}")


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


def _deliveries_of(service: DemoService, today: date, seed: int) -> Iterator[DemoDelivery]:
    """Generate the deliveries of a service without those of `_earlier_years`."""
    folders = sent_folders(service, seed)
    if service.year in service.annual_file_years:
        yield _annual_delivery(service, simulated_cases(service, seed), service.year)
    for year in service.years:
        of_year = [sent_folder for sent_folder in folders if sent_folder.extract_at.astimezone(OSLO).year == year]
        is_last = year == service.years[-1]
        content = _zip(service, of_year, truncate_one=service.faulty and is_last)
        name = f"{service.organization_id}-{year}.zip"
        made = DemoDelivery(
            name, False, content, _aggregations_after(service, year, today), _failures_after(service, year)
        )
        if is_last and service.full:
            yield made._replace(aggregate=())
            made = made._replace(
                name=f"{service.organization_id}-full.zip",
                full=True,
                content=_zip(service, full_delivery(service, folders, seed)),
            )
        if of_year:
            yield made._replace(decisions=decisions_of(service.organization_id) if is_last else ())
    if corrections := delivered_corrections(service.organization_id, today, seed):
        content = _archive(_corrected_folders(service, corrections, today, seed))
        corrected = ((service.organization_id, str(Period(today.year - 1))),)
        yield DemoDelivery(f"{service.organization_id}-correction.zip", False, content, corrected)


def _annual_delivery(service: DemoService, cases: list[SimulatedCase], year: int) -> DemoDelivery:
    content = annual_file_xml(service, cases, year)
    return DemoDelivery(f"{service.organization_id}-{year}.xml", False, content)


def _earlier_years(services: Sequence[DemoService], seed: int) -> Iterator[DemoDelivery]:
    """Generate the 15F files of the years before `DemoService.year`, newest year first.

    They come last: nobody who opens the demo waits for them.
    """
    reporting = {
        service.organization_id: (service, simulated_cases(service, seed)) for service in services if service.history
    }
    for back in range(1, max(len(service.history) for service in services) + 1):
        for organization_id, (service, cases) in reporting.items():
            year = service.year - back
            if year in service.annual_file_years:
                made = _annual_delivery(service, cases, year)
                yield made._replace(aggregate=((organization_id, str(Period(year))),))


def _corrected_folders(
    service: DemoService, corrections: Mapping[int, CaseUpdate], today: date, seed: int
) -> Iterator[tuple[str, bytes]]:
    """Generate name and content of the case files that the service corrects after all others."""
    extract_at = service.last + timedelta(minutes=1)
    for case_index, update in corrections.items():
        content = updated_folder(service.organization_id, today, case_index, [update], extract_at, seed)
        yield f"case {case_index}", content


def periods(service: DemoService, today: date) -> list[Period]:
    """Return the periods of the service's snapshots; a prior period precedes the period that is compared with it."""
    if service.organization_id == "org-1042":
        return [Period(2023), Period(2024)]
    latest_half = latest_half_year(today)
    years = [Period(today.year - back) for back in (3, 2, 1, 0)]
    # The year before the first extract has a 15F file or is incomplete (deviation `ufullstendig`); earlier years have
    # no data.
    return [
        period
        for period in (*years, latest_half.prior, latest_half)
        if service.first.year - 1 <= period.year <= service.years[-1]
    ]


def _aggregations_after(service: DemoService, year: int, today: date) -> tuple[tuple[str, str], ...]:
    """Return the snapshots to request after the delivery of a year.

    After the last delivery these are all periods. The service with faults has a report of the last ended year before,
    which its last delivery then changes. Where the case system changes after this year, the periods up to the
    year are requested before, so that they are read from the old system.
    """
    changes = year < service.years[-1] and service.case_system(year) != service.case_system(year + 1)
    before = {str(period) for period in periods(service, today) if period.year <= year} if changes else set[str]()
    if changes:
        requested = [period for period in periods(service, today) if str(period) in before]
    elif year == service.years[-1]:
        changed_in = [y for y in service.years[:-1] if service.case_system(y) != service.case_system(y + 1)]
        requested = [period for period in periods(service, today) if not changed_in or period.year > changed_in[-1]]
    elif service.faulty and year == today.year - 1:
        requested = [Period(year)]
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

    def xml(nr: int, sent_folder: SentFolder) -> str:
        whole = sent_folder.xml(service)
        return truncate_xml(whole) if truncate_one and nr == len(folders) // 2 else whole

    return _archive((f.extract.id, xml(nr, f).encode()) for nr, f in enumerate(folders))


def _archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a ZIP of XML files, given by name and content."""
    archived = io.BytesIO()
    with zipfile.ZipFile(archived, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(f"{name}.xml")
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return archived.getvalue()
