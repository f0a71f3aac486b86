"""Tests of the demo's case files: grammar (and the published schema if available), dates, ids and birth numbers."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] a module in C, without types

from preview.demo.fault_injection import UNKNOWN_CODE
from preview.demo.service_profiles import demo_services
from tests.preview.demo.conftest import TODAY, Demo, Folder
from tests.preview.demo.v4_grammar import grammar_errors

DEMO_SERVICES = [service.organization_id for service in demo_services(TODAY)]
FAULTY = "org-1804"


def well_formed_folders(demo: Demo, organization_id: str) -> Iterator[Folder]:
    """Return the well-formed case files."""
    return (folder for folder in demo.folders[organization_id] if folder.root is not None)


@pytest.mark.parametrize("organization_id", DEMO_SERVICES)
def test_folders_keep_the_grammar(demo: Demo, organization_id: str) -> None:
    found = [
        fault
        for folder in list(well_formed_folders(demo, organization_id))[::3]
        if folder.root is not None
        for fault in grammar_errors(folder.root)
    ]
    assert set(found) <= ({f"Undersokelse/Konklusjon@Kode is {UNKNOWN_CODE}"} if organization_id == FAULTY else set())


def test_grammar_check_finds_errors(demo: Demo) -> None:
    root = demo.folders["org-1042"][0].root
    assert root is not None
    root = etree.fromstring(etree.tostring(etree.fromstring(demo.folders["org-1042"][0].content)))
    assert list(grammar_errors(root)) == []
    sak = root.find("Sak")
    sak.insert(len(sak), sak[0])
    sak.set("Navn", "x")
    del root.attrib["Id"]
    assert [fault.partition(" has")[0] for fault in grammar_errors(root)] == ["Barnevern", "Sak", "Sak"]


@pytest.mark.parametrize("organization_id", DEMO_SERVICES)
def test_folders_are_valid_against_the_published_schema(demo: Demo, organization_id: str) -> None:
    """BUFDIR_XSD names a folder with Barnevern_v4.xsd."""
    folder_of_schemas = os.environ.get("BUFDIR_XSD")
    if not folder_of_schemas:
        pytest.skip("BUFDIR_XSD is not set.")
    schema = etree.XMLSchema(etree.parse(Path(folder_of_schemas) / "Barnevern_v4.xsd"))
    folders = list(well_formed_folders(demo, organization_id))
    sample = folders if len(folders) < 400 else folders[::8]
    invalid = [folder for folder in sample if not schema.validate(etree.fromstring(folder.content))]
    assert all(UNKNOWN_CODE in _undersokelse_codes(folder) for folder in invalid)
    assert bool(invalid) == (organization_id == FAULTY)


def test_four_conclusions_have_an_unknown_code(demo: Demo) -> None:
    """No valid file can break the sum of fields 8 and 9 (deviation `sum_undersokelser`)."""
    concluded: set[str] = set()
    for organization_id in DEMO_SERVICES:
        for folder in well_formed_folders(demo, organization_id):
            unknown = [
                u
                for u in folder.sak.findall("Undersokelse")
                if u.find(f"Konklusjon[@Kode='{UNKNOWN_CODE}']") is not None
            ]
            concluded |= {undersokelse.attrib["Id"] for undersokelse in unknown}
            assert organization_id == FAULTY or not unknown
    assert len(concluded) == 4


def test_one_file_is_truncated(demo: Demo) -> None:
    assert [folder.delivery for folders in demo.folders.values() for folder in folders if folder.root is None] == [
        "26-org-1804-2026.zip"
    ]


@pytest.mark.parametrize("organization_id", DEMO_SERVICES)
def test_dates_are_within_the_case_and_before_the_extract(demo: Demo, organization_id: str) -> None:
    for folder in well_formed_folders(demo, organization_id):
        assert folder.root is not None
        extract = folder.root.attrib["DatoUttrekk"][:10]
        start, slutt = folder.sak.attrib["StartDato"], folder.sak.get("SluttDato", extract)
        assert start <= slutt <= extract
        assert (folder.sak.get("Avsluttet") == "true") == ("SluttDato" in folder.sak.attrib)
        dates = [date for element in folder.sak.iter() for date in _dates(element)]
        assert all(start <= date <= slutt for date in dates) or organization_id == FAULTY


@pytest.mark.parametrize("organization_id", DEMO_SERVICES)
def test_element_ids_are_unique(demo: Demo, organization_id: str) -> None:
    deliveries: Counter[str] = Counter()
    for folder in well_formed_folders(demo, organization_id):
        assert folder.root is not None
        deliveries[folder.root.attrib["Id"]] += 1
        for kind in (
            "Personalia",
            "Melding",
            "Undersokelse",
            "Plan",
            "Tiltak",
            "Vedtak",
            "Flytting",
            "Relasjon",
            "Tiltak/Tilsyn/Utfort",
        ):
            ids = [element.get("Id") for element in folder.sak.findall(kind)]
            assert len(ids) == len(set(ids))
    assert max(deliveries.values()) == 1


@pytest.mark.parametrize("organization_id", DEMO_SERVICES)
def test_birth_numbers_are_synthetic_and_unique(demo: Demo, organization_id: str) -> None:
    children: dict[str, str] = {}
    for folder in well_formed_folders(demo, organization_id):
        person = folder.sak.find("Personalia")
        assert person is not None
        number, born = person.attrib["Fodselsnummer"], person.attrib["Fodseldato"]
        assert number[:6] == f"{born[8:]}{int(born[5:7]) + 80}{born[2:4]}"
        assert int(number[8]) % 2 == int(person.attrib["Kjonn"]) % 2
        digits = [int(digit) for digit in number]
        assert sum(a * b for a, b in zip(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), strict=False)) % 11 == 0
        assert sum(a * b for a, b in zip(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True)) % 11 == 0
        assert children.setdefault(number, folder.sak.attrib["Journalnummer"]) == folder.sak.attrib["Journalnummer"]


@pytest.mark.parametrize("organization_id", DEMO_SERVICES)
def test_undersokelse_has_a_preceding_melding(demo: Demo, organization_id: str) -> None:
    for folder in list(well_formed_folders(demo, organization_id))[::5]:
        meldinger = {melding.get("Id"): melding for melding in folder.sak.findall("Melding")}
        led = {
            relasjon.get("TilId"): relasjon.get("FraId")
            for relasjon in folder.sak.findall("Relasjon[@FraType='Melding']")
        }
        for undersokelse in folder.sak.findall("Undersokelse"):
            melding = meldinger[led[undersokelse.get("Id")]]
            konklusjon = melding.find("Konklusjon")
            assert konklusjon is None or konklusjon.get("Kode") == "2"
            assert melding.attrib["StartDato"] <= undersokelse.attrib["StartDato"]


@pytest.mark.parametrize("organization_id", DEMO_SERVICES)
def test_case_names_its_previous_delivery(demo: Demo, organization_id: str) -> None:
    sent: dict[str, str] = {}
    unseen = 0
    for folder in well_formed_folders(demo, organization_id):
        assert folder.root is not None
        sak = folder.sak.attrib["Id"]
        if folder.delivery.endswith("-correction.zip"):
            assert "ForrigeId" not in folder.root.attrib
            continue
        unseen += folder.root.get("ForrigeId") != sent.get(sak)
        sent[sak] = folder.root.attrib["Id"]
    assert unseen <= (organization_id == FAULTY), "the file that is broken off may be the previous one of a case"


def test_the_example_ends_with_2024(demo: Demo) -> None:
    extracts = [
        folder.root.attrib["DatoUttrekk"] for folder in well_formed_folders(demo, "org-1042") if folder.root is not None
    ]
    assert extracts == sorted(extracts)
    assert extracts[0] < "2023-02"
    assert extracts[-1] == "2024-12-31T22:15:00+01:00"
    assert {
        system.get("Navn")
        for f in well_formed_folders(demo, "org-1042")
        if f.root is not None
        for system in f.root.iter("Fagsystem")
    } == {"CIS"}


def test_case_system_change_migrates_the_cases(demo: Demo) -> None:
    systems: dict[str, set[str]] = {}
    migrated: set[str] = set()
    for folder in well_formed_folders(demo, "org-5501"):
        assert folder.root is not None
        system = folder.root.find("Fagsystem")
        assert system is not None
        systems.setdefault(folder.root.attrib["DatoUttrekk"][:4], set()).add(system.attrib["Navn"])
        migrated |= {folder.sak.attrib["MigrertId"]} if "MigrertId" in folder.sak.attrib else set()
    assert systems == {"2023": {"Nordlys Barn"}, "2024": {"Nordlys Barn"}, "2025": {"Fjordsak"}, "2026": {"Fjordsak"}}
    assert migrated & {folder.sak.attrib["Id"] for folder in well_formed_folders(demo, "org-5501")}


def _dates(element: Element) -> list[str]:
    if element.tag == "Personalia":
        return [element.attrib["StartDato"]]
    return [value for name, value in element.attrib.items() if name.endswith("Dato")]


def _undersokelse_codes(folder: Folder) -> set[str | None]:
    return {konklusjon.get("Kode") for konklusjon in folder.sak.findall("Undersokelse/Konklusjon")}
