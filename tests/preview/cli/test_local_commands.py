"""Tests of the commands `check` and `explain`: output, exit codes, and that they store nothing."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from preview.cli.commands import build_cli
from preview.core.settings import Settings
from tests.builders import case_xml
from tests.support.pipeline import zip_files

MELDING = case_xml.melding("2024-03-01", "2024-03-02")
CLEAN_FILE = case_xml.folder(meldinger=[MELDING])
NOTICE = case_xml.folder(meldinger=[MELDING], uttrekk="2024-12-31T23:59:00")
WARNING = case_xml.folder(meldinger=[case_xml.melding("2024-03-01", "2024-02-01")])
ERROR = case_xml.folder(meldinger=[case_xml.melding(None)])
REFUSED = b"<Barnevern><Sak"


def serve(settings: Settings) -> None:
    raise AssertionError(settings)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build_cli(serve), [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def empty_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run the commands in an empty folder with another one for temporary files; both are empty afterwards."""
    for name in ("cwd", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path


@pytest.fixture
def input_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "input"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("worst", "code"),
    [(CLEAN_FILE, 0), (NOTICE, 0), (WARNING, 3), (ERROR, 4), (REFUSED, 5)],
    ids=["fine", "notice", "warning", "error", "refused"],
)
def test_check_exit_code_is_of_the_worst_finding(
    empty_folders: Path, input_folder: Path, worst: bytes, code: int
) -> None:
    for name, content in (("a.xml", worst), ("b.xml", CLEAN_FILE), ("c.xml", worst if code < 3 else WARNING)):
        (input_folder / name).write_bytes(content)
    assert run("check", input_folder).exit_code == code
    assert list((empty_folders / "cwd").iterdir()) == list((empty_folders / "temporary").iterdir()) == []


def test_check_prints_file_and_zip_entry(input_folder: Path) -> None:
    (input_folder / "sak æøå.xml").write_bytes(ERROR)
    (input_folder / "alle.zip").write_bytes(zip_files([CLEAN_FILE, WARNING, REFUSED]))
    actual = json.loads(run("check", "--json", input_folder).stdout)
    assert (actual["files"], actual["refused_files"]) == (4, 1)
    actual["findings"] = [finding for finding in actual["findings"] if not finding["code"].startswith("kontroll_")]
    found = [
        (Path(finding["path"]).name, finding["entry"], finding["severity"], finding["code"], finding["element"])
        for finding in actual["findings"]
    ]
    assert found == [
        ("alle.zip", "00001.xml", "warning", "end_before_start", "Melding/Konklusjon@SluttDato"),
        ("alle.zip", "00002.xml", "refused", "not_well_formed", ""),
        ("sak æøå.xml", None, "error", "no_date", "Melding@StartDato"),
    ]
    *lines, last = run("check", input_folder).stdout.splitlines()
    assert last == f"4 files (1 refused), {len(lines)} findings"
    (line,) = (line for line in lines if ": error: Melding@StartDato The date is missing" in line)
    assert line.startswith(f"{input_folder / 'sak æøå.xml'}, line ")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", "Melding ble konkludert mer enn 7 dager etter at den kom inn."),
        ("nn", "Melding vart konkludert meir enn 7 dagar etter at ho kom inn."),
        ("en", "The Melding was concluded more than 7 days after it was received."),
    ],
)
def test_check_prints_the_selected_language(input_folder: Path, language: str, said: str) -> None:
    (input_folder / "a.xml").write_bytes(case_xml.folder(meldinger=[case_xml.melding("2024-03-01", "2024-03-09")]))
    (line, _) = run("check", input_folder, "--language", language).stdout.splitlines()
    assert line.endswith(f": notice: Melding {said}")


def test_check_refuses_figures_of_computed_fields(input_folder: Path) -> None:
    head = b"organization_id,period_id,field_key,value\n"
    (input_folder / "fine.csv").write_bytes(head + b"org-1,2024,antall_arsverk,7.5\n")
    assert run("check", input_folder).exit_code == 0
    (input_folder / "wrong.csv").write_bytes(head + b"org-1,2024,antall_flyttinger,7\n")
    result = run("check", "--json", input_folder)
    assert result.exit_code == 4
    assert [(finding["code"], finding["line"]) for finding in json.loads(result.stdout)["findings"]] == [
        ("csv_field", 2)
    ]


