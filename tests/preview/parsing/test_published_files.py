"""The published example files (rules 10 and 11). Skipped if they are not beside the repository."""

from collections import Counter
from pathlib import Path

import pytest

from preview.model.case_records import Avgiver, CaseContent, Flytting, Melding, Plan, Tiltak, Undersokelse
from preview.model.findings import CHECK_PREFIX
from tests.preview.parsing.parser_helpers import parse, parse_single_annual_file, parse_single_folder, rejection

EARLY = ("notice", "early_person")


@pytest.fixture
def folders(cases: Path) -> Path:
    return cases / "barnevern"


@pytest.fixture
def kostra(cases: Path) -> Path:
    return cases / "kostra-15f"


def finding_counts(path: Path) -> Counter[tuple[str, str]]:
    return Counter((finding.severity.value, finding.code) for finding in parse(path.read_bytes()).findings)


@pytest.mark.parametrize("name", ["v4_full.xml", "v4_changes.xml"])
def test_project_folders_have_only_check_findings(folders: Path, name: str) -> None:
    """Relations are missing, a melding is late, a birth number is a placeholder, a status precedes its Vedtak."""
    codes = {code for _, code in finding_counts(folders / name)}
    assert codes == {
        f"{CHECK_PREFIX}{check_id}"
        for check_id in ("melding_3", "personalia_18", "tiltak_20", "undersokelse_21", "vedtak_2j")
    }
    assert {severity for severity, _ in finding_counts(folders / name)} == {"warning", "notice"}


def test_full_folder_is_parsed_completely(folders: Path) -> None:
    record = parse_single_folder((folders / "v4_full.xml").read_bytes())
    assert (record.avgiver.organisasjonsnummer, record.avgiver.bydelsnummer, record.case_system) == (
        "999999999",
        "02",
        "Testsystem",
    )
    assert record.extract_at == "2024-12-31T22:59:00.000000Z"
    assert record.previous_delivery_hash is None
    content = record.content
    assert content is not None
    assert content.fodt == "2007-03"
    assert content.meldinger == [
        Melding("2024-01-10", "2024-01-17", 2, "2024-01-17"),
        Melding("2024-09-01", "2024-09-12", 3, "2024-09-08"),
        Melding("2024-11-01", None, None, "2024-11-08"),
    ]
    assert content.undersokelser == [Undersokelse("2024-01-17", "2024-06-30", 1, "2024-07-17")]
    assert content.planer == [
        Plan("2024-07-01", None, 1),
        Plan("2024-01-20", "2024-06-30", 7),
        Plan("2024-11-15", None, 4),
    ]
    assert content.evalueringer == ["2024-10-01", "2024-12-01"]
    assert content.tiltak == [
        Tiltak("2024-07-01", None, "3.10", omsorg=0, akutt=0, hjelpetiltak=1, plassering=0, opphevet=None),
        Tiltak("2024-09-15", "2024-11-01", "2.5", omsorg=0, akutt=1, hjelpetiltak=0, plassering=1, opphevet=None),
        Tiltak("2024-11-01", "2024-12-15", "2.2", omsorg=1, akutt=0, hjelpetiltak=0, plassering=1, opphevet=4),
        Tiltak("2024-12-15", None, "1.1", omsorg=1, akutt=0, hjelpetiltak=0, plassering=1, opphevet=None),
    ]
    assert content.tilsyn == ["2024-11-20", "2024-12-10"]
    assert content.flyttinger == [Flytting("2024-12-15", "1.2.1", "4"), Flytting("2024-11-20", "1.3", "9")]
    assert content.finding_count == 0


def test_next_delivery_has_same_case_and_names_previous(folders: Path) -> None:
    before = parse_single_folder((folders / "v4_full.xml").read_bytes())
    after = parse_single_folder((folders / "v4_changes.xml").read_bytes())
    assert after.key == before.key
    assert after.previous_delivery_hash == before.delivery_hash
    assert after.delivery_hash != before.delivery_hash
    assert after.content_hash != before.content_hash


