"""Reads settings from their sources, and writes them as a TOML file; `preview/core/settings.py` declares them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from preview.core.errors import ConfigurationError
from preview.core.setting_declarations import SETTINGS
from preview.core.settings import CONFIG_VARIABLE, ENVIRONMENT_PREFIX, FORMER_NAMES, Settings


def dump_toml(settings: Settings, sources: Mapping[str, str]) -> str:
    """Return the settings as a TOML file that can be read back, one line per setting.

    Args:
        settings: The settings to write.
        sources: Where each setting was given, by name; written as a comment.
    """
    lines: list[str] = []
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        line = f"# {setting.name}" if value is None else f"{setting.name} = {setting.to_toml(value)}"
        lines.append(f"{line}  # {sources[setting.name]}")
    return "\n".join(lines)


def reject_unknown_variables(environment: Mapping[str, str]) -> None:
    """Raise an error for a `BUFDIR_PREVIEW_*` variable that is no setting: a misspelled safeguard must not stay off.

    Raises:
        ConfigurationError: If there is such a variable.
    """
    known = {variable for setting in SETTINGS for variable in setting.environment_variables} | {CONFIG_VARIABLE}
    for variable in sorted(environment):
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in known:
            raise ConfigurationError(f"The environment variable {variable} is not a setting. Check its spelling.")


def read_config_file(path: Path) -> dict[str, Any]:
    """Return the raw values of a TOML file, by the present name of the setting.

    Raises:
        ConfigurationError: If the file cannot be read, is not TOML, or has a key that is no setting.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}.") from None
    for name, former_name in FORMER_NAMES.items():
        if former_name in values:
            value = values.pop(former_name)
            values.setdefault(name, value)
    if unknown := sorted(values.keys() - {setting.name for setting in SETTINGS}):
        raise ConfigurationError(f"{path} has keys that are not settings: {', '.join(unknown)}.")
    return values
