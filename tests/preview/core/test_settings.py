"""Settings: flag, environment and file in this order, and errors that name the wrong value and its source."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from preview.cli.settings_options import all_settings_options, settings_options
from preview.core.errors import ConfigurationError
from preview.core.periods import Period
from preview.core.setting_declarations import SETTINGS
from preview.core.settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command with every setting in an empty folder; the result holds the `Settings`."""
    monkeypatch.chdir(tmp_path)

    @click.command()
    @all_settings_options
    def serve(settings: Settings) -> Settings:
        return settings

    def call(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(serve, arguments, env=environment, standalone_mode=False)

    return call


def error_detail(result: Result) -> str:
    assert isinstance(result.exception, ConfigurationError), result
    return result.exception.detail


def test_defaults_apply_if_nothing_is_configured(run: Run) -> None:
    assert run().return_value == Settings()


def test_flag_beats_environment_beats_file(run: Run) -> None:
    Path("bufdir-preview.toml").write_text("port = 1\nmax_streams = 1\nmax_file_bytes = 1\n")
    settings = run("--port", "3", BUFDIR_PREVIEW_PORT="2", BUFDIR_PREVIEW_MAX_STREAMS="2").return_value
    assert (settings.port, settings.max_streams, settings.max_file_bytes) == (3, 2, 1)


def test_config_file_can_be_named_by_flag_or_environment(run: Run) -> None:
    Path("bufdir-preview.toml").write_text("port = 1\n")
    Path("other.toml").write_text("port = 2\n")
    assert run("--config", "other.toml").return_value.port == 2
    assert run(BUFDIR_PREVIEW_CONFIG="other.toml").return_value.port == 2


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("data_dir", "/srv/bufdir", Path("/srv/bufdir")),
        ("address", "0.0.0.0", "0.0.0.0"),  # noqa: S104
        ("port", "0", 0),
        ("prefix", "/bufdir/preview", "/bufdir/preview"),
        ("log_level", "debug", "debug"),
        ("auto_quiet_seconds", "0.25", 0.25),
        ("auto_latest_seconds", "0", 0.0),
        ("open_periods", "2024, 2023-H2", (Period(2024), Period(2023, 2))),
        ("actor_header", "X-Remote-User", "X-Remote-User"),
        ("cors_origins", "https://a.example,http://b.example:81", ("https://a.example", "http://b.example:81")),
        ("hosts", "a.example,b.example:443,[fd00::1]", ("a.example", "b.example:443", "[fd00::1]")),
        ("max_delivery_bytes", "1", 1),
        ("max_file_bytes", "1", 1),
        ("reader_memory_bytes", "1", 1),
        ("max_streams", "1", 1),
        ("heartbeat_seconds", "15", 15.0),
    ],
)
def test_value_is_equal_from_flag_environment_and_file(run: Run, name: str, text: str, value: object) -> None:
    assert getattr(run(f"--{name.replace('_', '-')}", text).return_value, name) == value
    assert getattr(run(**{f"BUFDIR_PREVIEW_{name.upper()}": text}).return_value, name) == value
    Path("bufdir-preview.toml").write_text(f'{name} = "{text}"\n')
    assert getattr(run().return_value, name) == value


def test_former_name_of_setting_is_accepted_in_every_source(run: Run) -> None:
    assert run("--websocket-origins", "a.example").return_value.hosts == ("a.example",)
    former = {"BUFDIR_PREVIEW_WEBSOCKET_ORIGINS": "b.example"}
    assert run(**former).return_value.hosts == ("b.example",)
    assert run(**former, BUFDIR_PREVIEW_HOSTS="c.example").return_value.hosts == ("c.example",)
    wrong = error_detail(run(BUFDIR_PREVIEW_WEBSOCKET_ORIGINS="https://a.example"))
    assert wrong.endswith("(from BUFDIR_PREVIEW_WEBSOCKET_ORIGINS).")
    Path("bufdir-preview.toml").write_text('websocket_origins = ["d.example"]\n')
    assert run().return_value.hosts == ("d.example",)
    Path("bufdir-preview.toml").write_text('websocket_origins = ["d.example"]\nhosts = ["e.example"]\n')
    assert run().return_value.hosts == ("e.example",)


@pytest.mark.parametrize("name", ["demo", "auto_aggregate", "suppress_small_counts", "use_xheaders"])
def test_boolean_can_be_set_both_ways_in_every_source(run: Run, name: str) -> None:
    flag = name.replace("_", "-")
    for expected, negation in ((True, ""), (False, "no-")):
        assert getattr(run(f"--{negation}{flag}").return_value, name) is expected
        assert getattr(run(**{f"BUFDIR_PREVIEW_{name.upper()}": str(expected).lower()}).return_value, name) is expected
        Path("bufdir-preview.toml").write_text(f"{name} = {str(expected).lower()}\n")
        assert getattr(run().return_value, name) is expected
        Path("bufdir-preview.toml").unlink()


