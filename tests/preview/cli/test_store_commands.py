"""Tests of the commands that use a store: effect, output and exit code."""

import json
import re
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from preview.reports.job_queue import JobQueue
from tests.builders.services import SampleService
from tests.preview.cli.command_runner import DAY, NO_XML, CommandRunner, failure_message, successful_lines
from tests.support.pipeline import aggregate, deliver, document, open_application, zip_files

COMMANDS = ("serve", "import", "aggregate", "list", "show", "demo-data", "report", "check", "explain")


# Help.


def test_the_help_lists_every_command(run: CommandRunner) -> None:
    actual = "\n".join(successful_lines(run("--help")))
    assert [name for name in COMMANDS if f"\n  {name} " not in actual] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(run: CommandRunner, command: str) -> None:
    actual = successful_lines(run(command, "--help"))
    assert actual[0].startswith("Usage: ")
    assert re.match(r"  [A-Z][a-z]+ .{10}", actual[2]), "it says what it does"
    assert "Options:" in actual


def test_missing_or_unknown_command_is_a_usage_error(run: CommandRunner) -> None:
    assert "Usage:" in failure_message(run(), 2)
    assert "No such command" in failure_message(run("exprot"), 2)


# import


def test_import_a_file(run: CommandRunner, sent: Path, service: SampleService, data_dir: Path) -> None:
    assert successful_lines(run("import", sent / "a.xml")) == [
        "dlv-001 taken: 1 files (0 refused); cases: 1 new, 0 changed, 0 unchanged, 0 removed"
    ]
    with open_application(data_dir, started=False) as application:
        assert service.stored_melding_days(application) == [["2024-03-01"]]
        assert application.deliveries.get("dlv-001").actor == "cli"


def test_import_of_folder_and_files_is_one_delivery(
    run: CommandRunner, sent: Path, tmp_path: Path, service: SampleService
) -> None:
    (tmp_path / "one.xml").write_bytes(service.folder(4, DAY))
    assert successful_lines(run("import", sent, tmp_path / "one.xml")) == [
        "dlv-001 taken: 4 files (0 refused); cases: 4 new, 0 changed, 0 unchanged, 0 removed"
    ]


def test_import_of_each_zip_is_its_own_delivery(
    run: CommandRunner, sent: Path, tmp_path: Path, service: SampleService
) -> None:
    for name, case in (("x.zip", 5), ("y.zip", 6)):
        (tmp_path / name).write_bytes(zip_files([service.folder(case, DAY)]))
    lines = successful_lines(run("import", tmp_path / "x.zip", tmp_path / "y.zip", sent))
    assert [line.partition(":")[0] for line in lines] == ["dlv-001 taken", "dlv-002 taken", "dlv-003 taken"]
    assert [line.partition("files")[0][-2] for line in lines] == ["1", "1", "3"]


def test_import_shows_progress_on_standard_error(run: CommandRunner, sent: Path) -> None:
    assert "dlv-001" in run("import", sent).stderr


def test_import_of_refused_file_fails_with_reason(run: CommandRunner, sent: Path) -> None:
    (sent / "d.xml").write_bytes(NO_XML)
    result = run("import", sent)
    failure_message(result)
    assert result.stdout.splitlines() == [
        "dlv-001 taken: 4 files (1 refused); cases: 3 new, 0 changed, 0 unchanged, 0 removed",
        "  refused file 3 line 1 : A start tag and an end tag do not match.",
    ]


def test_import_of_refused_delivery_exits_with_1(run: CommandRunner, sent: Path) -> None:
    (sent / "a.xml").write_bytes(NO_XML)
    result = run("import", sent / "a.xml")
    failure_message(result)
    assert result.stdout.startswith("dlv-001 refused: 1 files (1 refused)")


def test_import_of_which_every_line_is_left_out_exits_with_1(run: CommandRunner, tmp_path: Path) -> None:
    head = "organization_id,organization_name,organisasjonsnummer,bydelsnummer"
    (tmp_path / "a.csv").write_text(f"{head}\norg-1,N,12,\n")
    result = run("import", tmp_path / "a.csv")
    assert result.exit_code == 1
    assert "dlv-001: nothing was imported" in result.stderr


def test_import_with_mere_findings_exits_with_0(run: CommandRunner, tmp_path: Path, service: SampleService) -> None:
    (tmp_path / "a.xml").write_bytes(service.folder(1, DAY, [""] * 25))
    lines = successful_lines(run("import", tmp_path / "a.xml"))
    assert len(lines) == 1 + 20 + 1
    assert (
        lines[1]
        == "  error file 1 line 2 Melding@StartDato: The date is missing or unreadable; the element is left out."
    )
    assert lines[-1] == "  and 5 more findings"


def test_full_import_removes_missing_cases(
    run: CommandRunner, sent: Path, tmp_path: Path, service: SampleService
) -> None:
    successful_lines(run("import", sent))
    (tmp_path / "full.zip").write_bytes(zip_files([service.folder(1, "2025-01-02", ["2024-03-01"])]))
    assert successful_lines(run("import", "--full", tmp_path / "full.zip")) == [
        "dlv-002 taken: 1 files (0 refused); cases: 0 new, 0 changed, 1 unchanged, 2 removed"
    ]


