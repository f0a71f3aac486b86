"""Keeps one dashboard session open per URL, without a browser; each receives what a page receives.

    python -m benchmarks.generators.sessions URL...

Prints `ready` when all sessions are connected and, when its input is closed, the number of patches of each session.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import httpx
import msgspec
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

_TOKEN = re.compile(r'data-session-token="([^"]+)"')
_LIVE = re.compile(r'"name":"components\.live\.component\.LiveModel","id":"(p\d+)"')

_CONNECTING = 8
"""Pages that are being opened at the same time: each waits for a while between its two parts."""


class Session:
    """The session of one page."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self.patches = 0

    @classmethod
    @asynccontextmanager
    async def connect(cls, client: httpx.AsyncClient, url: str) -> AsyncIterator["Session"]:
        """Open the page and its WebSocket for the duration of a block."""
        token = _TOKEN.search((await client.get(url)).raise_for_status().text)
        assert token
        parts = urlsplit(url)
        address = f"ws://{parts.netloc}{parts.path.rstrip('/')}/ws"
        socket = await websocket_connect(
            HTTPRequest(address, headers={"Origin": f"http://{parts.netloc}"}),
            subprotocols=["bokeh", token[1]],
            max_message_size=2**26,
        )
        assert socket.protocol is not None
        socket.protocol.set_nodelay(True)  # as browsers do
        session = cls(socket)
        await session._start_listening()
        reading = asyncio.create_task(session._count_patches())
        yield session
        reading.cancel()
        socket.close()

    async def _start_listening(self) -> None:
        await self._wait_for("ACK")
        await self._send("PULL-DOC-REQ", {})
        live = _LIVE.search(await self._wait_for("PULL-DOC-REPLY"))
        assert live
        message = {"type": "map", "entries": [["action", "ready"], ["number", 1]]}
        change = {"kind": "ModelChanged", "model": {"id": live[1]}, "attr": "message", "new": message}
        await self._send("PATCH-DOC", {"events": [change]})
        await self._wait_for("OK")

    async def _send(self, kind: str, content: dict[str, object]) -> None:
        for fragment in ({"msgid": f"{kind}-{id(self)}", "msgtype": kind}, {}, content):
            await self._socket.write_message(msgspec.json.encode(fragment).decode())

    async def _wait_for(self, kind: str) -> str:
        """Return the content of the next message of that kind."""
        while True:
            head, content = await self._message()
            if head.get("msgtype") == kind:
                return content

    async def _message(self) -> tuple[dict[str, object], str]:
        fragments = [await self._socket.read_message() for _ in range(3)]
        if None in fragments:
            raise RuntimeError("The server closed a session.")
        return msgspec.json.decode(str(fragments[0]), type=dict[str, object]), str(fragments[2])

    async def _count_patches(self) -> None:
        while True:
            head, _ = await self._message()
            self.patches += head.get("msgtype") == "PATCH-DOC"


async def main() -> None:
    """Run until the input is closed."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        room = asyncio.Semaphore(_CONNECTING)

        async def connect(url: str) -> Session:
            async with room:
                return await stack.enter_async_context(Session.connect(client, url))

        sessions = await asyncio.gather(*map(connect, sys.argv[1:]))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(msgspec.json.encode([session.patches for session in sessions]).decode())


if __name__ == "__main__":
    asyncio.run(main())
