"""Configures logging: JSON lines on standard error, without case data.

Errors of a delivery's files are findings, which quote nothing; they are not logged.
"""

import json
import logging
import sys
from typing import Any

from preview.core.clock import format_rfc3339, now


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON, with the number of the process if there are several."""

    process_id: int | None = None

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        entry: dict[str, Any] = {
            "at": format_rfc3339(now()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if self.process_id is not None:
            entry["process"] = self.process_id
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def configure_logging(level: str) -> None:
    """Configure logging of the whole process.

    Args:
        level: The setting `log_level`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    # Loggers of libraries set their own levels, so the level of the root logger alone is not enough.
    handler.setLevel(level.upper())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Libraries that installed handlers of their own (Bokeh) log through the handler above instead.
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def set_process_id(process_id: int) -> None:
    """Add the number of this process to each log line from now on."""
    JsonFormatter.process_id = process_id