def test_early_files_are_parsed_with_notice(folders: Path) -> None:
    for name in ("test01_file07_total.xml", "test01_file09_total.xml"):
        seen = finding_counts(folders / name)
        assert seen[EARLY] == 1
        assert not [severity for severity, _ in seen if severity in ("error", "refused")]
        stored = parse_single_folder((folders / name).read_bytes()).content
        assert stored is not None
        assert stored.fodt == "2010-01"
    assert parse_single_folder((folders / "test01_file07_total.xml").read_bytes()).previous_delivery_hash is not None


def test_end_before_its_start_is_warning(folders: Path) -> None:
    path = folders / "sluttdato_etter_startdato.xml"
    seen = finding_counts(path)
    assert seen[("warning", "end_before_start")] == 1
    assert seen[EARLY] == 1
    assert {severity for severity, _ in seen} == {"warning", "notice"}
    stored = parse_single_folder(path.read_bytes()).content
    assert stored is not None
    assert stored.meldinger == [Melding("2021-01-01", "2020-01-08", 2, "2021-01-08")]


def test_folder_without_avgiver_is_refused(folders: Path) -> None:
    assert rejection((folders / "invalid.xml").read_bytes()) == ("no_avgiver", 2, "Barnevern/Avgiver")


def test_published_15f_files_have_no_errors(kostra: Path) -> None:
    for name in ("Testfil_21_OK_2020_15F_for_3401.xml", "testfile_all_fields_set.xml"):
        assert {severity for severity, _ in finding_counts(kostra / name)} <= {"warning", "notice"}
    assert finding_counts(kostra / "Testfil_05_FEIL_2020_15F_for_3401_feil_i_melding_mangler_kode.xml") == {
        ("notice", "no_utvidet_frist"): 1
    }


def test_faulty_15f_file_is_parsed_with_findings(kostra: Path) -> None:
    path = kostra / "Testfil_04_FEIL_2020_15F_for_3401.xml"
    seen = finding_counts(path)
    assert seen["error", "lovhjemmel"] == 24
    assert seen["warning", "repeated_number"] == 2
    assert {key for key in seen if key[0] == "error"} == {
        ("error", "lovhjemmel"),
        ("error", "no_end_date"),
        ("error", "unknown_code"),
    }
    arsfil = parse_single_annual_file(path.read_bytes())
    assert [len(part.individer) for part in arsfil.parts] == [50]
    assert (arsfil.year, arsfil.finding_count) == (2020, 1)
    assert sum(individ.content.finding_count for part in arsfil.parts for individ in part.individer) == seen.total() - 1


def test_published_15f_file_without_number_is_refused(kostra: Path) -> None:
    data = (kostra / "Testfil_01_FEIL_2020_15F_ugyldig_xml.xml").read_bytes()
    assert rejection(data) == ("organisasjonsnummer", 3, "Avgiver@Organisasjonsnummer")


def test_15f_file_with_every_element_is_parsed(kostra: Path) -> None:
    arsfil = parse_single_annual_file((kostra / "testfile_all_fields_set.xml").read_bytes())
    (part,) = arsfil.parts
    assert (arsfil.organisasjonsnummer, arsfil.year) == ("958935420", 2020)
    assert part.avgiver == Avgiver("958935420", "0301", "Oslo", "02", "Gamle Oslo")
    (individ,) = part.individer
    assert individ.content == CaseContent(
        fodt="2010-01",
        meldinger=[Melding("2020-02-10", "2020-02-17", 1, "2020-02-17")],
        undersokelser=[Undersokelse("2020-02-17", "2020-06-17", 1, "2020-05-17")],
        planer=[Plan("2020-02-11", "2020-06-17", 1)],
        evalueringer=["2020-02-12"],
        tiltak=[
            Tiltak("2020-02-10", "2020-04-10", "1.99", omsorg=1, akutt=0, hjelpetiltak=0, plassering=1, opphevet=1)
        ],
        tilsyn=[],
        flyttinger=[Flytting("2020-02-11", "1.1.1", "1")],
        finding_count=0,
    )


def test_non_xml_file_is_refused(kostra: Path) -> None:
    assert rejection((kostra / "Testfil_00_Junk.dat").read_bytes())[0] == "unknown_format"
