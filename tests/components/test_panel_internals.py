"""The parts of Panel, Bokeh and Tornado that no documentation promises, checked for `CHECKED_VERSIONS`."""

import asyncio
import inspect
import re
from typing import Any

from bokeh.server.session import ServerSession
from bokeh.server.views.session_handler import SessionHandler
from bokeh.server.views.ws import WSHandler as BokehWSHandler
from panel.io.server import DocHandler
from tornado.websocket import WebSocketClosedError

from components.panel_internals import FAVICON, ignore_closed_websockets
from tests.support.server_process import REPOSITORY

CHECKED_VERSIONS = {"panel": "1.9.4", "bokeh": "3.9.2", "tornado": "6.6.1"}
"""The versions whose source was read for `components/panel_internals.py`."""


def test_locked_versions_are_the_checked_ones() -> None:
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    locked = {name: re.findall(rf"^{name}==(\S+)", lock, re.MULTILINE) for name in CHECKED_VERSIONS}
    assert locked == {name: [version] for name, version in CHECKED_VERSIONS.items()}, (
        "requirements.lock has other versions than components/panel_internals.py was checked for. Check each item of "
        f"the list in its docstring against the new source, then change CHECKED_VERSIONS. Checked: {CHECKED_VERSIONS}"
    )


def test_page_handler_gets_a_session_with_a_token() -> None:
    assert "session = await super().get_session()" in inspect.getsource(DocHandler.get_session)
    assert isinstance(inspect.getattr_static(ServerSession, "token"), property)


def test_handlers_take_the_arguments_of_session_routes() -> None:
    assert set(inspect.signature(BokehWSHandler.initialize).parameters) == {
        "self",
        "application_context",
        "bokeh_websocket_path",
    }
    taken = re.findall(r"kw\['(\w+)'\]", inspect.getsource(SessionHandler.__init__))
    assert set(taken) == {"application_context", "bokeh_websocket_path"}


def test_icon_exists() -> None:
    assert FAVICON.is_file()


def test_only_closed_websockets_are_ignored() -> None:
    handled: list[Any] = []
    loop = asyncio.new_event_loop()
    try:
        loop.default_exception_handler = handled.append  # pyright: ignore[reportAttributeAccessIssue]
        ignore_closed_websockets(loop, {"exception": WebSocketClosedError()})
        ignore_closed_websockets(loop, {"exception": ValueError()})
    finally:
        loop.close()
    assert [type(context["exception"]) for context in handled] == [ValueError]
