"""The 15F files of the two services that began with one: of the format, and of the same cases as the folders that follow."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] a module in C, without types

from preview.core.clock import OSLO
from preview.core.periods import Period
from preview.demo.arsfil import arsfil
from preview.demo.days import day, year_of
from preview.demo.deliveries import DemoDelivery
from preview.demo.folder import Extract, folder
from preview.demo.lives import Life
from preview.demo.register import lives
from preview.demo.services import Service, services
from preview.form.sources import Source, choose
from preview.model.case_records import Innhold, Undersokelse
from tests.preview.demo.conftest import TODAY, Demo
from tests.preview.parsing.parser_helpers import findings_in, one_arsfil, one_mappe

WITH_FILE = [service for service in services(TODAY) if service.kostra]


@pytest.fixture(params=WITH_FILE, ids=lambda service: service.organization_id)
def service(request: pytest.FixtureRequest) -> Service:
    """One after the other."""
    return request.param


@pytest.fixture
def delivery(demo: Demo, service: Service) -> DemoDelivery:
    """Its 15F file."""
    (found,) = (each for each in demo.deliveries if each.name.endswith(f"{service.organization_id}-{service.year}.xml"))
    return found


def in_the_year(service: Service) -> list[Life]:
    """The cases that ran in the year of the file."""
    year = service.year
    return [life for life in lives(service) if year_of(life.start) <= year and life.slutt >= day(year, 1, 1)]


def test_two_services_have_one_for_their_oldest_year_and_no_folder_of_it(demo: Demo) -> None:
    assert [service.organization_id for service in WITH_FILE] == ["org-1865", "org-0301-02"]
    assert len([each for each in demo.deliveries if each.name.endswith(".xml")]) == 2
    for service in WITH_FILE:
        year = service.last.astimezone(OSLO).year - 3
        names = [each.name[3:] for each in demo.deliveries if f"-{service.organization_id}-{year}" in each.name]
        assert names == [f"{service.organization_id}-{year}.xml"]


def test_by_the_rule_the_year_takes_the_file_and_the_next_ones_the_folders(demo: Demo, service: Service) -> None:
    extracts = sorted(each.root.attrib["DatoUttrekk"] for each in demo.folders[service.organization_id] if each.root is not None)
    given: dict[str, Any] = {"versjon": 1, "siste_fulle": None, "fagsystem": ""}
    v4 = Source(kilde=1, format="v4", year=0, forste_uttrekk=extracts[0], siste_uttrekk=extracts[-1], **given)
    kostra = Source(kilde=2, format="15f", year=service.year, forste_uttrekk=None, siste_uttrekk=None, **given)
    chosen = [choose([v4, kostra], Period(year)) for year in range(service.year, TODAY.year + 1)]
    assert [(choice.source.format, choice.ufullstendig) for choice in chosen if choice] == [("15f", False)] + [("v4", False)] * 3


def test_it_is_in_the_encoding_of_the_format_and_names_who_delivers(delivery: DemoDelivery, service: Service) -> None:
    assert service.kommune[1].encode("iso-8859-1") in delivery.content
    (part,) = one_arsfil(delivery.content).deler
    avgiver = part.avgiver
    assert (avgiver.organisasjonsnummer, avgiver.kommunenummer, avgiver.kommunenavn) == (service.organisasjonsnummer, *service.kommune)
    assert (avgiver.bydelsnummer, avgiver.bydelsnavn) == (service.bydel or ("", ""))
    assert one_arsfil(delivery.content).aar == service.year


def test_it_has_no_finding_but_that_of_every_such_file(delivery: DemoDelivery) -> None:
    assert findings_in(delivery.content) == [("notice", "no_utvidet_frist", "Barnevern")]


def test_it_tells_of_the_cases_that_ran_in_the_year(delivery: DemoDelivery, service: Service) -> None:
    root = etree.fromstring(delivery.content)
    assert [each.get("Journalnummer") for each in root.findall("Individ")] == [life.journalnummer for life in in_the_year(service)]
    last = f"{service.year}-12-31"
    assert max(value for each in root.iter() for name, value in each.attrib.items() if name.endswith("Dato")) <= last
    closed = [each for each in root.findall("Individ") if each.get("Avslutta3112") == "1"]
    assert 0 < len(closed) < len(root.findall("Individ"))
    assert closed == [each for each in root.findall("Individ") if each.get("SluttDato") is not None]


def test_it_says_what_a_folder_of_the_same_case_says_but_for_what_the_format_has_no_room_for(
    delivery: DemoDelivery, service: Service
) -> None:
    """Two readers, two formats, one case: so each vouches for the other."""
    (part,) = one_arsfil(delivery.content).deler
    last = day(service.year, 12, 31)
    longer = evaluations = 0
    for life, individ in zip(in_the_year(service), part.individer, strict=True):
        xml = folder(service, life, Extract("", None, f"{service.year}-12-31T23:00:00+01:00", last, "x"))
        told = one_mappe(xml.encode()).innhold
        assert told is not None
        extended = [undersokelse.utvidet <= last for undersokelse in life.undersokelser if undersokelse.start <= last]
        assert [_without_deadline(each) for each in individ.innhold.undersokelser] == [
            _without_deadline(each) for each in told.undersokelser
        ]
        for ours, theirs, later in zip(individ.innhold.undersokelser, told.undersokelser, extended, strict=True):
            assert (ours.frist < theirs.frist) if later else (ours.frist == theirs.frist)
        assert set(individ.innhold.evalueringer) <= set(told.evalueringer)
        assert _comparable(individ.innhold) == _comparable(told)
        longer += sum(extended)
        evaluations += len(individ.innhold.evalueringer)
    assert longer
    assert evaluations


def _without_deadline(undersokelse: Undersokelse) -> Undersokelse:
    return msgspec.structs.replace(undersokelse, frist="")


def _comparable(innhold: Innhold) -> Innhold:
    return msgspec.structs.replace(innhold, undersokelser=[], evalueringer=[], tilsyn=[], funn=0)


def test_what_the_format_has_no_code_for_is_told_by_the_code_that_was_split() -> None:
    """A demo of 2029 has a file of 2026, the year in which lists of codes were split."""
    later = next(each for each in services(TODAY.replace(year=2029)) if each.organization_id == "org-0301-02")
    content = arsfil(later, lives(later), later.year)
    assert later.year == 2026
    assert [finding for finding in findings_in(content) if finding[0] == "error"] == []
    innhold = [individ.innhold for individ in one_arsfil(content).deler[0].individer]
    assert {melding.konklusjon for each in innhold for melding in each.meldinger if melding.konkludert} == {1, 2, 3, 4}
    assert "8.2" in {tiltak.kategori for each in innhold for tiltak in each.tiltak}
    root = etree.fromstring(content)
    assert not [each for tag in ("Saksinnhold", "Vedtaksgrunnlag", "Tiltaksgrunnlag") for each in root.iter(tag) if "." in each.get("Kode")]


def test_it_is_valid_against_the_published_schema(delivery: DemoDelivery) -> None:
    """BUFDIR_XSD names a folder with KostraBarnevern.xsd and the two that it includes."""
    folder_of_schemas = os.environ.get("BUFDIR_XSD")
    if not folder_of_schemas:
        pytest.skip("BUFDIR_XSD is not set.")
    schema = etree.XMLSchema(etree.parse(Path(folder_of_schemas) / "KostraBarnevern.xsd"))
    schema.assertValid(etree.fromstring(delivery.content))