def test_config_file_accepts_lists(run: Run) -> None:
    Path("bufdir-preview.toml").write_text('open_periods = ["2024"]\ncors_origins = ["*"]\n')
    settings = run().return_value
    assert (settings.open_periods, settings.cors_origins) == ((Period(2024),), ("*",))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "65536"),
        ("port", "-1"),
        ("port", "http"),
        ("log_level", "loud"),
        ("demo", "perhaps"),
        ("prefix", "bufdir"),
        ("prefix", "/bufdir/"),
        ("auto_quiet_seconds", "-0.1"),
        ("heartbeat_seconds", "15.1"),
        ("heartbeat_seconds", "0"),
        ("max_streams", "0"),
        ("open_periods", "2024-H3"),
        ("open_periods", "0000"),
        ("actor_header", "X Remote"),
        ("cors_origins", "a.example"),
        ("hosts", "https://a.example"),
        ("hosts", "fd00::1"),
    ],
)
def test_invalid_value_is_reported_with_its_source(run: Run, name: str, text: str) -> None:
    variable = f"BUFDIR_PREVIEW_{name.upper()}"
    detail = error_detail(run(**{variable: text}))
    assert detail.startswith(f"{name} must be ")
    assert detail.endswith(f"(from {variable}).")
    Path("bufdir-preview.toml").write_text(f'{name} = "{text}"\n')
    assert error_detail(run()).endswith("(from bufdir-preview.toml).")


def test_invalid_flag_is_reported_by_name(run: Run) -> None:
    assert error_detail(run("--port", "http")) == "port must be 0 to 65535, not 'http' (from --port)."


def test_list_in_config_file_is_rejected_for_number(run: Run) -> None:
    Path("bufdir-preview.toml").write_text("port = [1]\nopen_periods = 2024\n")
    assert error_detail(run()).startswith("port must be ")
    assert error_detail(run("--port", "1")).startswith("open_periods must be ")


@pytest.mark.parametrize(
    ("content", "words"),
    [("prot = 1\n", "has keys that are not settings: prot"), ("port = \n", "is not TOML")],
)
def test_config_file_with_mistake_is_rejected(run: Run, content: str, words: str) -> None:
    Path("bufdir-preview.toml").write_text(content)
    assert words in error_detail(run())


def test_named_config_file_must_exist(run: Run) -> None:
    assert "cannot be read" in error_detail(run("--config", "missing.toml"))


def test_unknown_environment_variable_is_rejected(run: Run) -> None:
    assert error_detail(run(BUFDIR_PREVIEW_SUPRESS_SMALL_COUNTS="1")).startswith(
        "The environment variable BUFDIR_PREVIEW_SUPRESS_SMALL_COUNTS"
    )


def test_printed_settings_show_source_and_can_be_read_back(run: Run) -> None:
    Path("bufdir-preview.toml").write_text('data_dir = "base"\n')
    given = ("--open-periods", "2024,2023-H1", "--demo")
    printed = run(*given, "--print-settings", BUFDIR_PREVIEW_MAX_STREAMS="7").output
    assert 'data_dir = "base"  # bufdir-preview.toml\n' in printed
    assert "max_streams = 7  # BUFDIR_PREVIEW_MAX_STREAMS\n" in printed
    assert 'open_periods = ["2024", "2023-H1"]  # --open-periods\n' in printed
    assert "demo = true  # --demo\n" in printed
    assert "# actor_header  # default\n" in printed
    assert len(printed.splitlines()) == len(SETTINGS)
    Path("printed.toml").write_text(printed)
    assert run("--config", "printed.toml").return_value == run(*given, BUFDIR_PREVIEW_MAX_STREAMS="7").return_value


def test_command_lists_its_settings_and_accepts_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    @click.command()
    @click.argument("path")
    @settings_options("data_dir")
    def command(settings: Settings, path: str) -> tuple[str, Path, int]:
        return path, settings.data_dir, settings.max_file_bytes

    result = CliRunner().invoke(command, ["a.zip", "--data-dir", "d", "--max-file-bytes", "5"], standalone_mode=False)
    assert result.return_value == ("a.zip", Path("d"), 5)
    help_text = CliRunner().invoke(command, ["--help"]).output
    assert "--data-dir" in help_text
    assert "--max-file-bytes" not in help_text


def test_every_setting_has_title_and_description() -> None:
    assert {setting.name for setting in SETTINGS} == {field.name for field in msgspec.structs.fields(Settings)}
    for setting in SETTINGS:
        assert setting.meta.title, setting.name
        assert setting.meta.description, setting.name


def test_open_periods_default_to_this_and_last_year() -> None:
    day = date(2026, 1, 1)
    assert Settings().open_periods_on(day) == (Period(2026), Period(2025))
    assert Settings(open_periods=(Period(2024, 1),)).open_periods_on(day) == (Period(2024, 1),)
