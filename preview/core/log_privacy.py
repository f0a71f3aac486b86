"""Keeps what people send out of the log: exceptions are described without their messages, and messages of libraries
without their values.

A message of this program is written here and names nothing that a client or a file has written. What a library logs is
not under control: Tornado quotes paths, queries and cookies, Bokeh quotes messages of pages.
"""

import errno
import inspect
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

_OWN_PACKAGES = frozenset({"app", "api_handlers", "components", "preview", "__main__"})
_MAX_FRAMES = 30
_MAX_MESSAGE_LENGTH = 2000
_LARGEST_SHOWN_NUMBER = 999_999
"""Statuses, ports and codes are below it; ids of persons have eleven digits."""


class _Withheld:
    """Stands for a value of a library's message."""

    def __repr__(self) -> str:
        return "…"


def public_message(record: logging.LogRecord) -> str:
    """Return the message of a record without what others have written.

    A record of a library keeps its text only if that is a constant of the calling code, and its numbers if they are
    small; every other value is replaced by "…". If the text was put together before it was logged, the place in the
    code stands for it. Call this while the record is being handled: the calling code is looked up on the stack.
    """
    if record.name.partition(".")[0] in _OWN_PACKAGES:
        return neutralized(record.getMessage())
    if isinstance(record.msg, str) and record.msg in _constants_of_caller(record):
        return neutralized(_without_values(record.msg, record.args))
    return f"{Path(record.pathname).name}:{record.lineno} {record.funcName}"


def describe_exception(error: BaseException) -> str:
    """Return type and stack frames of an exception and of its causes, without their messages, which can quote a case.

    The code of an error of the operating system or of SQLite is included.
    """
    return " caused by ".join(_describe_one(each) for each in _chain(error))


def neutralized(text: str, max_length: int = _MAX_MESSAGE_LENGTH) -> str:
    """Return a text in which no character controls a terminal or the direction of text, cut to a length."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode() for char in text[:max_length]
    )
    return shown if len(text) <= max_length else f"{shown}…"


def _without_values(template: str, values: Any) -> str:
    shown = {name: _shown(value) for name, value in values.items()} if isinstance(values, dict) else None
    try:
        return template % (shown if shown is not None else tuple(map(_shown, values))) if values else template
    except (TypeError, ValueError, KeyError):  # a format such as %d is only for numbers
        return template


def _shown(value: Any) -> Any:
    return value if isinstance(value, int | float) and abs(value) <= _LARGEST_SHOWN_NUMBER else _Withheld()


def _constants_of_caller(record: logging.LogRecord) -> tuple[Any, ...]:
    """Return the constants of the function that has logged a record, and the strings of its module."""
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        if frame.f_lineno == record.lineno and frame.f_code.co_filename == record.pathname:
            module_strings = (value for value in frame.f_globals.values() if isinstance(value, str))
            return (*frame.f_code.co_consts, *module_strings)
        frame = frame.f_back
    return ()


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _describe_one(error: BaseException) -> str:
    code: object = getattr(error, "sqlite_errorname", None)
    if isinstance(error, OSError) and error.errno is not None:
        code = errno.errorcode.get(error.errno, error.errno)
    frames = [
        f"{Path(frame.f_code.co_filename).name}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    stack = " < ".join(reversed(frames[-_MAX_FRAMES:]))
    return type(error).__name__ + (f" ({code})" if code else "") + (f" at {stack}" if stack else "")
