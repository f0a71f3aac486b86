"""Tests of `explain`: for every field the listed cases add up to the number of `report`, and they are in the files."""

import io
import zipfile
from collections import Counter
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from preview.cli import file_report
from preview.cli.explain import LocalCases, local_cases
from preview.core.errors import NotFound, ValidationError
from preview.core.periods import Period
from preview.demo.deliveries import demo_deliveries
from preview.form.catalogue import Catalogue
from preview.model.resources import SnapshotDocument
from tests.builders import case_xml, kostra_xml
from tests.preview.demo.conftest import TODAY
from tests.support.pipeline import values, zip_files

DEMO_SERVICES = ("org-5025", "org-3405", "org-5601")
"""The smallest service; one with a full delivery, which is not declared full here; and one that began late."""

PERIODS = [Period(TODAY.year), Period(TODAY.year - 1), Period(TODAY.year - 1, 1)]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("deliveries")
    for delivery in takewhile(lambda element: "org-1804" not in element.name, demo_deliveries(TODAY)):
        if delivery.name.endswith(".csv") or any(service in delivery.name for service in DEMO_SERVICES):
            (folder / delivery.name).write_bytes(delivery.content)
    return [folder]


def saker(paths: list[Path]) -> list[tuple[str, Element]]:
    """Return (DatoUttrekk, Sak) of every case file, read by another XML parser."""
    contents: list[bytes] = []
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix == ".zip":
                with zipfile.ZipFile(file) as archive:
                    contents += [archive.read(name) for name in archive.namelist()]
            elif file.suffix == ".xml":
                contents.append(file.read_bytes())
    roots = [fromstring(content) for content in contents]
    return [(root.attrib["DatoUttrekk"], sak) for root in roots for sak in root.findall("Sak")]


def in_year(day: str | None, year: int) -> bool:
    return day is not None and day.startswith(f"{year}-")


@pytest.mark.parametrize(
    "period", [PERIODS[0], *(pytest.param(period, marks=pytest.mark.slow) for period in PERIODS[1:])], ids=str
)
def test_contributions_add_up_to_the_reported_value(paths: list[Path], period: Period) -> None:
    reported = {document.organization_id: document for document in file_report.report(paths, period, None)}
    known = {(sak.attrib["Id"], sak.attrib["Journalnummer"]) for _, sak in saker(paths)}
    fields = Catalogue.load().fields
    explained = 0
    with local_cases(paths) as cases:
        for field in fields:
            for actual in cases.explain(period, field.field_key):
                assert actual.value == values(reported[actual.organization_id])[field.field_key]
                labels = [(case.sak_id, case.journalnummer) for case in actual.cases]
                assert len(labels) == len(set(labels))
                assert set(labels) <= known
                assert sum(case.count for case in actual.cases) == _expected_total(
                    reported[actual.organization_id], field.field_key
                )
                explained += len(actual.cases)
    assert set(reported) == set(DEMO_SERVICES)
    assert explained > 500


def _expected_total(document: SnapshotDocument, key: str) -> object:
    """Return the number that the cases of a field should add up to: for a percentage, the cases over the deadline."""
    shown = values(document)
    if key.startswith("antall_arsverk"):
        return 0
    return shown[key.replace("andel_", "antall_").replace("_innen_frist", "_over_frist")] or 0


@pytest.mark.parametrize(
    ("key", "count"),
    [
        (
            "antall_meldinger_mottatt",
            lambda sak, year: sum(in_year(element.get("StartDato"), year) for element in counting(sak, "Melding")),
        ),
        (
            "antall_undersokelser_startet",
            lambda sak, year: sum(in_year(element.get("StartDato"), year) for element in sak.findall("Undersokelse")),
        ),
        (
            "antall_tilsynsbesok",
            lambda sak, year: sum(in_year(element.get("UtfortDato"), year) for element in sak.iter("Utfort")),
        ),
    ],
    ids=["meldinger", "undersokelser", "tilsyn"],
)
def test_explained_cases_are_in_the_files(paths: list[Path], key: str, count: Callable[[Element, int], int]) -> None:
    year = TODAY.year - 1
    newest: dict[str, Element] = {}
    for _, sak in sorted(
        saker([path for path in paths[0].iterdir() if "org-5601" in path.name]), key=lambda element: element[0]
    ):
        newest[sak.attrib["Id"]] = sak
    expected = {
        (sak.attrib["Id"], sak.attrib["Journalnummer"]): number
        for sak in newest.values()
        if not sak.get("ErSlettet") and (number := count(sak, year))
    }
    with local_cases(paths) as cases:
        (actual,) = cases.explain(Period(year), key, "org-5601")
    assert {(case.sak_id, case.journalnummer): case.count for case in actual.cases} == expected
    assert expected


def counting(sak: Element, tag: str) -> list[Element]:
    """Return the elements that no Slettet deletes."""
    gone = {element.get("Id") for element in sak.findall("Slettet")}
    return [element for element in sak.findall(tag) if element.get("Id") not in gone]


def written(folder: Path, **files: bytes) -> list[Path]:
    for name, content in files.items():
        (folder / f"{name}.xml").write_bytes(content)
    return [folder]


def labels(
    cases: LocalCases, key: str = "antall_meldinger_mottatt", period: Period = PERIODS[1]
) -> list[Counter[tuple[str, str]]]:
    """Return the explanations by organisation."""
    return [
        Counter({(case.sak_id, case.journalnummer): case.count for case in actual.cases})
        for actual in cases.explain(period, key)
    ]


MELDING = case_xml.melding("2025-03-01", "2025-03-02")


