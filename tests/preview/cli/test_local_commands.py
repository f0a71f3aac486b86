"""`check` and `explain` on the command line: what they tell of local files, their exit codes, and that they keep nothing."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from preview.cli.commands import build_cli
from preview.core.settings import Settings
from tests.builders import case_xml
from tests.support.pipeline import zipped

MELDING = case_xml.melding("2024-03-01", "2024-03-02")
FINE = case_xml.folder(meldinger=[MELDING])
NOTICE = case_xml.folder(meldinger=[MELDING], uttrekk="2024-12-31T23:59:00")
WARNING = case_xml.folder(meldinger=[case_xml.melding("2024-03-01", "2024-02-01")])
ERROR = case_xml.folder(meldinger=[case_xml.melding(None)])
REFUSED = b"<Barnevern><Sak"


def serve(settings: Settings) -> None:
    raise AssertionError(settings)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build_cli(serve), [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The commands run in an empty folder, with another one for what is temporary: both are empty afterwards."""
    for name in ("cwd", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("worst", "code"),
    [(FINE, 0), (NOTICE, 0), (WARNING, 3), (ERROR, 4), (REFUSED, 5)],
    ids=["fine", "notice", "warning", "error", "refused"],
)
def test_the_exit_code_of_check_is_that_of_the_worst_finding(elsewhere: Path, given: Path, worst: bytes, code: int) -> None:
    for name, content in (("a.xml", worst), ("b.xml", FINE), ("c.xml", worst if code < 3 else WARNING)):
        (given / name).write_bytes(content)
    assert run("check", given).exit_code == code
    assert list((elsewhere / "cwd").iterdir()) == list((elsewhere / "temporary").iterdir()) == []


def test_check_names_the_file_and_the_entry_of_a_zip(given: Path) -> None:
    (given / "sak æøå.xml").write_bytes(ERROR)
    (given / "alle.zip").write_bytes(zipped([FINE, WARNING, REFUSED]))
    told = json.loads(run("check", "--json", given).stdout)
    assert (told["files"], told["refused_files"]) == (4, 1)
    told["findings"] = [each for each in told["findings"] if not each["code"].startswith("kontroll_")]
    found = [(Path(each["path"]).name, each["entry"], each["severity"], each["code"], each["element"]) for each in told["findings"]]
    assert found == [
        ("alle.zip", "00001.xml", "warning", "end_before_start", "Melding/Konklusjon@SluttDato"),
        ("alle.zip", "00002.xml", "refused", "not_well_formed", ""),
        ("sak æøå.xml", None, "error", "no_date", "Melding@StartDato"),
    ]
    *lines, last = run("check", given).stdout.splitlines()
    assert last == f"4 files (1 refused), {len(lines)} findings"
    (line,) = (each for each in lines if ": error: Melding@StartDato The date is missing" in each)
    assert line.startswith(f"{given / 'sak æøå.xml'}, line ")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", "Melding ble konkludert mer enn 7 dager etter at den kom inn."),
        ("nn", "Melding vart konkludert meir enn 7 dagar etter at ho kom inn."),
        ("en", "The Melding was concluded more than 7 days after it was received."),
    ],
)
def test_check_speaks_the_language_that_is_asked_for(given: Path, language: str, said: str) -> None:
    (given / "a.xml").write_bytes(case_xml.folder(meldinger=[case_xml.melding("2024-03-01", "2024-03-09")]))
    (line, _) = run("check", given, "--language", language).stdout.splitlines()
    assert line.endswith(f": notice: Melding {said}")


def test_check_knows_which_figures_are_computed(given: Path) -> None:
    head = b"organization_id,period_id,field_key,value\n"
    (given / "fine.csv").write_bytes(head + b"org-1,2024,antall_arsverk,7.5\n")
    assert run("check", given).exit_code == 0
    (given / "wrong.csv").write_bytes(head + b"org-1,2024,antall_flyttinger,7\n")
    result = run("check", "--json", given)
    assert result.exit_code == 4
    assert [(each["code"], each["line"]) for each in json.loads(result.stdout)["findings"]] == [("csv_field", 2)]


def test_check_heeds_the_limits_that_are_set(given: Path) -> None:
    (given / "a.xml").write_bytes(FINE)
    assert run("check", given, "--max-file-bytes", len(FINE).__str__()).exit_code == 0
    result = run("check", "--json", given, "--max-file-bytes", str(len(FINE) - 1))
    assert (result.exit_code, json.loads(result.stdout)["findings"][0]["code"]) == (5, "too_large")


def test_check_takes_whatever_lies_there(given: Path) -> None:
    os.mkfifo(given / "pipe")
    (given / "link").symlink_to(given / "nowhere")
    (given / "cut.zip").write_bytes(zipped([FINE])[:-30])
    result = run("check", "--json", given)
    assert result.exit_code == 5
    assert [each["code"] for each in json.loads(result.stdout)["findings"]] == ["archive_unreadable", "unreadable_file", "not_a_file"]


def test_what_stands_in_a_file_does_not_steer_the_terminal(given: Path) -> None:
    late = case_xml.melding("2024-03-01", "2024-04-01")
    (given / "a\x1b[2J.xml").write_bytes(case_xml.folder(case_xml.uid(1), meldinger=[late], Journalnummer="1\u202e2"))
    (given / "b\x1b[2J.xml").write_bytes(ERROR)
    told = run("explain", given / "a\x1b[2J.xml", "--period", "2024", "--field", "andel_meldinger_innen_frist").stdout
    assert "1\N{REPLACEMENT CHARACTER}2" in told
    assert "\x1b" not in told + run("check", given).stdout


def test_explain_lists_the_cases_and_keeps_nothing(elsewhere: Path, given: Path) -> None:
    late = [case_xml.melding("2024-03-01", "2024-04-01"), case_xml.melding("2024-05-01", None)]
    (given / "a.xml").write_bytes(case_xml.folder(case_xml.uid(7), meldinger=late, Journalnummer="2024/7"))
    (given / "b.xml").write_bytes(FINE)
    result = run("explain", given, "--period", "2024", "--field", "antall_meldinger_over_frist")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Barnevernstjenesten Testkommune (org-0301), 2024",
        "4 Meldinger over frist: 2",
        f"  {case_xml.uid(7)}  2024/7                2",
    ]
    told = json.loads(run("explain", given, "--period", "2024", "--field", "andel_meldinger_innen_frist", "--json").stdout)
    assert told == {
        "organization_id": "org-0301",
        "organization_name": "Barnevernstjenesten Testkommune",
        "period_id": "2024",
        "field_key": "andel_meldinger_innen_frist",
        "value": 33.3,
        "cases": [{"sak_id": case_xml.uid(7), "journalnummer": "2024/7", "count": 2}],
    }
    assert list((elsewhere / "cwd").iterdir()) == list((elsewhere / "temporary").iterdir()) == []


def test_wrong_use_is_told_from_a_failure(given: Path) -> None:
    (given / "a.xml").write_bytes(FINE)
    assert run("explain", given, "--period", "2024").exit_code == 2
    assert run("check", given / "nowhere").exit_code == 2
    unknown = run("explain", given, "--period", "2024", "--field", "antall")
    assert (unknown.exit_code, unknown.stderr.splitlines()) == (1, ["Error: There is no such field.", "  /field_key: is not known"])
    figure = run("explain", given, "--period", "2024", "--field", "antall_arsverk")
    assert figure.exit_code == 0
    assert "A supplementary figure" in figure.stdout
