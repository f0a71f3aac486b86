"""Lines that clients cause at will are bounded and counted; other lines are all written."""

import io
import logging

import pytest

from preview.core.logging_config import CAUSED_BY_CLIENT, LINES_PER_KIND, LimitedStreamHandler
from preview.core.request_log import log as request_logger
from preview.core.request_log import log_request


@pytest.mark.parametrize("name", ["bokeh.server.views.ws", "tornado.general", "panel", "components.x"])
def test_lines_of_a_kind_are_bounded_and_the_rest_is_counted(name: str) -> None:
    stream = io.StringIO()
    handler = LimitedStreamHandler(stream)
    logger = logging.Logger(name)
    logger.addHandler(handler)
    for number in range(1000):
        logger.error("hostile %d", number, extra=CAUSED_BY_CLIENT if name == "components.x" else None)
    logger.error("another kind")
    handler.end_window()
    *lines, other, summary = stream.getvalue().splitlines()
    assert (len(lines), other) == (LINES_PER_KIND, "another kind")
    assert summary.startswith(f"{1000 - LINES_PER_KIND} further lines of this kind")
    logger.error("hostile %d", 1)
    assert stream.getvalue().endswith("hostile 1\n")  # a new minute
    handler.close()


def test_changes_and_errors_of_requests_are_never_left_out() -> None:
    stream = io.StringIO()
    handler = LimitedStreamHandler(stream)
    level = request_logger.level
    request_logger.addHandler(handler)
    request_logger.setLevel("INFO")
    try:
        for _ in range(100):
            log_request("PUT", "/x", 202, 0.0, actor="api", changed_id="snap-001")
            log_request("GET", "/x", 500, 0.0)
            log_request("GET", "/x", 404, 0.0)
            log_request("GET", "/x", 421, 0.0)
    finally:
        request_logger.setLevel(level)
        request_logger.removeHandler(handler)
        handler.close()
    counts = [sum(f" {status} " in line for line in stream.getvalue().splitlines()) for status in (202, 500, 404, 421)]
    assert counts == [100, 100, LINES_PER_KIND, LINES_PER_KIND]
    assert stream.getvalue().count("80 further lines") == 2
