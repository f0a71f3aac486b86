"""The parts of Panel, Bokeh and Tornado that no documentation promises, checked for `CHECKED_VERSIONS`."""

import asyncio
import inspect
import re
from typing import Any

import panel as pn
import pytest
from bokeh.server.views.session_handler import SessionHandler
from bokeh.server.views.ws import WSHandler as BokehWSHandler
from panel.io.server import DocHandler
from tornado.websocket import WebSocketClosedError

from components import panel_internals
from components.panel_internals import UnstyledComponent, ignore_closed_websockets, local_script_tags, panel_scripts
from tests.support.server_process import REPOSITORY

CHECKED_VERSIONS = {"panel": "1.9.4", "bokeh": "3.9.2", "tornado": "6.6.1"}
"""The versions whose source was read for `components/panel_internals.py`."""

TAGS = """<script type="text/javascript" src="static/js/bokeh.min.js?v=1"></script>
<script type="text/javascript" src="static/js/bokeh-gl.min.js?v=2"></script>
<script type="text/javascript" src="static/extensions/panel/panel.min.js?v=3"></script>
<script>inline()</script>"""


def test_locked_versions_are_the_checked_ones() -> None:
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    locked = {name: re.findall(rf"^{name}==(\S+)", lock, re.MULTILINE) for name in CHECKED_VERSIONS}
    assert locked == {name: [version] for name, version in CHECKED_VERSIONS.items()}, (
        "requirements.lock has other versions than components/panel_internals.py was checked for. Check each item of "
        f"the list in its docstring against the new source, then change CHECKED_VERSIONS. Checked: {CHECKED_VERSIONS}"
    )


def test_page_handler_creates_session_before_it_writes() -> None:
    source = inspect.getsource(DocHandler.get)
    assert source.count("self.get_session()") == 1
    assert source.rindex("self.write(page)") > source.index("self.get_session()")


def test_handlers_take_the_arguments_of_session_routes() -> None:
    assert set(inspect.signature(BokehWSHandler.initialize).parameters) == {
        "self",
        "application_context",
        "bokeh_websocket_path",
    }
    taken = re.findall(r"kw\['(\w+)'\]", inspect.getsource(SessionHandler.__init__))
    assert set(taken) == {"application_context", "bokeh_websocket_path"}


def test_unstyled_component_requests_no_stylesheet() -> None:
    component = UnstyledComponent()
    changed: dict[str, Any] = component._process_param_change({"stylesheets": []})  # pyright: ignore[reportPrivateUsage]
    assert "stylesheets" not in changed


def test_prune_removes_only_roots_of_ended_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pn.state, "_views", {"open": None})
    monkeypatch.setattr(pn.state, "_fake_roots", ["ended", "open"])
    panel_internals.prune_ended_sessions()
    assert pn.state._fake_roots == ["open"]  # pyright: ignore[reportPrivateUsage]


def test_script_tags_get_own_urls_and_unused_scripts_removed() -> None:
    lines = local_script_tags(TAGS, lambda name: f"/bufdir/{name}").splitlines()
    assert lines == [
        '<script src="/bufdir/js/bokeh.min.js"></script>',
        "",
        '<script src="/bufdir/extensions/panel/panel.min.js"></script>',
        "<script>inline()</script>",
    ]


def test_panel_scripts_exist() -> None:
    scripts = panel_scripts()
    assert len(scripts) == 5
    assert all(path.is_file() for path in scripts.values())
    assert panel_internals.FAVICON.is_file()


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
