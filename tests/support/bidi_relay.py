"""Relays WebDriver BiDi between Playwright and Debian's Firefox, which support different versions of it.

Playwright starts it as the browser. It starts Firefox, prints the BiDi address, and answers the few commands that
Firefox does not support and no test needs. `python -m tests.support.bidi_relay /path/to/firefox ARGUMENTS`.
"""

import asyncio
import json
import re
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketHandler, websocket_connect

STUBBED_COMMANDS = {"emulation.setMediaFeaturesOverride"}
ADDRESS = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
MAX_MESSAGE_BYTES = 1 << 28


class Relay(WebSocketHandler):
    """Relays one connection of Playwright to Firefox."""

    upstream: WebSocketClientConnection

    def initialize(self, address: str) -> None:
        """Store the address on which Firefox listens."""
        self._address = address

    def check_origin(self, origin: str) -> bool:
        """Accept every origin: Playwright is not a page."""
        return True

    async def prepare(self) -> None:
        """Connect to Firefox before the first message is received."""
        self.upstream = await websocket_connect(
            self._address, max_message_size=MAX_MESSAGE_BYTES, on_message_callback=self._forward_to_client
        )

    def _forward_to_client(self, message: str | bytes | None) -> None:
        with suppress(WebSocketClosedError):
            if message is None:
                self.close()
            else:
                self.write_message(message)

    async def on_message(self, message: str | bytes) -> None:
        """Forward a message to Firefox, or answer a command that it does not support."""
        command: dict[str, Any] = json.loads(message)
        if command["method"] in STUBBED_COMMANDS:
            await self.write_message({"type": "success", "id": command["id"], "result": {}})
        else:
            await self.upstream.write_message(message)


async def _address(firefox: Process) -> str:
    assert firefox.stderr is not None
    async for line in firefox.stderr:
        if match := ADDRESS.search(line):
            return f"{match[1].decode()}/session"  # and not printed: Playwright would take it for ours
        sys.stderr.buffer.write(line)
    raise RuntimeError("Firefox ended before it spoke BiDi.")


async def main(firefox_path: str, *arguments: str) -> int:
    """Run until Firefox ends."""
    firefox = await asyncio.create_subprocess_exec(firefox_path, *arguments, stderr=PIPE)
    address = await _address(firefox)
    sockets = bind_sockets(0, "127.0.0.1")
    HTTPServer(
        Application([(r"/.*", Relay, {"address": address})], websocket_max_message_size=MAX_MESSAGE_BYTES)
    ).add_sockets(sockets)
    print(f"WebDriver BiDi listening on ws://127.0.0.1:{sockets[0].getsockname()[1]}", file=sys.stderr, flush=True)
    assert firefox.stderr is not None
    async for line in firefox.stderr:
        sys.stderr.buffer.write(line)
    return await firefox.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
