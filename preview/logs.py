"""The log: JSON lines on standard error. It holds no case data: errors of readers are findings, which quote nothing."""

import json
import logging
import sys

from preview.clock import now, timestamp


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"at": timestamp(now()), "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
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
