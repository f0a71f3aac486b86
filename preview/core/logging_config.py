"""The log: JSON lines on standard error. It holds no case data: errors of readers are findings, which quote nothing."""

import json
import logging
import sys
from typing import Any

from preview.core.clock import now, timestamp


class _Lines(logging.Formatter):
    process: int | None = None

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": timestamp(now()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if self.process is not None:
            line["process"] = self.process
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up(level: str) -> None:
    """For the whole process; `level` as the setting `log_level`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    handler.setLevel(level.upper())  # libraries' loggers have levels of their own
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Libraries that brought handlers of their own (Bokeh) write through ours.
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def name_process(number: int) -> None:
    """From here on each line of this process bears its number."""
    _Lines.process = number
