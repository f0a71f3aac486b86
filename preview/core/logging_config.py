"""The log: JSON lines on standard error. It holds no case data: errors of readers are findings, which quote nothing."""

import json
import logging
import sys
from typing import Any

from preview.core.clock import format_rfc3339, now


class JsonFormatter(logging.Formatter):
    process_id: int | None = None

    def format(self, record: logging.LogRecord) -> str:
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
    """For the whole process; `level` as the setting `log_level`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.setLevel(level.upper())  # libraries' loggers have levels of their own
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Libraries that brought handlers of their own (Bokeh) write through ours.
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def set_process_id(process_id: int) -> None:
    """From here on each line of this process bears its number."""
    JsonFormatter.process_id = process_id
