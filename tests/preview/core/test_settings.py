"""Settings: one declaration, three places to give them, in one order, and an error that says which value from where is wrong."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from preview.cli.settings_options import settings_options, settings_options_of
from preview.core.errors import SettingError
from preview.core.periods import Period
from preview.core.settings import SETTINGS, Settings

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command that has every setting, in an empty folder; its result's `return_value` is the `Settings`."""
    monkeypatch.chdir(tmp_path)

    @click.command()
    @settings_options
    def serve(settings: Settings) -> Settings:
        return settings

    def call(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(serve, arguments, env=environment, standalone_mode=False)

    return call


def refusal(result: Result) -> str:
    assert isinstance(result.exception, SettingError), result
    return result.exception.detail


def test_without_a_word_the_defaults_hold(run: Run) -> None:
    assert run().return_value == Settings()


def test_flag_beats_environment_beats_file(run: Run) -> None:
    Path("bufdir-preview.toml").write_text("port = 1\nmax_streams = 1\nmax_file_bytes = 1\n")
    settings = run("--port", "3", BUFDIR_PREVIEW_PORT="2", BUFDIR_PREVIEW_MAX_STREAMS="2").return_value
    assert (settings.port, settings.max_streams, settings.max_file_bytes) == (3, 2, 1)


def test_another_file_by_flag_or_environment(run: Run) -> None:
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
        ("websocket_origins", "a.example,b.example:443", ("a.example", "b.example:443")),
        ("max_delivery_bytes", "1", 1),
        ("max_file_bytes", "1", 1),
        ("reader_memory_bytes", "1", 1),
        ("max_streams", "1", 1),
        ("heartbeat_seconds", "15", 15.0),
    ],
)
def test_every_value_reads_the_same_from_flag_environment_and_file(run: Run, name: str, text: str, value: object) -> None:
    assert getattr(run(f"--{name.replace('_', '-')}", text).return_value, name) == value
    assert getattr(run(**{f"BUFDIR_PREVIEW_{name.upper()}": text}).return_value, name) == value
    Path("bufdir-preview.toml").write_text(f'{name} = "{text}"\n')
    assert getattr(run().return_value, name) == value


@pytest.mark.parametrize("name", ["demo", "auto_aggregate", "suppress_small_counts", "use_xheaders"])
def test_a_switch_can_be_turned_both_ways_everywhere(run: Run, name: str) -> None:
    flag = name.replace("_", "-")
    for wanted, off in ((True, ""), (False, "no-")):
        assert getattr(run(f"--{off}{flag}").return_value, name) is wanted
        assert getattr(run(**{f"BUFDIR_PREVIEW_{name.upper()}": str(wanted).lower()}).return_value, name) is wanted
        Path("bufdir-preview.toml").write_text(f"{name} = {str(wanted).lower()}\n")
        assert getattr(run().return_value, name) is wanted
        Path("bufdir-preview.toml").unlink()


def test_a_file_may_hold_lists(run: Run) -> None:
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
        ("websocket_origins", "https://a.example"),
    ],
)
def test_a_wrong_value_is_named_with_its_source(run: Run, name: str, text: str) -> None:
    variable = f"BUFDIR_PREVIEW_{name.upper()}"
    detail = refusal(run(**{variable: text}))
    assert detail.startswith(f"{name} must be ")
    assert detail.endswith(f"(from {variable}).")
    Path("bufdir-preview.toml").write_text(f'{name} = "{text}"\n')
    assert refusal(run()).endswith("(from bufdir-preview.toml).")


def test_a_wrong_flag_is_named(run: Run) -> None:
    assert refusal(run("--port", "http")) == "port must be 0 to 65535, not 'http' (from --port)."


def test_a_list_in_a_file_is_no_number(run: Run) -> None:
    Path("bufdir-preview.toml").write_text("port = [1]\nopen_periods = 2024\n")
    assert refusal(run()).startswith("port must be ")
    assert refusal(run("--port", "1")).startswith("open_periods must be ")


@pytest.mark.parametrize(
    ("content", "words"),
    [("prot = 1\n", "names what is no setting: prot"), ("port = \n", "is not TOML")],
)
def test_a_file_with_a_slip_is_refused(run: Run, content: str, words: str) -> None:
    Path("bufdir-preview.toml").write_text(content)
    assert words in refusal(run())


def test_a_file_that_is_named_must_be_there(run: Run) -> None:
    assert "cannot be read" in refusal(run("--config", "missing.toml"))


def test_a_variable_that_names_no_setting_is_refused(run: Run) -> None:
    assert refusal(run(BUFDIR_PREVIEW_SUPRESS_SMALL_COUNTS="1")).startswith("The environment variable BUFDIR_PREVIEW_SUPRESS_SMALL_COUNTS")


def test_print_settings_tells_value_and_source_and_is_a_file_that_gives_the_same(run: Run) -> None:
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


def test_a_command_shows_its_own_settings_and_takes_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    @click.command()
    @click.argument("path")
    @settings_options_of("data_dir")
    def take(settings: Settings, path: str) -> tuple[str, Path, int]:
        return path, settings.data_dir, settings.max_file_bytes

    result = CliRunner().invoke(take, ["a.zip", "--data-dir", "d", "--max-file-bytes", "5"], standalone_mode=False)
    assert result.return_value == ("a.zip", Path("d"), 5)
    shown = CliRunner().invoke(take, ["--help"]).output
    assert "--data-dir" in shown
    assert "--max-file-bytes" not in shown


def test_every_setting_says_what_it_is_and_what_it_must_be() -> None:
    assert {setting.name for setting in SETTINGS} == {field.name for field in msgspec.structs.fields(Settings)}
    for setting in SETTINGS:
        assert setting.meta.title, setting.name
        assert setting.meta.description, setting.name


def test_open_periods_are_this_year_and_the_last_unless_named() -> None:
    day = date(2026, 1, 1)
    assert Settings().open_on(day) == (Period(2026), Period(2025))
    assert Settings(open_periods=(Period(2024, 1),)).open_on(day) == (Period(2024, 1),)
