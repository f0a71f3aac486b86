"""Tests of the demo's 15F files: they follow the format and describe the same cases as the later case files."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] a module in C, without types

from preview.core.periods import Period
from preview.demo.annual_file import annual_file_xml
from preview.demo.case_register import simulated_cases
from preview.demo.days import day, year_of
from preview.demo.deliveries import DemoDelivery
from preview.demo.folder import Extract, folder_xml
from preview.demo.service_profiles import DemoService, demo_services
from preview.demo.simulated_cases import SimulatedCase
from preview.form.sources import Source, select_source
from preview.model.case_records import CaseContent, Undersokelse
from tests.preview.demo.conftest import TODAY, Demo
from tests.preview.parsing.parser_helpers import findings_in, parse_single_annual_file, parse_single_folder

SERVICES = {service.organization_id: service for service in demo_services(TODAY)}
FILES = [("org-1865", 2023), ("org-1804", 2022), ("org-0301-02", 2019)]


@pytest.fixture(params=FILES, ids=lambda file: f"{file[0]}-{file[1]}")
def file(request: pytest.FixtureRequest) -> tuple[str, int]:
    """Organisation and year: the first one of the case files, one that is delivered last, and one of the former act."""
    return request.param


@pytest.fixture
def service(file: tuple[str, int]) -> DemoService:
    """The service of the file."""
    return SERVICES[file[0]]


@pytest.fixture
def year(file: tuple[str, int]) -> int:
    """The year of the file."""
    return file[1]


@pytest.fixture
def delivery(demo: Demo, service: DemoService, year: int) -> DemoDelivery:
    """The file."""
    (found,) = (
        element for element in demo.deliveries if element.name.endswith(f"{service.organization_id}-{year}.xml")
    )
    return found


def cases_in_year(service: DemoService, year: int) -> list[SimulatedCase]:
    """The cases that ran in the year of the file."""
    return [life for life in simulated_cases(service) if year_of(life.start) <= year and life.slutt >= day(year, 1, 1)]


def test_services_report_by_15f_before_their_first_case_file() -> None:
    assert {name: [*service.annual_file_years] for name, service in SERVICES.items() if service.began_with_15f} == {
        "org-1865": [2019, 2020, 2021, 2022, 2023],
        "org-3405": [2019, 2020, 2021, 2022],
        "org-1804": [2019, 2020, 2021, 2022],
        "org-4601-08": [2019, 2020, 2021, 2022],
        "org-0301-02": [2019, 2020, 2021, 2022, 2023],
    }


@pytest.mark.parametrize("organization_id", ["org-1865", "org-3405", "org-0301-02"])
def test_15f_year_selects_15f_and_later_years_folders(demo: Demo, organization_id: str) -> None:
    extracts = sorted(
        element.root.attrib["DatoUttrekk"] for element in demo.folders[organization_id] if element.root is not None
    )
    given: dict[str, Any] = {"version": 1, "last_full_at": None, "case_system": ""}
    v4 = Source(source_id=1, format="v4", year=0, first_extract_at=extracts[0], last_extract_at=extracts[-1], **given)
    last = SERVICES[organization_id].annual_file_years[-1]
    kostra = Source(source_id=2, format="15f", year=last, first_extract_at=None, last_extract_at=None, **given)
    chosen = [select_source([v4, kostra], Period(year)) for year in range(last, TODAY.year + 1)]
    assert [(choice.source.format, choice.incomplete) for choice in chosen if choice] == [
        ("15f", False),
        *[("v4", False)] * (TODAY.year - last),
    ]


def test_15f_file_is_latin1_and_names_the_avgiver(delivery: DemoDelivery, service: DemoService, year: int) -> None:
    assert service.kommune[1].encode("iso-8859-1") in delivery.content
    (part,) = parse_single_annual_file(delivery.content).parts
    avgiver = part.avgiver
    assert (avgiver.organisasjonsnummer, avgiver.kommunenummer, avgiver.kommunenavn) == (
        service.organisasjonsnummer,
        *service.kommune,
    )
    assert (avgiver.bydelsnummer, avgiver.bydelsnavn) == (service.bydel or ("", ""))
    assert parse_single_annual_file(delivery.content).year == year


def test_15f_file_has_only_the_common_finding(delivery: DemoDelivery) -> None:
    assert findings_in(delivery.content) == [("notice", "no_utvidet_frist", "Barnevern")]


def test_15f_file_contains_the_cases_of_its_year(delivery: DemoDelivery, service: DemoService, year: int) -> None:
    root = etree.fromstring(delivery.content)
    assert [element.get("Journalnummer") for element in root.findall("Individ")] == [
        life.journalnummer for life in cases_in_year(service, year)
    ]
    last = f"{year}-12-31"
    assert (
        max(value for element in root.iter() for name, value in element.attrib.items() if name.endswith("Dato")) <= last
    )
    closed = [element for element in root.findall("Individ") if element.get("Avslutta3112") == "1"]
    assert 0 < len(closed) < len(root.findall("Individ"))
    assert closed == [element for element in root.findall("Individ") if element.get("SluttDato") is not None]


def test_15f_case_equals_its_folder_within_the_format(delivery: DemoDelivery, service: DemoService, year: int) -> None:
    """Both parsers must read equal content from the two formats of a case."""
    (part,) = parse_single_annual_file(delivery.content).parts
    last = day(year, 12, 31)
    longer = evaluations = 0
    for life, individ in zip(cases_in_year(service, year), part.individer, strict=True):
        xml = folder_xml(service, life, Extract("", None, f"{year}-12-31T23:00:00+01:00", last, "x"))
        actual = parse_single_folder(xml.encode()).content
        assert actual is not None
        extended = [undersokelse.utvidet <= last for undersokelse in life.undersokelser if undersokelse.start <= last]
        assert [_without_deadline(element) for element in individ.content.undersokelser] == [
            _without_deadline(element) for element in actual.undersokelser
        ]
        for ours, theirs, later in zip(individ.content.undersokelser, actual.undersokelser, extended, strict=True):
            assert (ours.frist < theirs.frist) if later else (ours.frist == theirs.frist)
        assert set(individ.content.evalueringer) <= set(actual.evalueringer)
        assert _comparable(individ.content) == _comparable(actual)
        longer += sum(extended)
        evaluations += len(individ.content.evalueringer)
    assert longer
    assert evaluations


def _without_deadline(undersokelse: Undersokelse) -> Undersokelse:
    return msgspec.structs.replace(undersokelse, frist="")


def _comparable(innhold: CaseContent) -> CaseContent:
    return msgspec.structs.replace(innhold, undersokelser=[], evalueringer=[], tilsyn=[], finding_count=0)


def test_new_codes_are_written_as_the_original_code() -> None:
    """Demo data of 2029 has a file of 2026, the year in which code lists were split."""
    later = next(
        element for element in demo_services(TODAY.replace(year=2029)) if element.organization_id == "org-0301-02"
    )
    content = annual_file_xml(later, simulated_cases(later), 2026)
    assert later.annual_file_years[-1] == 2026
    assert [finding for finding in findings_in(content) if finding[0] == "error"] == []
    innhold = [individ.content for individ in parse_single_annual_file(content).parts[0].individer]
    assert {melding.konklusjon for element in innhold for melding in element.meldinger if melding.konkludert} == {
        1,
        2,
        3,
        4,
    }
    assert "8.2" in {tiltak.kategori for element in innhold for tiltak in element.tiltak}
    root = etree.fromstring(content)
    assert not [
        element
        for tag in ("Saksinnhold", "Vedtaksgrunnlag", "Tiltaksgrunnlag")
        for element in root.iter(tag)
        if "." in element.get("Kode")
    ]


def test_15f_file_is_valid_against_the_published_schema(delivery: DemoDelivery) -> None:
    """BUFDIR_XSD names a folder with KostraBarnevern.xsd and the two that it includes."""
    folder_of_schemas = os.environ.get("BUFDIR_XSD")
    if not folder_of_schemas:
        pytest.skip("BUFDIR_XSD is not set.")
    schema = etree.XMLSchema(etree.parse(Path(folder_of_schemas) / "KostraBarnevern.xsd"))
    schema.assertValid(etree.fromstring(delivery.content))
