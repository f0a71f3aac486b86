"""Every setting, declared once: type, limits, default and what it is for.

A setting is given by flag (`--max-streams 10`), by environment (`BUFDIR_PREVIEW_MAX_STREAMS=10`) or in a TOML file
(`max_streams = 10`), and the first of these that names it holds. A list is written `a,b` on the command line and in the environment.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from preview.core.errors import ConfigurationError, PreviewError
from preview.core.periods import Period

ENVIRONMENT_PREFIX = "BUFDIR_PREVIEW_"
CONFIG_FILE = "bufdir-preview.toml"
CONFIG_VARIABLE = f"{ENVIRONMENT_PREFIX}CONFIG"
_ORIGIN_PATTERN = r"^(\*|https?://[^/\s,]+)$"
_HOST_PATTERN = r"^(\*|[^/:\s,]+(:([0-9]+|\*))?)$"


def _parse_periods(raw: Any) -> tuple[Period, ...]:
    return tuple(Period.parse(period_id) for period_id in msgspec.convert(raw, list[str]))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What one process runs with. `title` tells what a value must be, `description` what it does."""

    data_dir: Annotated[Path, Meta(title="a folder", description="Where the store, its key and the spool lie; made where missing.")] = Path(
        "data"
    )
    address: Annotated[str, Meta(title="an address", min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(title="0 to 65535", ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 5006
    prefix: Annotated[
        str,
        Meta(title="a path such as /bufdir", pattern=r"^(/[A-Za-z0-9._~-]+)*$", description="Path before every address, behind a proxy."),
    ] = ""
    processes: Annotated[
        int,
        Meta(
            title="1 to 64", ge=1, le=64, description="Processes that serve side by side on the port; a supervisor replaces one that dies."
        ),
    ] = 1
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(title="debug, info, warning or error", description="The least severe log lines that are written."),
    ] = "info"
    demo: Annotated[bool, Meta(title="true or false", description="Fill an empty store with synthetic deliveries at start.")] = False
    demo_live: Annotated[
        bool,
        Meta(
            title="true or false", description="Let the cases of the demo's services change, all but org-1042's, as if they were at work."
        ),
    ] = False
    inbox_dir: Annotated[
        Path | None, Meta(title="a folder", description="Folder that is watched: what is put into it is taken as a delivery.")
    ] = None
    inbox_taken: Annotated[
        Literal["delete", "move"],
        Meta(
            title="delete or move",
            description="What becomes of files of the watched folder that were taken: `move` puts them into `taken/` in it.",
        ),
    ] = "delete"
    inbox_settle_seconds: Annotated[
        float, Meta(title="seconds, 0 or more", ge=0, description="A file in it that has not changed for so long is complete.")
    ] = 2.0
    auto_aggregate: Annotated[
        bool, Meta(title="true or false", description="Aggregate by itself when the source of a snapshot has changed.")
    ] = True
    auto_quiet_seconds: Annotated[
        float, Meta(title="seconds, 0 or more", ge=0, description="It waits until so long has passed without a further delivery.")
    ] = 1.0
    auto_latest_seconds: Annotated[float, Meta(title="seconds, 0 or more", ge=0, description="It waits no longer than this.")] = 10.0
    open_periods: Annotated[
        tuple[Period, ...],
        Meta(
            title="periods such as 2024,2024-H1",
            description="Periods whose first snapshot is made by itself; none named: this year and the last.",
            extra={"parse": _parse_periods},
        ),
    ] = ()
    events_kept_days: Annotated[
        int, Meta(title="days, 0 or more", ge=0, description="Events can be resumed from for so long; 0 for good.")
    ] = 0
    audit_kept_days: Annotated[int, Meta(title="days, 0 or more", ge=0, description="The audit trail is kept for so long; 0 for good.")] = 0
    historical_kept_days: Annotated[
        int,
        Meta(
            title="days, 0 or more",
            ge=0,
            description="Historical snapshots are kept for so long after their aggregation, priors of what is shown for longer; 0 for good.",
        ),
    ] = 0
    suppress_small_counts: Annotated[
        bool,
        Meta(title="true or false", description="Hide counts of persons from 1 to 3 in all that leaves the store (public deployments)."),
    ] = False
    actor_header: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]+$")] | None,
        Meta(title="the name of a header", description="Header in which a trusted proxy names who makes a change."),
    ] = None
    cors_origins: Annotated[
        tuple[Annotated[str, Meta(pattern=_ORIGIN_PATTERN)], ...],
        Meta(title="origins such as https://intern.example", description="Origins whose pages may call the API; `*` for any."),
    ] = ()
    websocket_origins: Annotated[
        tuple[Annotated[str, Meta(pattern=_HOST_PATTERN)], ...],
        Meta(title="hosts such as bufdir.example:443", description="Further hosts under which the dashboard is reached."),
    ] = ()
    websocket_timeout_seconds: Annotated[
        float, Meta(title="seconds, over 0", gt=0, description="A page that does not answer for so long is taken to be gone.")
    ] = 30.0
    token_seconds: Annotated[
        int,
        Meta(
            title="seconds, 1 or more", ge=1, description="So long after it was made may a page open its connection; then it is made anew."
        ),
    ] = 300
    use_xheaders: Annotated[
        bool, Meta(title="true or false", description="Believe a trusted proxy's X-Forwarded-For and X-Forwarded-Proto.")
    ] = False
    max_delivery_bytes: Annotated[int, Meta(title="bytes, 1 or more", ge=1, description="The largest delivery that is taken.")] = (
        2 * 1024**3
    )
    max_file_bytes: Annotated[int, Meta(title="bytes, 1 or more", ge=1, description="The largest single file in a delivery.")] = (
        16 * 1024**2
    )
    reader_memory_bytes: Annotated[
        int, Meta(title="bytes, 1 or more", ge=1, description="Memory that a process reading a delivery may take before it is ended.")
    ] = 1024**3
    max_uploads: Annotated[
        int, Meta(title="a number, 1 or more", ge=1, description="Deliveries received at once by one process; further ones wait (429).")
    ] = 200
    max_streams: Annotated[int, Meta(title="a number, 1 or more", ge=1, description="Event streams served at once by one process.")] = 4000
    heartbeat_seconds: Annotated[
        float,
        Meta(
            title="seconds, over 0 and at most 15",
            gt=0,
            le=15,
            description="A silent event stream gets a comment this often, and a page asks whether its line holds.",
        ),
    ] = 10.0

    @property
    def effective_inbox_dir(self) -> Path | None:
        """The folder that is watched; the demo's case system needs one, wherever."""
        return self.inbox_dir or (self.data_dir / "inbox" if self.demo_live else None)

    def open_periods_on(self, day: date) -> tuple[Period, ...]:
        """The periods that are open on that day in Norway (contract S6)."""
        return self.open_periods or (Period(day.year), Period(day.year - 1))


