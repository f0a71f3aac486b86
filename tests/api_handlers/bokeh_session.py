"""A dashboard session without a browser: fetches a page and opens its WebSocket."""

import re
import socket
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

_TOKEN = re.compile(r'data-session-token="([^"]+)"')


@contextmanager
def open_session(url: str, path: str = "/") -> Generator[socket.socket]:
    """Keep a session open for the length of a block, once the server has acknowledged it; yield its socket."""
    token = _TOKEN.search(httpx.get(f"{url}{path}").raise_for_status().text)
    assert token
    host = urlsplit(url).netloc
    headers = {
        "Host": host,
        "Origin": url,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": f"bokeh, {token[1]}",
    }
    address, _, port = host.partition(":")
    with socket.create_connection((address, int(port)), timeout=20) as connection:
        lines = [
            f"GET {urlsplit(path).path.rstrip('/')}/ws HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        response = b""
        while b"ACK" not in response:
            chunk = connection.recv(4096)
            assert chunk, response
            response += chunk
        yield connection
