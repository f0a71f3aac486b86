"""Defines the command line: which commands there are, and how their errors are reported.

A command's module is imported when the command runs, and commands that need the same are in one module: importing takes
longer than what most of them do. Commands use the same services as the API; their actor is `cli`.

Exit codes: 0 done; 1 refused, failed or not found; 2 wrong usage. `check` has further ones (see `check_command.py`).
"""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from preview.cli.settings_options import all_settings_options
from preview.core import logging_config
from preview.core.errors import PreviewError, ValidationError
from preview.core.settings import Settings

Serve = Callable[[Settings], None]


class LazyCommand(NamedTuple):
    """A command that is not imported yet: its module, its name there, and the first sentence of its help."""

    module: str
    attribute: str
    short_help: str


_STORE = "preview.cli.store_commands"
_READ = "preview.cli.read_commands"
_LOCAL = "preview.cli.local_commands"
_CHECK = "preview.cli.check_command"
_MAINTENANCE = "preview.cli.maintenance_commands"
_DEMO = "preview.cli.demo_command"

LAZY_COMMANDS = {
    "import": LazyCommand(
        _STORE,
        "import_",
        "Import files: case files and KOSTRA 15F files (XML), ZIP archives, CSV files, and folders of these.",
    ),
    "aggregate": LazyCommand(
        _STORE, "aggregate", "Aggregate the report of an organisation and period, and wait for the result."
    ),
    "list": LazyCommand(_READ, "list_", "List the snapshots, newest period first."),
    "show": LazyCommand(
        _READ, "show", "Show every field of one snapshot, with the values of the period and of the prior period."
    ),
    "forget": LazyCommand(
        _STORE,
        "forget",
        "Erase an organisation: its cases, snapshots, figures, jobs, events and audit trail, from every file of the "
        "store.",
    ),
    "demo-data": LazyCommand(_DEMO, "demo_data", "Write synthetic deliveries in the real formats to DIRECTORY."),
    "backup": LazyCommand(_MAINTENANCE, "backup", "Copy the store and its keys to FOLDER, which is made."),
    "restore": LazyCommand(
        _MAINTENANCE, "restore", "Bring the backup in FOLDER into use as --data-dir, which must be empty or not exist."
    ),
    "check-store": LazyCommand(
        _MAINTENANCE,
        "check_store",
        "Check that the store is sound and that every status, document and count follows from its data.",
    ),
    "report": LazyCommand(
        _LOCAL, "report", "Show the report that the given files, folders and ZIP archives add up to."
    ),
    "check": LazyCommand(_CHECK, "check", "List the findings in the given files, folders and ZIP archives."),
    "explain": LazyCommand(
        _LOCAL, "explain", "List the cases in the given files, folders and ZIP archives that a field counts."
    ),
}
"""The commands beside `serve`, by name."""


class LazyGroup(click.Group):
    """A group that imports a command when it runs.

    It reports `PreviewError` as one line on standard error, and a line for each wrong input.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, also of those that are not imported."""
        return sorted([*super().list_commands(ctx), *LAZY_COMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, which is imported now; None if there is none of that name."""
        lazy = LAZY_COMMANDS.get(cmd_name)
        if lazy is None:
            return super().get_command(ctx, cmd_name)
        return getattr(importlib.import_module(lazy.module), lazy.attribute)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, without importing them."""
        helps = {name: lazy.short_help for name, lazy in LAZY_COMMANDS.items()}
        helps |= {name: command.get_short_help_str(formatter.width) for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(helps.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except PreviewError as error:
            field_errors = error.field_errors if isinstance(error, ValidationError) else []
            raise click.ClickException(
                error.detail
                + "".join(f"\n  {field_error.pointer}: {field_error.detail}" for field_error in field_errors)
            ) from error
        except OSError as error:  # The disk is full, or a file of the store cannot be used.
            place = f": {error.filename}" if error.filename else ""
            raise click.ClickException(f"{error.strerror or type(error).__name__}{place}") from error


def build_cli(serve: Serve) -> click.Group:
    """Return the group of all commands.

    Args:
        serve: Runs the server until it is stopped. It is a parameter because this package imports neither HTTP nor
            Panel.
    """

    @click.version_option(package_name="bufdir-preview", message="%(prog)s %(version)s")
    @click.group(
        cls=LazyGroup,
        context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "BUFDIR_PREVIEW"},
    )
    def main() -> None:
        """Preview the report that a child-welfare service sends to Bufdir, from its own case files."""

    @main.command("serve")
    @all_settings_options
    def serve_(settings: Settings) -> None:
        """Serve the dashboard and the API until SIGTERM or Ctrl-C."""
        logging_config.configure_logging(settings.log_level)
        serve(settings)

    return main