def test_case_is_labelled_by_its_newest_folder(tmp_path: Path) -> None:
    old, new = case_xml.uid(1), case_xml.uid(2)
    first = case_xml.folder(old, uttrekk="2025-06-01T12:00:00+02:00", meldinger=[MELDING], Journalnummer="G-1")
    moved = case_xml.folder(
        new, uttrekk="2025-07-01T12:00:00+02:00", meldinger=[MELDING, MELDING], migrert=old, Journalnummer="N-1"
    )
    with local_cases(written(tmp_path, b=first, a=moved)) as cases:
        assert labels(cases) == [{(new, "N-1"): 1}]


def test_last_read_of_simultaneous_folders_labels_the_case(tmp_path: Path) -> None:
    sak = case_xml.uid(3)
    same = [
        case_xml.folder(sak, uttrekk="2025-06-01T12:00:00+02:00", meldinger=[MELDING], Journalnummer=number)
        for number in ("1", "2")
    ]
    with local_cases(written(tmp_path, a=same[0], b=same[1])) as cases:
        assert labels(cases) == [{(sak, "2"): 1}]


def test_case_moved_between_bydeler_is_labelled_in_each(tmp_path: Path) -> None:
    sak = case_xml.uid(4)
    parts = {
        f"bydel{bydel}": case_xml.folder(
            sak,
            uttrekk=f"2025-0{bydel}-01T12:00:00+01:00",
            meldinger=[MELDING],
            bydel=f"0{bydel}",
            Journalnummer=f"J{bydel}",
        )
        for bydel in (4, 5)
    }
    with local_cases(written(tmp_path, **parts)) as cases:
        assert labels(cases) == [{(sak, "J4"): 1}, {(sak, "J5"): 1}]


def test_zip_is_explained_like_a_folder(tmp_path: Path) -> None:
    content = case_xml.folder(
        case_xml.uid(5), uttrekk="2025-06-01T12:00:00+02:00", meldinger=[MELDING], Journalnummer="5"
    )
    archive = tmp_path / "a.ZIP"
    archive.write_bytes(zip_files([content, content]))
    with local_cases([archive]) as cases:
        assert labels(cases) == [{(case_xml.uid(5), "5"): 1}]


def child(journalnummer: str, meldinger: int, **more: str) -> str:
    """Return an Individ of 2025; children with equally many meldinger have equal stored content."""
    received = [kostra_xml.melding("2025-03-01", "2025-03-02") for _ in range(meldinger)]
    return kostra_xml.individ(meldinger=received, id="i1", Journalnummer=journalnummer, **more)


def test_15f_children_are_distinguished_by_journal_number(tmp_path: Path) -> None:
    """Their ids repeat (rule 2.2, docs/domain.md), and two of them have equal stored content."""
    content = kostra_xml.annual_file(
        child("a", 1), child("b", 2), child("c", 1), child("d", 0), child("e", 3, Bydelsnummer="05"), year="2025"
    )
    with local_cases(written(tmp_path, a=content)) as cases:
        assert labels(cases) == [{("i1", "a"): 1, ("i1", "b"): 2, ("i1", "c"): 1}, {("i1", "e"): 3}]


def test_last_15f_file_of_a_year_is_explained(tmp_path: Path) -> None:
    first = kostra_xml.annual_file(child("a", 1), child("b", 2), year="2025")
    last = kostra_xml.annual_file(child("c", 1), year="2025")
    with local_cases(written(tmp_path, a=first, b=last)) as cases:
        assert labels(cases) == [{("i1", "c"): 1}]


def test_published_15f_files_are_explained_as_reported(cases: Path) -> None:
    path = cases / "kostra-15f" / "Testfil_21_OK_2020_15F_for_3401.xml"
    (reported,) = file_report.report([path], Period(2020), None)
    with local_cases([path]) as local:
        for field in Catalogue.load().fields:
            (actual,) = local.explain(Period(2020), field.field_key)
            assert actual.value == values(reported)[field.field_key]
            assert sum(case.count for case in actual.cases) == _expected_total(reported, field.field_key)


def test_unexplainable_request_fails_with_reason(tmp_path: Path) -> None:
    content = case_xml.folder(uttrekk="2025-06-01T12:00:00+02:00", meldinger=[MELDING])
    with local_cases(written(tmp_path, a=content)) as cases:
        with pytest.raises(ValidationError, match="no such field"):
            cases.explain(Period(2025), "antall_barn")
        with pytest.raises(NotFound, match="no data"):
            cases.explain(Period(2026), "antall_meldinger_mottatt")
        with pytest.raises(NotFound, match="no data"):
            cases.explain(Period(2025), "antall_meldinger_mottatt", "org-1")
    (tmp_path / "b.xml").write_bytes(b"<Barnevern")
    with pytest.raises(ValidationError, match="File 2"), local_cases([tmp_path]):
        pass


def test_files_are_grouped_into_deliveries_between_zips(tmp_path: Path) -> None:
    for name in ("a.xml", "b.zip", "c.xml", "d.csv", "e.zip", "f.ZIP", "u/g.xml", ".DS_Store", "u/Thumbs.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(io.BytesIO().getvalue())
    groups = file_report.group_into_deliveries([tmp_path / "d.csv", tmp_path])
    named = [[str(path.relative_to(tmp_path)) for path in group] for group in groups]
    assert named == [["d.csv", "a.xml"], ["b.zip"], ["c.xml", "d.csv"], ["e.zip"], ["f.ZIP"], ["u/g.xml"]]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValidationError, match="no file"):
        file_report.group_into_deliveries([tmp_path / "empty"])