def test_full_import_accepts_only_one_delivery(run: CommandRunner, sent: Path, tmp_path: Path, data_dir: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zip_files([b"of no matter"]))
    assert "one ZIP" in failure_message(run("import", "--full", sent, tmp_path / "x.zip"), 2)
    assert not any(data_dir.iterdir())


def test_import_of_empty_folder_fails(run: CommandRunner, tmp_path: Path) -> None:
    failure_message(run("import"), 2)
    failure_message(run("import", tmp_path / "nowhere.xml"), 2)
    (tmp_path / "empty").mkdir()
    assert failure_message(run("import", tmp_path / "empty")) == "Error: There is no file to deliver.\n"


def test_import_organisations_and_figures(
    run: CommandRunner, tmp_path: Path, sent: Path, service: SampleService, data_dir: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(service.listing(service.organization_id, "Et navn"))
    (tmp_path / "b.csv").write_bytes(service.figures("2024,antall_arsverk,7.5,"))
    successful_lines(run("import", tmp_path / "a.csv", tmp_path / "b.csv", sent))
    successful_lines(run("aggregate", "--organization", service.organization_id, "--period", "2024"))
    with open_application(data_dir, started=False) as application:
        made = document(application, "snap-001")
        assert made.organization_name == "Et navn"
        assert made.sections[-1].fields[0].value == 7.5


def test_import_beside_a_running_program(
    run: CommandRunner, sent: Path, service: SampleService, data_dir: Path
) -> None:
    """Either process imports the delivery; both see the result."""
    with open_application(data_dir) as application:
        successful_lines(run("import", sent))
        assert len(service.stored_melding_days(application)) == 3
        successful_lines(run("aggregate", "--organization", service.organization_id, "--period", "2024"))
        assert document(application, "snap-001").snapshot_status == "current"


# aggregate, list, show


@pytest.fixture(scope="module")
def service() -> SampleService:
    """One for all tests, each of which has a store of its own."""
    return SampleService()


@pytest.fixture(scope="module")
def imported_store(tmp_path_factory: pytest.TempPathFactory, service: SampleService) -> Path:
    """A store with three cases, which have been imported once; each test works on a copy."""
    store = tmp_path_factory.mktemp("imported")
    with open_application(store) as application:
        deliver(application, *(service.folder(case, DAY, ["2024-03-01"]) for case in (1, 2, 3)))
    return store


@pytest.fixture(scope="module")
def aggregated_store(tmp_path_factory: pytest.TempPathFactory, service: SampleService, imported_store: Path) -> Path:
    """The same store with snapshots of 2023 and 2024."""
    store = tmp_path_factory.mktemp("aggregated")
    shutil.copytree(imported_store, store, dirs_exist_ok=True)
    with open_application(store) as application:
        for period in ("2023", "2024"):
            aggregate(application, service.organization_id, period)
    return store


@pytest.fixture
def imported(run: CommandRunner, imported_store: Path, data_dir: Path) -> CommandRunner:
    """Run commands on a store with three cases."""
    shutil.copytree(imported_store, data_dir, dirs_exist_ok=True)
    return run


def test_aggregate(imported: CommandRunner, service: SampleService, data_dir: Path) -> None:
    asked = ("aggregate", "--organization", service.organization_id, "--period", "2024")
    result = imported(*asked)
    assert successful_lines(result) == ["snap-001 completed"]
    assert "snap-001" in result.stderr
    assert successful_lines(imported(*asked)) == ["snap-001 completed"], "it is valid: it is answered as it is"
    assert successful_lines(imported(*asked, "--force")) == ["snap-002 completed"]
    with open_application(data_dir, started=False) as application:
        assert application.jobs.get("job-agg-001").requested_by == "cli"


def test_aggregate_with_invalid_input_fails(imported: CommandRunner, service: SampleService) -> None:
    actual = failure_message(imported("aggregate", "--organization", "org-nowhere", "--period", "2024"))
    assert actual == "Error: There is no such organisation.\n  /organization_id: is not known\n"
    actual = failure_message(imported("aggregate", "--organization", service.organization_id, "--period", "2025"))
    assert actual.endswith("/period_id: the organisation has no source data for it\n")
    actual = failure_message(imported("aggregate", "--organization", service.organization_id, "--period", "2024-Q1"))
    assert actual.endswith("/period_id: must be YYYY, YYYY-H1 or YYYY-H2\n")
    failure_message(imported("aggregate", "--organization", service.organization_id), 2)


def test_failed_aggregation_exits_with_1(
    imported: CommandRunner, service: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobQueue, "aggregate", lambda *_: 1 / 0)
    result = imported("aggregate", "--organization", service.organization_id, "--period", "2024")
    failure_message(result)
    assert result.stdout.startswith("snap-001 failed: The aggregation failed")


@pytest.fixture
def aggregated(run: CommandRunner, aggregated_store: Path, data_dir: Path) -> CommandRunner:
    """Run commands on a store with snapshots of 2023 and 2024."""
    shutil.copytree(aggregated_store, data_dir, dirs_exist_ok=True)
    return run


def test_list(aggregated: CommandRunner, service: SampleService) -> None:
    result = aggregated("list")
    first, second = successful_lines(result)
    assert first.split() == [
        "snap-002",
        "2024",
        "current",
        "valid",
        "31/34",
        service.organization_id,
        "Barnevernstjenesten",
        "Testkommune",
    ]
    assert second.split()[:4] == ["snap-001", "2023", "historical", "valid"]
    assert result.stderr == "2 snapshots\n"
    assert successful_lines(aggregated("list", "--organization", "org-nowhere")) == []


def test_list_json_has_the_rows_of_the_api(aggregated: CommandRunner, service: SampleService) -> None:
    actual = json.loads(
        "\n".join(successful_lines(aggregated("list", "--organization", service.organization_id, "--json")))
    )
    assert [row["snapshot_id"] for row in actual] == ["snap-002", "snap-001"]
    assert list(actual[0]) == [
        "snapshot_id",
        "organization_id",
        "organization_name",
        "period_id",
        "snapshot_status",
        "field_count",
        "populated_field_count",
        "cache_valid",
        "aggregated_at",
    ]


def test_list_of_an_empty_store(run: CommandRunner, data_dir: Path) -> None:
    with open_application(data_dir, started=False):
        pass
    assert successful_lines(run("list")) == []
    assert successful_lines(run("list", "--json")) == ["[]"]


def test_show(aggregated: CommandRunner, service: SampleService) -> None:
    lines = successful_lines(aggregated("show", "snap-002"))
    assert lines[0] == f"Barnevernstjenesten Testkommune ({service.organization_id})"
    assert lines[1].split() == ["2024", "2023"]
    assert lines[2] == "Meldinger"
    assert lines[3].split()[:1] + lines[3].split()[-2:] == ["1", "3", "0"]
    assert len(lines) == 2 + 9 + 34


def test_show_as_json_is_the_document(aggregated: CommandRunner, data_dir: Path) -> None:
    actual = "\n".join(successful_lines(aggregated("show", "snap-002", "--json")))
    with open_application(data_dir, started=False) as application:
        assert actual == application.snapshots.get("snap-002").body.decode()


def test_show_of_unknown_snapshot_fails(aggregated: CommandRunner) -> None:
    assert failure_message(aggregated("show", "snap-999")) == "Error: There is no such snapshot.\n"


def test_unusable_store_is_reported_in_one_line(aggregated: CommandRunner, data_dir: Path) -> None:
    (data_dir / "key").unlink()
    assert failure_message(aggregated("list")).startswith("Error: The key of the store is missing")


# Settings.


def test_data_dir_flag_overrides_environment_and_file(
    run: CommandRunner, sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bufdir-preview.toml").write_text(f'data_dir = "{tmp_path / "file"}"\n')
    successful_lines(
        run(
            "import",
            sent / "a.xml",
            "--data-dir",
            tmp_path / "flag",
            BUFDIR_PREVIEW_DATA_DIR=str(tmp_path / "environment"),
        )
    )
    successful_lines(run("import", sent / "a.xml", BUFDIR_PREVIEW_DATA_DIR=str(tmp_path / "environment")))
    monkeypatch.delenv("BUFDIR_PREVIEW_DATA_DIR")
    successful_lines(run("import", sent / "a.xml"))
    assert [(tmp_path / name / "store.sqlite").exists() for name in ("flag", "environment", "file")] == [
        True,
        True,
        True,
    ]


def test_other_settings_reach_the_store(run: CommandRunner, sent: Path) -> None:
    assert (
        failure_message(run("import", sent, "--max-delivery-bytes", "10"))
        == "Error: The delivery is larger than 10 bytes.\n"
    )


# demo-data


def test_demo_data_can_be_imported(run: CommandRunner, tmp_path: Path) -> None:
    result = run("demo-data", tmp_path / "demo")
    (line,) = successful_lines(result)
    written = sorted(path.name for path in (tmp_path / "demo").iterdir())
    assert line == f"{len(written)} deliveries in {tmp_path / 'demo'}"
    assert "demo data" in result.stderr
    assert {Path(name).suffix for name in written} >= {".csv", ".zip"}
    lines = successful_lines(run("import", *(tmp_path / "demo" / name for name in written[:2])))
    assert lines[0].startswith("dlv-001 taken: 2 files (0 refused)")


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("show", "snap-001"),
        ("aggregate", "--organization", "org-1", "--period", "2024"),
        ("forget", "--organization", "org-1"),
        ("check-store",),
        ("backup", "copy"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_mistyped_data_folder_is_reported_and_not_made(
    run: CommandRunner, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    missing = tmp_path / "mistyped"
    assert f"There is no store in {missing}" in failure_message(run(*arguments, "--data-dir", missing))
    assert not missing.exists()


def test_version_is_printed(run: CommandRunner) -> None:
    assert successful_lines(run("--version"))[0].split()[-1] == version("bufdir-preview")
