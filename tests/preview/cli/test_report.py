"""Tests of the command `report`, with the worked examples (rule 11, docs/domain.md) if the published files are
available.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from preview.form.catalogue import Catalogue
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.preview.cli.command_runner import DAY, NO_XML, CommandRunner, failure_message, successful_lines
from tests.support.pipeline import zip_files

KEYS = [
    "snapshot_id",
    "organization_id",
    "organization_name",
    "period_id",
    "snapshot_status",
    "cache_valid",
    "aggregated_at",
    "sections",
    "prior_period",
]


def report_json(run: CommandRunner, *arguments: str | Path) -> Any:
    """Return the documents of `report --json`."""
    return json.loads("\n".join(successful_lines(run("report", "--json", *arguments))))


def values_by_number(actual: dict[str, Any], *, prior: bool = False) -> dict[int, int | float | None]:
    """Return the values by number of the field."""
    catalogue = Catalogue.load()
    key = "prior_period_value" if prior else "value"
    return {
        catalogue.field(field["field_key"]).number: field[key]
        for section in actual["sections"]
        for field in section["fields"]
    }


def test_report_json_is_the_api_document_without_ids(run: CommandRunner, sent: Path, service: SampleService) -> None:
    actual = report_json(run, sent, "--period", "2024")
    assert list(actual) == KEYS
    assert (actual["snapshot_id"], actual["aggregated_at"]) == (None, None)
    assert (actual["organization_id"], actual["organization_name"]) == (
        service.organization_id,
        "Barnevernstjenesten Testkommune",
    )
    assert [list(section) for section in actual["sections"]] == [["section_id", "section_title", "fields"]] * 9
    assert {tuple(field) for section in actual["sections"] for field in section["fields"]} == {
        ("field_key", "value", "prior_period_value", "data_source")
    }
    assert actual["prior_period"] == {"period_id": "2023", "snapshot_id": None, "aggregated_at": None}
    assert values_by_number(actual)[1] == 3
    assert values_by_number(actual, prior=True)[1] == 0


def test_report_of_an_own_example(run: CommandRunner, tmp_path: Path, service: SampleService) -> None:
    """Two children: one placed by a care order, one at home with a plan; one melding of three is late."""
    care = case_xml.tiltak("2024-02-01", kategori="2.1", lov="BVL2021 5-1", tilsyn=["2024-05-01", "2024-08-01"])
    home = case_xml.tiltak("2023-11-01", "2024-12-30", kategori="3.10")
    given: dict[str, Any] = {"org": service.organisasjonsnummer, "kommune": service.kommune}
    late, same_day = (
        case_xml.melding("2024-01-05", "2024-01-13", "2"),
        case_xml.melding("2024-06-01", "2024-06-01", "1"),
    )
    before, in_time = (
        case_xml.melding("2023-12-01", "2023-12-05", "2"),
        case_xml.melding("2024-12-20", "2024-12-27", "3"),
    )
    contents = [
        case_xml.folder(meldinger=[late, before], tiltak=[care], uttrekk="2025-01-31T12:00:00+01:00", **given),
        case_xml.folder(
            meldinger=[same_day], tiltak=[home], planer=[case_xml.plan("2023-11-02", evaluert=["2024-03-01"])], **given
        ),
        case_xml.folder(meldinger=[in_time], uttrekk="2023-01-01T12:00:00+01:00", **given),
    ]
    (tmp_path / "sent.zip").write_bytes(zip_files(contents))
    expected: dict[int, int | float | None] = {
        **dict.fromkeys(range(1, 33), 0),
        **dict.fromkeys((2, 4, 13, 16, 17, 18, 19, 22, 25, 27, 28), 1),
        **dict.fromkeys((3, 29), 2),
        **dict.fromkeys((12, 33, 34)),
        1: 3,
        5: 66.7,
    }
    actual = report_json(run, tmp_path / "sent.zip", "--period", "2024")
    assert values_by_number(actual) == expected


def test_report_as_a_table(run: CommandRunner, sent: Path) -> None:
    lines = successful_lines(run("report", sent, "--period", "2024"))
    assert lines[1].split() == ["2024", "2023"]
    assert len(lines) == 2 + 9 + 34


def test_report_of_several_organisations_is_an_array(run: CommandRunner, sent: Path, tmp_path: Path) -> None:
    other = SampleService()
    (tmp_path / "other.xml").write_bytes(other.folder(1, DAY, ["2024-03-01"]))
    actual = report_json(run, sent, tmp_path / "other.xml", "--period", "2024")
    assert [list(document) for document in actual] == [KEYS, KEYS]
    assert [values_by_number(document)[1] for document in actual] == [3, 1]
    assert [document["organization_id"] for document in actual] == sorted(
        document["organization_id"] for document in actual
    )
    one = report_json(run, sent, tmp_path / "other.xml", "--period", "2024", "--organization", other.organization_id)
    assert one["organization_id"] == other.organization_id


def test_report_reads_folders_files_and_zips(run: CommandRunner, sent: Path, tmp_path: Path) -> None:
    (tmp_path / "sent.zip").write_bytes(zip_files([file.read_bytes() for file in sorted(sent.rglob("*.xml"))]))
    of_folder = report_json(run, sent, "--period", "2024-H1")
    assert report_json(run, tmp_path / "sent.zip", "--period", "2024-H1") == of_folder
    assert report_json(run, *sorted(sent.rglob("*.xml")), "--period", "2024-H1") == of_folder


def test_report_stores_nothing(
    run: CommandRunner, sent: Path, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    report_json(run, sent, "--period", "2024")
    assert [list(folder.iterdir()) for folder in (data_dir, tmp_path / "temporary", Path.cwd())] == [[], [], []]


def test_report_of_invalid_input_fails(run: CommandRunner, sent: Path) -> None:
    assert failure_message(run("report", sent, "--period", "2030")).startswith(
        "Error: The files contain no data for that period"
    )
    assert failure_message(run("report", sent, "--period", "2024", "--organization", "org-nowhere")).startswith(
        "Error: The files contain no data"
    )
    (sent / "d.xml").write_bytes(NO_XML)
    assert (
        failure_message(run("report", sent, "--period", "2024"))
        == "Error: File 3, line 1: A start tag and an end tag do not match.\n"
    )
    failure_message(run("report", sent), 2)


def form(ones: Iterable[int], others: dict[int, Any], nulls: Iterable[int] = ()) -> dict[int, Any]:
    """Return the expected values by number; fields that are not named are 0, or null if the format lacks them."""
    return {**dict.fromkeys(range(1, 33), 0), **dict.fromkeys((*nulls, 33, 34)), **dict.fromkeys(ones, 1), **others}


V4_2024 = form(
    (2, 3, 6, 7, 8, 13, 15, 17, 18, 20, 22, 23, 25, 26, 30, 31), {1: 3, 4: 2, 5: 33.3, 12: 100.0, 28: 2, 29: 2}
)
FULL, CHANGES = "barnevern/v4_full.xml", "barnevern/v4_changes.xml"
KOSTRA, BYDEL = "kostra-15f/Testfil_21_OK_2020_15F_for_3401.xml", "kostra-15f/testfile_all_fields_set.xml"
WORKED: list[tuple[list[str], str, str, dict[int, Any]]] = [
    (
        [KOSTRA],
        "2020",
        "",
        form((11, 22, 24), {1: 9, 2: 2, 3: 7, 5: 100.0, 6: 5, 7: 5, 8: 5, 12: 80.0}, nulls=(29, 30, 31)),
    ),
    ([BYDEL], "2020", "-02", form((1, 3, 6, 7, 8, 11, 22, 24, 28, 30), {5: 100.0, 12: 0.0}, nulls=(29,))),
    (
        ["barnevern/test01_file09_total.xml"],
        "2021",
        "",
        form((1, 2, 6, 7, 8, 13, 15, 16, 25, 28), {5: 100.0, 12: 100.0}),
    ),
    ([FULL], "2024", "", V4_2024),
    ([FULL, CHANGES], "2024", "", V4_2024),
    ([FULL, CHANGES], "2025", "", form((3, 13, 15, 18, 21, 24, 25, 30, 32), {}, nulls=(5, 12))),
]
"""The worked examples of rule 11."""


@pytest.mark.parametrize(("names", "period", "bydel", "expected"), WORKED)
def test_report_of_worked_examples(
    run: CommandRunner, cases: Path, names: list[str], period: str, bydel: str, expected: dict[int, Any]
) -> None:
    actual = report_json(run, *(cases / name for name in names), "--period", period)
    (document,) = (
        candidate
        for candidate in (actual if isinstance(actual, list) else [actual])
        if candidate["organization_id"].endswith(bydel)
    )
    assert values_by_number(document) == expected
