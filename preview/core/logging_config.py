"""Configures logging: JSON lines on standard error, without case data and without what clients send.

Errors of a delivery's files are findings, which quote nothing; they are not logged. What else could quote a person is
left out by `log_privacy`, at every level. Lines that clients can cause at will, of refusals and of their messages, are
bounded.
"""

import json
import logging
import sys
import threading
import warnings
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from preview.core.clock import format_rfc3339, now
from preview.core.log_privacy import describe_exception, public_message

log = logging.getLogger(__name__)

LINES_PER_KIND = 20
WINDOW_SECONDS = 60.0
CAUSED_BY_CLIENT = {"caused_by_client": "refusal"}
"""Value of `extra` for a line of this program that a client can cause at will, and that no change stands behind.
Another text distinguishes lines of one place in the code.
"""

_SERVING_LIBRARIES = frozenset({"bokeh", "panel", "tornado"})
"""What they log while serving is caused by requests and messages of clients."""


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON, with the number of the process if there are several."""

    process_id: int | None = None

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        entry: dict[str, Any] = {
            "at": format_rfc3339(now()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": public_message(record),
        }
        if self.process_id is not None:
            entry["process"] = self.process_id
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = describe_exception(record.exc_info[1])
        return json.dumps(entry, ensure_ascii=False)


class LimitedStreamHandler(logging.StreamHandler[Any]):
    """Writes records to a stream, a bounded number of those that clients cause."""

    def __init__(self, stream: Any, window_seconds: float = WINDOW_SECONDS) -> None:
        """Write to a stream.

        Args:
            stream: The stream.
            window_seconds: Time in which `LINES_PER_KIND` lines of a kind are written, and then their summary.
        """
        super().__init__(stream)
        self._window_seconds = window_seconds
        self._lines: Counter[tuple[str, str, int]] = Counter()
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, unless a client has caused too many of its kind (called under the handler's lock)."""
        cause: str = getattr(record, "caused_by_client", "")
        is_bounded = cause or record.name.partition(".")[0] in _SERVING_LIBRARIES
        if is_bounded and record.levelno > logging.DEBUG:  # the level debug shows everything
            # A kind is a place in the code: the text of a record has values that a client varies.
            kind = (record.name, cause or record.pathname, record.lineno)
            self._lines[kind] += 1
            if self._timer is None:
                self._timer = threading.Timer(self._window_seconds, self.end_window)
                self._timer.daemon = True
                self._timer.start()
            if self._lines[kind] > LINES_PER_KIND:
                return
        super().emit(record)

    def end_window(self) -> None:
        """Say how many lines were left out, and count from zero again."""
        with self.lock or threading.RLock():
            lines, self._lines = self._lines, Counter()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            for (name, _, _), count in lines.items():
                if count > LINES_PER_KIND:
                    message = "%d further lines of this kind, caused by clients, were left out (logger %s)"
                    arguments = (count - LINES_PER_KIND, name)
                    record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, message, arguments, None)
                    super().emit(record)

    def close(self) -> None:
        """Say what was left out, and close the handler (called at the end of the process)."""
        self.end_window()
        super().close()


def configure_logging(level: str) -> None:
    """Configure logging of the whole process.

    Args:
        level: The setting `log_level`.
    """
    handler = LimitedStreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    # Loggers of libraries set their own levels, so the level of the root logger alone is not enough.
    handler.setLevel(level.upper())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    redirect_library_loggers()


def redirect_library_loggers() -> None:
    """Let libraries that have installed handlers of their own log through this program's handler instead.

    Bokeh, Panel and param do so when they are imported: call this again afterwards.
    """
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def log_uncaught_exceptions() -> None:
    """Log what Python itself would print with the messages of exceptions: warnings, and exceptions that nothing caught.

    For the server's processes only.
    """
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda arguments: (
        _log_uncaught(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
        if arguments.exc_type is not SystemExit
        else None
    )
    sys.unraisablehook = lambda unraisable: _log_uncaught(
        unraisable.exc_type, unraisable.exc_value, unraisable.exc_traceback
    )
    warnings.showwarning = _log_warning


def set_process_id(process_id: int) -> None:
    """Add the number of this process to each log line from now on."""
    JsonFormatter.process_id = process_id


def _log_uncaught(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    log.error("an exception was not caught", exc_info=(kind, error or kind(), traceback))


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    log.warning("%s at %s:%d", category.__name__, Path(filename).name, lineno)
