"""Runs commands of the command line in this process and returns their result."""

from collections.abc import Callable

from click.testing import Result

from preview.core.settings import Settings

NO_XML = b"<Barnevern><Sak></Barnevern>"
DAY = "2024-12-31"

CommandRunner = Callable[..., Result]


def serve(settings: Settings) -> None:
    """Replacement for the server."""
    raise AssertionError(settings)


def successful_lines(result: Result) -> list[str]:
    """Return the output lines of a successful command."""
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def failure_message(result: Result, code: int = 1) -> str:
    """Return the standard error of a command that fails with that exit code; a traceback fails the test."""
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stderr
