"""The WebSocket of a page sends each frame at once: the kernel does not hold it back until earlier ones arrived."""

import asyncio
import socket
from typing import Any

from bokeh.application import Application as BokehApplication
from bokeh.server.tornado import BokehTornado
from bokeh.util.token import generate_jwt_token, generate_session_id
from tornado.httpclient import HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.websocket import websocket_connect

from components.panel_internals import SameOriginWebSocketHandler

options: list[int] = []
"""Of each connection that was opened, whether small frames are sent at once."""


class ObservedHandler(SameOriginWebSocketHandler):
    """Notes the option of its connection."""

    def open(self) -> None:
        """Open the connection (Tornado's hook)."""
        stream: Any = self.ws_connection.stream  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
        super().open()
        options.append(stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


async def connect() -> None:
    """Serve one page's WebSocket, and connect to it until the server closes it, as the page has expired."""
    tornado_app = BokehTornado({"/": BokehApplication()})
    arguments = {"application_context": tornado_app.applications["/"], "bokeh_websocket_path": "/page/ws"}
    tornado_app.add_handlers(".*", [("/page/ws", ObservedHandler, arguments)])
    server = HTTPServer(tornado_app)
    (listening,) = bind_sockets(0, "127.0.0.1")
    server.add_socket(listening)
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    expired = generate_jwt_token(generate_session_id(), expiration=-1)
    request = HTTPRequest(f"ws://{host}/page/ws", headers={"Origin": f"http://{host}"})
    client = await websocket_connect(request, subprotocols=["bokeh", expired])
    assert await client.read_message() is None
    client.close()
    server.stop()
    await server.close_all_connections()


def test_frames_of_a_page_are_sent_at_once() -> None:
    options.clear()
    asyncio.run(connect())
    assert options == [1]
