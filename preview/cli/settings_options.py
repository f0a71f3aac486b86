"""Adds the settings to commands as options. A flag has precedence over the environment, that over the TOML file."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from click.types import BoolParamType

from preview.core.setting_declarations import SETTINGS, Setting
from preview.core.setting_sources import dump_toml, read_config_file, reject_unknown_variables
from preview.core.settings import CONFIG_FILE, CONFIG_VARIABLE, Settings


class _RawBool(BoolParamType):
    """Type of a flag that leaves values of environment and file to `Setting.parse`, for equal error messages."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value


def _load_config(context: click.Context, _: click.Parameter, given: str | None) -> str | None:
    path = given or (CONFIG_FILE if Path(CONFIG_FILE).is_file() else None)
    context.default_map = read_config_file(Path(path)) if path else {}
    return path


def settings_options(*visible: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator, to be placed below `@click.command()`, that passes `settings: Settings` to the command.

    It also adds `--config` and `--print-settings`, which prints each value with its source and exits. The command
    raises `ConfigurationError` for a wrong value.

    Args:
        visible: Names of the settings that `--help` shows. The others are accepted too.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.pass_context
        @functools.wraps(command)
        def run(context: click.Context, /, *, config: str | None, print_settings: bool, **given: Any) -> Any:
            reject_unknown_variables(os.environ)
            sources = {setting.name: _source(context, setting, config) for setting in SETTINGS}
            raw = {setting: given.pop(setting.name) for setting in SETTINGS}
            explicit_values = {
                setting.name: setting.parse(value, sources[setting.name])
                for setting, value in raw.items()
                if sources[setting.name] != "default"
            }
            settings = Settings(**explicit_values)
            if print_settings:
                click.echo(dump_toml(settings, sources))
                return None
            return command(settings=settings, **given)

        run = click.option("--print-settings", is_flag=True, help="Print every setting with its source, and exit.")(run)
        for setting in reversed(SETTINGS):
            run = _option(setting, setting.name not in visible)(run)
        help_text = f"TOML file with settings; default is {CONFIG_FILE}, if it exists."
        return click.option(
            "--config", envvar=CONFIG_VARIABLE, metavar="PATH", is_eager=True, callback=_load_config, help=help_text
        )(run)

    return decorate


def _source(context: click.Context, setting: Setting, config: str | None) -> str:
    match context.get_parameter_source(setting.name):
        case ParameterSource.COMMANDLINE:
            return setting.option
        case ParameterSource.ENVIRONMENT:
            return next(name for name in setting.environment_variables if os.environ.get(name))
        case ParameterSource.DEFAULT_MAP:
            return config or CONFIG_FILE
        case _:
            return "default"


def _option(setting: Setting, hidden: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    names = (f"{setting.option}/--no-{setting.option[2:]}",) if setting.is_flag else setting.options
    default = "none" if setting.default in (None, (), "") else setting.to_toml(setting.default).strip('"')
    return click.option(
        *names,
        setting.name,
        type=_RawBool() if setting.is_flag else click.UNPROCESSED,
        default=None,
        metavar=None if setting.is_flag else "A,B" if setting.is_list else "VALUE",
        envvar=list(setting.environment_variables),
        hidden=hidden,
        help=f"{setting.meta.description} [{default}]",
    )


all_settings_options = settings_options(*(setting.name for setting in SETTINGS))
