"""The deliveries of the demo, in the order in which they are to be taken."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from preview.core.clock import OSLO
from preview.core.periods import Period
from preview.demo.arsfil import arsfil
from preview.demo.faults import cut_off
from preview.demo.figures import figures_csv, half_year, organizations_csv
from preview.demo.register import SEED, lives
from preview.demo.sendings import Sending, full_sendings, sendings
from preview.demo.services import Service, services


class DemoDelivery(NamedTuple):
    """One file to deliver, `full` or not. `aggregate` are the snapshots (organization_id, period_id) to ask for once it is taken.

    `fail` are those whose aggregation is let fail, made where there is none: status `failed` occurs, and rule `kilde_endret`, which needs
    that the snapshot asked for before the case system changed still stands.
    """

    name: str
    full: bool
    content: bytes
    aggregate: tuple[tuple[str, str], ...] = ()
    fail: tuple[tuple[str, str], ...] = ()


class WrittenDelivery(NamedTuple):
    """A delivery as a file."""

    path: Path
    full: bool
    aggregate: tuple[tuple[str, str], ...] = ()


def iterate(today: date, seed: int = SEED) -> Iterator[DemoDelivery]:
    """Every delivery, made as it is asked for: organisations, figures, the customer's example, then service by service by size."""
    yield DemoDelivery("01-organisasjoner.csv", False, organizations_csv(today))
    yield DemoDelivery("02-bemanning.csv", False, figures_csv(today))
    number = 2
    for service in services(today):
        sent = sendings(service, seed)
        if service.kostra:
            number += 1
            content = arsfil(service, lives(service, seed), service.year)
            yield DemoDelivery(f"{number:02}-{service.organization_id}-{service.year}.xml", False, content)
        for year in service.years:
            of_year = [sending for sending in sent if sending.at.astimezone(OSLO).year == year]
            if of_year:
                number += 1
                name = f"{number:02}-{service.organization_id}-{year}.zip"
                cut = service.faulty and year == service.years[-1]
                asked, failing = _asked_after(service, year, today), _failing_after(service, year)
                yield DemoDelivery(name, False, _zip(service, of_year, cut=cut), asked, failing)
        if service.full:
            number += 1
            content = _zip(service, full_sendings(service, sent, seed))
            yield DemoDelivery(f"{number:02}-{service.organization_id}-full.zip", True, content)


def write(directory: Path, today: date, seed: int = SEED, progress: Callable[[float], None] | None = None) -> list[WrittenDelivery]:
    """Write every delivery into the directory, made where missing; by name they stand in their order. `progress` gets the share done, 0 to 1."""
    directory.mkdir(parents=True, exist_ok=True)
    cases = {service.organization_id: service.expected_cases for service in services(today)}
    total, done = sum(cases.values()), 0
    written: list[WrittenDelivery] = []
    for delivery in iterate(today, seed):
        path = directory / delivery.name
        path.write_bytes(delivery.content)
        written.append(WrittenDelivery(path, delivery.full, delivery.aggregate))
        done += sum(cases.pop(organization_id, 0) for organization_id, _ in delivery.aggregate)
        if progress:
            progress(done / total)
    return written


def periods(service: Service, today: date) -> list[Period]:
    """The periods of the service's demo snapshots, a prior one before the one that it is compared with."""
    if service.organization_id == "org-1042":
        return [Period(2023), Period(2024)]
    half = half_year(today)
    years = [Period(today.year - back) for back in (3, 2, 1, 0)]
    # One that began late: the year before its first extract has a 15F file or is incomplete (rule `ufullstendig`), those before say nothing.
    return [period for period in (*years, half.prior, half) if period.year >= service.first.year - 1]


def _asked_after(service: Service, year: int, today: date) -> tuple[tuple[str, str], ...]:
    """All periods after the last delivery; where the case system changes, those that have ended before, while it is the old one."""
    changes = year < service.years[-1] and service.case_system(year) != service.case_system(year + 1)
    before = {str(period) for period in periods(service, today) if period.year <= year} if changes else set[str]()
    if changes:
        asked = [period for period in periods(service, today) if str(period) in before]
    elif year == service.years[-1]:
        changed_in = [y for y in service.years[:-1] if service.case_system(y) != service.case_system(y + 1)]
        asked = [period for period in periods(service, today) if not changed_in or period.year > changed_in[-1]]
    else:
        asked = []
    return tuple((service.organization_id, str(period)) for period in asked)


def _failing_after(service: Service, year: int) -> tuple[tuple[str, str], ...]:
    """The year before a change of case system; and of a service with faults, a half-year that never comes to be."""
    failing = [
        Period(before) for before in service.years if before < year and service.case_system(before) != service.case_system(before + 1)
    ]
    if service.faulty and year == service.years[-1]:
        failing.append(Period(year - 2, 2))
    return tuple((service.organization_id, str(period)) for period in failing)


def _zip(service: Service, sent: list[Sending], *, cut: bool = False) -> bytes:
    """The folders in their order, each under the id of its sending: nothing of the case in a file name. `cut` breaks one off."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for nr, sending in enumerate(sent):
            xml = sending.xml(service)
            if cut and nr == len(sent) // 2:
                xml = cut_off(xml)
            info = zipfile.ZipInfo(f"{sending.extract.id}.xml")
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, xml.encode())
    return content.getvalue()
