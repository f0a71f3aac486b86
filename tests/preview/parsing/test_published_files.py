"""What the published example files give (`domain.md` 10, 11). Skipped where they do not lie beside the repository."""

from collections import Counter
from pathlib import Path

import pytest

from preview.model.case_records import Avgiver, Flytting, Innhold, Melding, Plan, Tiltak, Undersokelse
from preview.parsing.ssb_checks.rules import CODE
from tests.preview.parsing.parser_helpers import contents, one_arsfil, one_mappe, refusal

EARLY = ("notice", "early_person")


@pytest.fixture
def folders(cases: Path) -> Path:
    return cases / "barnevern"


@pytest.fixture
def kostra(cases: Path) -> Path:
    return cases / "kostra-15f"


def found(path: Path) -> Counter[tuple[str, str]]:
    return Counter((each.severity.value, each.code) for each in contents(path.read_bytes()).findings)


@pytest.mark.parametrize("name", ["v4_full.xml", "v4_changes.xml"])
def test_the_two_folders_of_this_project_are_taken_without_a_finding(folders: Path, name: str) -> None:
    """But for controls: not every relation is in them, a melding is late, a birth number is not given yet, a status is before its Vedtak."""
    codes = {code for _, code in found(folders / name)}
    assert codes == {f"{CODE}{each}" for each in ("melding_3", "personalia_18", "tiltak_20", "undersokelse_21", "vedtak_2j")}
    assert {severity for severity, _ in found(folders / name)} == {"warning", "notice"}


def test_what_is_kept_of_the_full_folder(folders: Path) -> None:
    mappe = one_mappe((folders / "v4_full.xml").read_bytes())
    assert (mappe.avgiver.organisasjonsnummer, mappe.avgiver.bydelsnummer, mappe.fagsystem) == ("999999999", "02", "Testsystem")
    assert mappe.uttrekk == "2024-12-31T22:59:00.000000Z"
    assert mappe.forrige is None
    kept = mappe.innhold
    assert kept is not None
    assert kept.fodt == "2007-03"
    assert kept.meldinger == [
        Melding("2024-01-10", "2024-01-17", 2, "2024-01-17"),
        Melding("2024-09-01", "2024-09-12", 3, "2024-09-08"),
        Melding("2024-11-01", None, None, "2024-11-08"),
    ]
    assert kept.undersokelser == [Undersokelse("2024-01-17", "2024-06-30", 1, "2024-07-17")]
    assert kept.planer == [Plan("2024-07-01", None, 1), Plan("2024-01-20", "2024-06-30", 7), Plan("2024-11-15", None, 4)]
    assert kept.evalueringer == ["2024-10-01", "2024-12-01"]
    assert kept.tiltak == [
        Tiltak("2024-07-01", None, "3.10", omsorg=0, akutt=0, hjelpetiltak=1, plassering=0, opphevet=None),
        Tiltak("2024-09-15", "2024-11-01", "2.5", omsorg=0, akutt=1, hjelpetiltak=0, plassering=1, opphevet=None),
        Tiltak("2024-11-01", "2024-12-15", "2.2", omsorg=1, akutt=0, hjelpetiltak=0, plassering=1, opphevet=4),
        Tiltak("2024-12-15", None, "1.1", omsorg=1, akutt=0, hjelpetiltak=0, plassering=1, opphevet=None),
    ]
    assert kept.tilsyn == ["2024-11-20", "2024-12-10"]
    assert kept.flyttinger == [Flytting("2024-12-15", "1.2.1", "4"), Flytting("2024-11-20", "1.3", "9")]
    assert kept.funn == 0


def test_the_next_delivery_is_of_the_same_case_and_names_the_one_before(folders: Path) -> None:
    before = one_mappe((folders / "v4_full.xml").read_bytes())
    after = one_mappe((folders / "v4_changes.xml").read_bytes())
    assert after.nokkel == before.nokkel
    assert after.forrige == before.levering
    assert after.levering != before.levering
    assert after.digest != before.digest


