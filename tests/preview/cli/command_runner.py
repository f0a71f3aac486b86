"""Runs commands of the command line in this process, and tells how they ended."""

from collections.abc import Callable

from click.testing import Result

from preview.core.settings import Settings

NO_XML = b"<Barnevern><Sak></Barnevern>"
DAY = "2024-12-31"

CommandRunner = Callable[..., Result]


def serve(settings: Settings) -> None:
    """In place of the server."""
    raise AssertionError(settings)


def successful_lines(result: Result) -> list[str]:
    """The lines of a command that has done what it should."""
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def failure_message(result: Result, code: int = 1) -> str:
    """What a command says on standard error that ends so; a traceback is a fault of ours."""
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stderr
