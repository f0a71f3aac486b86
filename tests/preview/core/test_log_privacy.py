"""What a record may show in the log, and the lines themselves."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable

import pytest

from preview.core.log_privacy import describe_exception, neutralized
from preview.core.logging_config import JsonFormatter
from preview.core.request_log import log_request

SENTINEL = "Ola Sentinelsen 01017012345"
CONSTANT = "a constant of the module: %r"

LoggerFactory = Callable[[str], tuple[logging.Logger, Callable[[], list[dict[str, str]]]]]

UNCAUGHT = f"""
import sys, threading, warnings
from preview.core import logging_config
logging_config.configure_logging("debug")
logging_config.log_uncaught_exceptions()

def fail():
    raise ValueError("{SENTINEL}")

class Failing:
    __del__ = lambda self: fail()

thread = threading.Thread(target=fail)
thread.start()
thread.join()
Failing()
warnings.warn("{SENTINEL}")
fail()
"""


@pytest.fixture
def lines() -> LoggerFactory:
    """Return a function that returns a logger of that name, and a function that returns what it has logged."""

    def logger_of(name: str) -> tuple[logging.Logger, Callable[[], list[dict[str, str]]]]:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(JsonFormatter())
        logger = logging.Logger(name, logging.DEBUG)
        logger.addHandler(handler)
        return logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]

    return logger_of


def test_library_message_keeps_its_constant_text_and_small_numbers(lines: LoggerFactory) -> None:
    logger, logged = lines("tornado.general")
    logger.warning("%d %s: refused %r", 404, f"GET /?q={SENTINEL}", SENTINEL)
    logger.warning(CONSTANT, SENTINEL)
    logger.warning("number %s", 1017012345)
    logger.warning("closed by %(who)s", {"who": SENTINEL})
    assert [line["message"] for line in logged()] == [
        "404 …: refused …",
        "a constant of the module: …",
        "number …",
        "closed by …",
    ]


def test_library_message_that_was_put_together_is_replaced_by_its_place(lines: LoggerFactory) -> None:
    logger, logged = lines("bokeh.server")
    logger.error(f"cannot handle {SENTINEL}")
    logger.error("cannot handle " + SENTINEL)
    logger.error(f"{SENTINEL}: %s", SENTINEL)
    logger.error(ValueError(SENTINEL))
    for line in logged():
        assert line["message"].startswith("test_log_privacy.py:")
        assert line["message"].endswith(" test_library_message_that_was_put_together_is_replaced_by_its_place")


def test_exception_is_logged_without_messages_of_it_and_its_causes(lines: LoggerFactory) -> None:
    logger, logged = lines("preview.runtime.worker")
    try:
        try:
            raise FileNotFoundError(2, "No such file", f"/spool/{SENTINEL}.xml")
        except OSError as error:
            raise ValueError(SENTINEL) from error
    except ValueError:
        logger.exception("a step failed")
    [line] = logged()
    assert line["message"] == "a step failed"
    assert line["error"].startswith("ValueError at test_log_privacy.py:")
    assert "caused by FileNotFoundError (ENOENT) at test_log_privacy.py:" in line["error"]
    assert SENTINEL not in json.dumps(line)


def test_exception_in_a_circle_of_causes_is_described() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert describe_exception(one) == "ValueError caused by KeyError"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Kåre Ødegård", "Kåre Ødegård"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("left\u202eright", r"left\u202eright"),
        ("line\u2028separator", r"line\u2028separator"),
        ("lone \udcff", r"lone \udcff"),
        ("x" * 300, "x" * 100 + "…"),
    ],
)
def test_text_of_others_is_neutralized(text: str, shown: str) -> None:
    assert neutralized(text, 100) == shown
    json.dumps(neutralized(text)).encode()


@pytest.mark.parametrize(
    ("arguments", "level", "message"),
    [
        (("GET", "/overview", 200, 0.0123), "debug", "GET /overview 200 12.3 ms"),
        (("GET", "/overview", 404, 0.001), "info", "GET /overview 404 1.0 ms"),
        (("GET", "/overview", 503, 0.001), "warning", "GET /overview 503 1.0 ms"),
        ((SENTINEL, "/overview", 405, 0.001), "info", "(unknown method) /overview 405 1.0 ms"),
    ],
)
def test_request_is_logged_by_its_outcome(
    arguments: tuple[str, str, int, float], level: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        log_request(*arguments)
    assert [(record.levelname.lower(), record.getMessage()) for record in caplog.records] == [(level, message)]


def test_change_is_logged_with_its_actor_on_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log_request("PUT", "/jobs/{id}", 202, 0.001, actor="Kåre\n{}", changed_id="snap-001")
    assert caplog.messages == ["PUT /jobs/{id} 202 1.0 ms, snap-001, by Kåre\\n{}"]


def test_uncaught_exceptions_and_warnings_are_lines_of_the_log() -> None:
    run = subprocess.run([sys.executable, "-c", UNCAUGHT], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert [line.get("error", line["message"]).partition(" at ")[0] for line in lines] == [
        "ValueError",
        "ValueError",
        "UserWarning",
        "ValueError",
    ]
    assert run.returncode == 1
    assert "Sentinelsen" not in run.stderr
