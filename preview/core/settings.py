"""Declares every setting once: type, limits, default and description.

A setting can be given as a flag (`--max-streams 10`), in the environment (`BUFDIR_PREVIEW_MAX_STREAMS=10`) or in a
TOML file (`max_streams = 10`), in this order of precedence. On the command line and in the environment a list is
written `a,b`.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from preview.core.periods import Period

ENVIRONMENT_PREFIX = "BUFDIR_PREVIEW_"
CONFIG_FILE = "bufdir-preview.toml"
CONFIG_VARIABLE = f"{ENVIRONMENT_PREFIX}CONFIG"
_ORIGIN_PATTERN = r"^(\*|https?://[^/\s,]+)$"
_HOST_PATTERN = r"^(\*|(\[[0-9A-Fa-f:.]+\]|[^/:\s,\[\]]+)(:([0-9]+|\*))?)$"

FORMER_NAMES = {"hosts": "websocket_origins"}
"""The earlier name of a setting by its present one. It is still accepted in every source."""


def _parse_periods(raw: Any) -> tuple[Period, ...]:
    return tuple(Period.parse(period_id) for period_id in msgspec.convert(raw, list[str]))


def _parse_period(raw: Any) -> Period:
    return Period.parse(msgspec.convert(raw, str))


def _parse_day(raw: Any) -> date:
    return msgspec.convert(raw, date)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a process. The `title` of a field says what its value must be, `description` what it does."""

    data_dir: Annotated[
        Path,
        Meta(title="a folder", description="Folder of the store, its key and the spool; created if it is missing."),
    ] = Path("data")
    address: Annotated[str, Meta(title="an address", min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(title="0 to 65535", ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")
    ] = 5006
    prefix: Annotated[
        str,
        Meta(
            title="a path such as /bufdir",
            pattern=r"^(/[A-Za-z0-9._~-]+)*$",
            description="Path before every URL path of the program, for use behind a proxy.",
        ),
    ] = ""
    processes: Annotated[
        int,
        Meta(
            title="1 to 64",
            ge=1,
            le=64,
            description="Number of processes that share the port; a supervisor restarts a process that crashes.",
        ),
    ] = 1
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(title="debug, info, warning or error", description="Lowest severity of the lines that are logged."),
    ] = "info"
    demo: Annotated[
        bool, Meta(title="true or false", description="Fill an empty store with synthetic deliveries at start.")
    ] = False
    demo_live: Annotated[
        bool,
        Meta(
            title="true or false",
            description="Simulate case work while it runs: change the demo's cases, and correct those of last year.",
        ),
    ] = False
    inbox_dir: Annotated[
        Path | None, Meta(title="a folder", description="Watched folder; files that are put into it are imported.")
    ] = None
    inbox_taken: Annotated[
        Literal["delete", "move"],
        Meta(
            title="delete or move",
            description="What to do with imported files of the watched folder; `move` puts them into its `taken/`.",
        ),
    ] = "delete"
    inbox_settle_seconds: Annotated[
        float,
        Meta(
            title="seconds, 0 or more",
            ge=0,
            description="A file of the watched folder is complete when it has not changed for this long.",
        ),
    ] = 2.0
    auto_aggregate: Annotated[
        bool,
        Meta(title="true or false", description="Aggregate a snapshot automatically when its source has changed."),
    ] = True
    auto_quiet_seconds: Annotated[
        float,
        Meta(
            title="seconds, 0 or more",
            ge=0,
            description="Automatic aggregation starts when no further delivery has arrived for this long.",
        ),
    ] = 1.0
    auto_latest_seconds: Annotated[
        float,
        Meta(title="seconds, 0 or more", ge=0, description="Longest delay of an automatic aggregation."),
    ] = 10.0
    open_periods: Annotated[
        tuple[Period, ...],
        Meta(
            title="periods such as 2024,2024-H1",
            description="Periods whose first snapshot is made automatically; empty means this year and the last.",
            extra={"parse": _parse_periods},
        ),
    ] = ()
    reporting_period: Annotated[
        Period | None,
        Meta(
            title="a period such as 2025",
            description="The period that everyone works on now; by default the newest whole year that has ended.",
            extra={"parse": _parse_period},
        ),
    ] = None
    reporting_deadline: Annotated[
        date | None,
        Meta(
            title="a date such as 2026-02-01",
            description="When services must have delivered the reporting period.",
            extra={"parse": _parse_day},
        ),
    ] = None
    events_kept_days: Annotated[
        int,
        Meta(
            title="days, 0 or more",
            ge=0,
            description="Retention of events, from which clients resume; 0 means no limit.",
        ),
    ] = 0
    audit_kept_days: Annotated[
        int, Meta(title="days, 0 or more", ge=0, description="Retention of the audit trail; 0 means no limit.")
    ] = 0
    historical_kept_days: Annotated[
        int,
        Meta(
            title="days, 0 or more",
            ge=0,
            description="Retention of historical snapshots after their aggregation; 0 means no limit. "
            "A snapshot that a current one is compared with is kept longer.",
        ),
    ] = 0
    suppress_small_counts: Annotated[
        bool,
        Meta(
            title="true or false",
            description="Withhold counts of 1 to 3 persons in everything that leaves the store (public deployments).",
        ),
    ] = False
    actor_header: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]+$")] | None,
        Meta(
            title="the name of a header",
            description="Header in which a trusted proxy names the user; the name is stored in the audit trail.",
            extra={"secret": True},  # a client that evades the proxy could name any user in it
        ),
    ] = None
    cors_origins: Annotated[
        tuple[Annotated[str, Meta(pattern=_ORIGIN_PATTERN)], ...],
        Meta(
            title="origins such as https://intern.example",
            description="Origins of other sites whose pages may call the API; `*` allows any.",
        ),
    ] = ()
    hosts: Annotated[
        tuple[Annotated[str, Meta(pattern=_HOST_PATTERN)], ...],
        Meta(
            title="hosts such as bufdir.example",
            description="Host names under which the program is reached, besides its address and localhost; "
            "requests for others are answered with 421. `*` allows any. Formerly `websocket_origins`.",
        ),
    ] = ()
    websocket_timeout_seconds: Annotated[
        float,
        Meta(
            title="seconds, over 0",
            gt=0,
            description="The session of a page that does not answer for this long is ended.",
        ),
    ] = 30.0
    token_seconds: Annotated[
        int,
        Meta(
            title="seconds, 1 or more",
            ge=1,
            description="Lifetime of the token with which a page opens its WebSocket; an expired page reloads.",
        ),
    ] = 300
    use_xheaders: Annotated[
        bool,
        Meta(title="true or false", description="Trust the headers X-Forwarded-For and X-Forwarded-Proto of a proxy."),
    ] = False
    max_delivery_bytes: Annotated[
        int, Meta(title="bytes, 1 or more", ge=1, description="Maximum size of a delivery.")
    ] = 2 * 1024**3
    max_file_bytes: Annotated[
        int, Meta(title="bytes, 1 or more", ge=1, description="Maximum size of a single file in a delivery.")
    ] = 16 * 1024**2
    reader_memory_bytes: Annotated[
        int,
        Meta(
            title="bytes, 1 or more",
            ge=1,
            description="Memory limit of the process that parses deliveries; it is ended when it needs more.",
        ),
    ] = 1024**3
    parser_timeout_seconds: Annotated[
        float,
        Meta(
            title="seconds, over 0",
            gt=0,
            description="A parsing process that makes no progress for this long is killed; "
            "its delivery is tried three times.",
        ),
    ] = 60.0
    parser_seconds_per_mb: Annotated[
        float,
        Meta(
            title="seconds, over 0",
            gt=0,
            description="A delivery may occupy the parsing process for `parser_timeout_seconds`, and for this long for "
            "each megabyte of its files, unpacked; then it is refused.",
        ),
    ] = 5.0
    process_timeout_seconds: Annotated[
        float,
        Meta(
            title="seconds, over 1",
            gt=1,
            description="Of several processes, one that gives no sign of life for this long is killed and replaced.",
        ),
    ] = 10.0
    store_busy_seconds: Annotated[
        float,
        Meta(
            title="seconds, over 0",
            gt=0,
            description="How long a write waits while another program holds the store's lock; "
            "then it is answered with 503.",
        ),
    ] = 30.0
    max_uploads: Annotated[
        int,
        Meta(
            title="a number, 1 or more",
            ge=1,
            description="Maximum number of concurrent uploads per process; further ones are answered with 429.",
        ),
    ] = 200
    max_uploads_per_client: Annotated[
        int,
        Meta(
            title="a number, 1 or more",
            ge=1,
            description="Maximum number of concurrent uploads of one client address, per process; further ones are "
            "answered with 429.",
        ),
    ] = 100
    max_streams: Annotated[
        int,
        Meta(title="a number, 1 or more", ge=1, description="Maximum number of concurrent event streams per process."),
    ] = 4000
    max_sessions: Annotated[
        int,
        Meta(
            title="a number, 1 or more",
            ge=1,
            description="Maximum number of open dashboard pages per process; further ones are answered with 503.",
        ),
    ] = 1000
    max_connections_per_client: Annotated[
        int,
        Meta(
            title="a number, 1 or more",
            ge=1,
            description="Maximum number of connections of one client address, per process, besides streams, open pages "
            "and uploads; with `use_xheaders` the proxy limits them.",
        ),
    ] = 500
    client_timeout_seconds: Annotated[
        float,
        Meta(
            title="seconds, over 0",
            gt=0,
            description="How long a client may take for the head of a request, and for a body that is not a delivery; "
            "a connection without a request is closed after this long. Streams and WebSockets are not affected.",
        ),
    ] = 75.0
    wall_page_seconds: Annotated[
        float,
        Meta(title="seconds, 1 or more", ge=1, description="How long the wall display shows a page of rows."),
    ] = 15.0
    heartbeat_seconds: Annotated[
        float,
        Meta(
            title="seconds, over 0 and at most 15",
            gt=0,
            le=15,
            description="Interval of the comments on a silent event stream and of a page's connection checks.",
        ),
    ] = 10.0

    @property
    def effective_inbox_dir(self) -> Path | None:
        """The watched folder: `inbox_dir`, or one in the data folder for the demo's simulated case system."""
        return self.inbox_dir or (self.data_dir / "inbox" if self.demo_live else None)

    def open_periods_on(self, day: date) -> tuple[Period, ...]:
        """Return the periods that are open on a day in Norway (rule S6, docs/api.md)."""
        return self.open_periods or (Period(day.year), Period(day.year - 1))

    def reporting_period_on(self, day: date) -> Period:
        """Return the period that everyone works on, on a day in Norway (rule P1, docs/api.md)."""
        return self.reporting_period or Period(day.year - 1)