def test_check_applies_configured_limits(input_folder: Path) -> None:
    (input_folder / "a.xml").write_bytes(CLEAN_FILE)
    assert run("check", input_folder, "--max-file-bytes", len(CLEAN_FILE).__str__()).exit_code == 0
    result = run("check", "--json", input_folder, "--max-file-bytes", str(len(CLEAN_FILE) - 1))
    assert (result.exit_code, json.loads(result.stdout)["findings"][0]["code"]) == (5, "too_large")


def test_check_refuses_pipe_broken_link_and_cut_zip(input_folder: Path) -> None:
    os.mkfifo(input_folder / "pipe")
    (input_folder / "link").symlink_to(input_folder / "nowhere")
    (input_folder / "cut.zip").write_bytes(zip_files([CLEAN_FILE])[:-30])
    result = run("check", "--json", input_folder)
    assert result.exit_code == 5
    assert [finding["code"] for finding in json.loads(result.stdout)["findings"]] == [
        "archive_unreadable",
        "unreadable_file",
        "not_a_file",
    ]


def test_control_characters_of_a_file_are_not_printed(input_folder: Path) -> None:
    late = case_xml.melding("2024-03-01", "2024-04-01")
    (input_folder / "a\x1b[2J.xml").write_bytes(
        case_xml.folder(case_xml.uid(1), meldinger=[late], Journalnummer="1\u202e2")
    )
    (input_folder / "b\x1b[2J.xml").write_bytes(ERROR)
    actual = run(
        "explain", input_folder / "a\x1b[2J.xml", "--period", "2024", "--field", "andel_meldinger_innen_frist"
    ).stdout
    assert "1\N{REPLACEMENT CHARACTER}2" in actual
    assert "\x1b" not in actual + run("check", input_folder).stdout


def test_explain_lists_cases_and_stores_nothing(empty_folders: Path, input_folder: Path) -> None:
    late = [case_xml.melding("2024-03-01", "2024-04-01"), case_xml.melding("2024-05-01", None)]
    (input_folder / "a.xml").write_bytes(case_xml.folder(case_xml.uid(7), meldinger=late, Journalnummer="2024/7"))
    (input_folder / "b.xml").write_bytes(CLEAN_FILE)
    result = run("explain", input_folder, "--period", "2024", "--field", "antall_meldinger_over_frist")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Barnevernstjenesten Testkommune (org-0301), 2024",
        "4 Meldinger over frist: 2",
        f"  {case_xml.uid(7)}  2024/7                2",
    ]
    actual = json.loads(
        run("explain", input_folder, "--period", "2024", "--field", "andel_meldinger_innen_frist", "--json").stdout
    )
    assert actual == {
        "organization_id": "org-0301",
        "organization_name": "Barnevernstjenesten Testkommune",
        "period_id": "2024",
        "field_key": "andel_meldinger_innen_frist",
        "value": 33.3,
        "cases": [{"sak_id": case_xml.uid(7), "journalnummer": "2024/7", "count": 2}],
    }
    assert list((empty_folders / "cwd").iterdir()) == list((empty_folders / "temporary").iterdir()) == []


def test_usage_error_and_failure_have_different_exit_codes(input_folder: Path) -> None:
    (input_folder / "a.xml").write_bytes(CLEAN_FILE)
    assert run("explain", input_folder, "--period", "2024").exit_code == 2
    assert run("check", input_folder / "nowhere").exit_code == 2
    unknown = run("explain", input_folder, "--period", "2024", "--field", "antall")
    assert (unknown.exit_code, unknown.stderr.splitlines()) == (
        1,
        ["Error: There is no such field.", "  /field_key: is not known"],
    )
    figure = run("explain", input_folder, "--period", "2024", "--field", "antall_arsverk")
    assert figure.exit_code == 0
    assert "a supplementary figure" in figure.stdout


def test_check_refuses_a_folder_without_files(tmp_path: Path) -> None:
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    result = run("check", "--json", tmp_path)
    assert result.exit_code == 5
    assert [finding["code"] for finding in json.loads(result.stdout)["findings"]] == ["no_file"]
