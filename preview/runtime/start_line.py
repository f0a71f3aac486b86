"""The lines of a start: the address, and what an operator is asked for first when something is wrong."""

import logging
from importlib.metadata import version
from pathlib import Path

from preview.core.file_system import file_system_kind
from preview.core.hosts import format_authority
from preview.core.setting_declarations import SETTINGS, Setting
from preview.core.settings import Settings
from preview.runtime.sockets import ListenSocket
from preview.storage.sqlite import sqlite_version

# The name under which the program logs its start and its end.
log = logging.getLogger("app")


def announce(settings: Settings, listen_socket: ListenSocket) -> None:
    """Log the start, and print the address."""
    address = format_authority(settings.address, listen_socket.port)
    log.info("%s", start_line(settings))
    print(f"Bufdir Preview: http://{address}{settings.prefix}/", flush=True)  # noqa: T201


def start_line(settings: Settings) -> str:
    """Return version, SQLite's version, kind of the data folder, number of processes and changed settings.

    Folders are named without their paths, and secrets (`Meta.extra`) without their values.
    """
    changed = [_described(setting, settings) for setting in SETTINGS if _value(setting, settings) != setting.default]
    return (
        f"started: version {version('bufdir-preview')}, SQLite {sqlite_version()}, "
        f"data folder {file_system_kind(settings.data_dir)}, "
        f"{settings.processes} {'process' if settings.processes == 1 else 'processes'}, "
        f"settings: {', '.join(changed) or 'all default'}"
    )


def _value(setting: Setting, settings: Settings) -> object:
    return getattr(settings, setting.name)


def _described(setting: Setting, settings: Settings) -> str:
    value = _value(setting, settings)
    is_secret = bool((setting.meta.extra or {}).get("secret"))
    return setting.name if isinstance(value, Path) or is_secret else f"{setting.name} = {setting.to_toml(value)}"
