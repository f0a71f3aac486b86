"""The declaration of each setting: its names in every source, and how its values are read and written.

Built from `preview/core/settings.py`.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Meta

from preview.core.errors import ConfigurationError, PreviewError
from preview.core.periods import Period
from preview.core.settings import ENVIRONMENT_PREFIX, FORMER_NAMES, Settings


@dataclass(frozen=True)
class Setting:
    """The declaration of a setting. `meta` holds title, description, limits and, in `extra`, a parser if it has one."""

    name: str
    type: Any
    meta: Meta
    default: Any

    @property
    def option(self) -> str:
        """Its flag, such as `--max-streams`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def environment_variable(self) -> str:
        """Its environment variable, such as `BUFDIR_PREVIEW_MAX_STREAMS`."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def former_name(self) -> str | None:
        """Its earlier name, which is still accepted; None without one."""
        return FORMER_NAMES.get(self.name)

    @property
    def options(self) -> tuple[str, ...]:
        """Its flag, and that of its earlier name."""
        return tuple(f"--{name.replace('_', '-')}" for name in (self.name, self.former_name) if name)

    @property
    def environment_variables(self) -> tuple[str, ...]:
        """Its environment variable, and that of its earlier name; the first that is set has precedence."""
        return tuple(ENVIRONMENT_PREFIX + name.upper() for name in (self.name, self.former_name) if name)

    @property
    def is_flag(self) -> bool:
        """Whether it is given as `--demo` or `--no-demo`."""
        return isinstance(self.default, bool)

    @property
    def is_list(self) -> bool:
        """Whether it is a list, written `a,b` on the command line and in the environment."""
        return isinstance(self.default, tuple)

    def parse(self, raw: Any, source: str) -> Any:
        """Return the value of the setting.

        Args:
            raw: Its text, or a value of a TOML file.
            source: Where the value was given, for the error message.

        Raises:
            ConfigurationError: If the value is invalid; the message names the setting, what it must be and the source.
        """
        is_list_text = self.is_list and isinstance(raw, str)
        value = [part.strip() for part in raw.split(",") if part.strip()] if is_list_text else raw
        parse = (self.meta.extra or {}).get("parse")
        try:
            return parse(value) if parse else msgspec.convert(value, self.type, strict=False, dec_hook=_decode_path)
        except (msgspec.ValidationError, PreviewError):
            raise ConfigurationError(f"{self.name} must be {self.meta.title}, not {raw!r} (from {source}).") from None

    def to_toml(self, value: Any) -> str:
        """Return a value of the setting in TOML syntax."""
        if self.is_list:
            return json.dumps([str(item) for item in value], ensure_ascii=False)
        return json.dumps(str(value) if isinstance(value, Path | Period | date) else value, ensure_ascii=False)


def _decode_path(kind: type, raw: Any) -> Path:
    if kind is Path and isinstance(raw, str):
        return Path(raw)
    raise msgspec.ValidationError("not a path")


SETTINGS = tuple(
    Setting(field.name, field.type, field.type.__metadata__[0], field.default)
    for field in msgspec.structs.fields(Settings)
)
"""The declarations of all settings, in the order of `Settings`."""