def test_early_files_are_taken_with_a_notice(folders: Path) -> None:
    for name in ("test01_file07_total.xml", "test01_file09_total.xml"):
        seen = found(folders / name)
        assert seen[EARLY] == 1
        assert not [severity for severity, _ in seen if severity in ("error", "refused")]
        kept = one_mappe((folders / name).read_bytes()).innhold
        assert kept is not None
        assert kept.fodt == "2010-01"
    assert one_mappe((folders / "test01_file07_total.xml").read_bytes()).forrige is not None


def test_an_end_before_its_start_is_a_warning(folders: Path) -> None:
    path = folders / "sluttdato_etter_startdato.xml"
    seen = found(path)
    assert seen[("warning", "end_before_start")] == 1
    assert seen[EARLY] == 1
    assert {severity for severity, _ in seen} == {"warning", "notice"}
    kept = one_mappe(path.read_bytes()).innhold
    assert kept is not None
    assert kept.meldinger == [Melding("2021-01-01", "2020-01-08", 2, "2021-01-08")]


def test_a_folder_without_avgiver_is_refused(folders: Path) -> None:
    assert refusal((folders / "invalid.xml").read_bytes()) == ("no_avgiver", 2, "Barnevern/Avgiver")


def test_published_15f_files_are_taken_without_an_error(kostra: Path) -> None:
    for name in ("Testfil_21_OK_2020_15F_for_3401.xml", "testfile_all_fields_set.xml"):
        assert {severity for severity, _ in found(kostra / name)} <= {"warning", "notice"}
    assert found(kostra / "Testfil_05_FEIL_2020_15F_for_3401_feil_i_melding_mangler_kode.xml") == {("notice", "no_utvidet_frist"): 1}


def test_a_published_15f_file_full_of_faults_is_taken_with_its_findings(kostra: Path) -> None:
    path = kostra / "Testfil_04_FEIL_2020_15F_for_3401.xml"
    seen = found(path)
    assert seen["error", "lovhjemmel"] == 24
    assert seen["warning", "repeated_number"] == 2
    assert {key for key in seen if key[0] == "error"} == {("error", "lovhjemmel"), ("error", "no_end_date"), ("error", "unknown_code")}
    arsfil = one_arsfil(path.read_bytes())
    assert [len(part.individer) for part in arsfil.deler] == [50]
    assert (arsfil.aar, arsfil.funn) == (2020, 1)
    assert sum(each.innhold.funn for part in arsfil.deler for each in part.individer) == seen.total() - 1


def test_a_published_15f_file_without_a_number_is_refused(kostra: Path) -> None:
    data = (kostra / "Testfil_01_FEIL_2020_15F_ugyldig_xml.xml").read_bytes()
    assert refusal(data) == ("organisasjonsnummer", 3, "Avgiver@Organisasjonsnummer")


def test_what_is_kept_of_a_15f_file_with_everything(kostra: Path) -> None:
    arsfil = one_arsfil((kostra / "testfile_all_fields_set.xml").read_bytes())
    (part,) = arsfil.deler
    assert (arsfil.organisasjonsnummer, arsfil.aar) == ("958935420", 2020)
    assert part.avgiver == Avgiver("958935420", "0301", "Oslo", "02", "Gamle Oslo")
    (individ,) = part.individer
    assert individ.innhold == Innhold(
        fodt="2010-01",
        meldinger=[Melding("2020-02-10", "2020-02-17", 1, "2020-02-17")],
        undersokelser=[Undersokelse("2020-02-17", "2020-06-17", 1, "2020-05-17")],
        planer=[Plan("2020-02-11", "2020-06-17", 1)],
        evalueringer=["2020-02-12"],
        tiltak=[Tiltak("2020-02-10", "2020-04-10", "1.99", omsorg=1, akutt=0, hjelpetiltak=0, plassering=1, opphevet=1)],
        tilsyn=[],
        flyttinger=[Flytting("2020-02-11", "1.1.1", "1")],
        funn=0,
    )


def test_what_is_no_xml_is_refused(kostra: Path) -> None:
    assert refusal((kostra / "Testfil_00_Junk.dat").read_bytes())[0] == "unknown_format"