@dataclass(frozen=True)
class Setting:
    """One entry of the declaration. `meta` holds its `title`, `description` and, in `extra`, a parser of its own."""

    name: str
    type: Any
    meta: Meta
    default: Any

    @property
    def option(self) -> str:
        """`--max-streams`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def environment_variable(self) -> str:
        """`BUFDIR_PREVIEW_MAX_STREAMS`."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def is_flag(self) -> bool:
        """Given as `--demo` or `--no-demo`."""
        return isinstance(self.default, bool)

    @property
    def is_list(self) -> bool:
        """Written `a,b` where there are no lists."""
        return isinstance(self.default, tuple)

    def parse(self, raw: Any, source: str) -> Any:
        """Its value from a text or from what TOML gives. Raises `SettingError` naming it, what it must be and `source`."""
        value = [part.strip() for part in raw.split(",") if part.strip()] if self.is_list and isinstance(raw, str) else raw
        parse = (self.meta.extra or {}).get("parse")
        try:
            return parse(value) if parse else msgspec.convert(value, self.type, strict=False, dec_hook=_decode_path)
        except (msgspec.ValidationError, PreviewError):
            raise ConfigurationError(f"{self.name} must be {self.meta.title}, not {raw!r} (from {source}).") from None

    def to_toml(self, value: Any) -> str:
        """The value as TOML writes it."""
        return json.dumps(
            [str(item) for item in value] if self.is_list else str(value) if isinstance(value, Path) else value, ensure_ascii=False
        )


def _decode_path(kind: type, raw: Any) -> Path:
    if kind is Path and isinstance(raw, str):
        return Path(raw)
    raise msgspec.ValidationError("not a path")


SETTINGS = tuple(Setting(field.name, field.type, field.type.__metadata__[0], field.default) for field in msgspec.structs.fields(Settings))


def dump_toml(settings: Settings, sources: Mapping[str, str]) -> str:
    """Every setting with its value and where it came from, a line each, as a TOML file that gives the same."""
    lines: list[str] = []
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        line = f"# {setting.name}" if value is None else f"{setting.name} = {setting.to_toml(value)}"
        lines.append(f"{line}  # {sources[setting.name]}")
    return "\n".join(lines)


def reject_unknown_variables(environment: Mapping[str, str]) -> None:
    """Raises `SettingError` for a `BUFDIR_PREVIEW_*` variable that names no setting: a slip must not leave a safeguard off unseen."""
    known = {setting.environment_variable for setting in SETTINGS} | {CONFIG_VARIABLE}
    for variable in sorted(environment):
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in known:
            raise ConfigurationError(f"The environment variable {variable} names no setting.")


def read_config_file(path: Path) -> dict[str, Any]:
    """What a TOML file says, by setting. Raises `SettingError` where it cannot be read, is not TOML, or names no setting."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}.") from None
    if unknown := sorted(values.keys() - {setting.name for setting in SETTINGS}):
        raise ConfigurationError(f"{path} names what is no setting: {', '.join(unknown)}.")
    return values
