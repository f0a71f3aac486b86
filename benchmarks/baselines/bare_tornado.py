"""Serves the bytes of a file by a bare Tornado handler, for GET and PUT, on the event loop that the program uses too.

    python -m benchmarks.baselines.bare_tornado FILE

Prints its address, and ends when its input is closed.
"""

import asyncio
import sys
from pathlib import Path

import uvloop
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler


class Bytes(RequestHandler):
    """Handler that returns the same bytes for every request."""

    def initialize(self, body: bytes) -> None:
        """Store the bytes. Called by Tornado."""
        self.body = body

    def get(self) -> None:
        """Return the bytes."""
        self.set_header("Content-Type", "application/json")
        self.finish(self.body)

    put = get


async def serve(body: bytes) -> None:
    """Serve until the input is closed."""
    [socket] = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([(r"/", Bytes, {"body": body})]))
    server.add_socket(socket)
    print(f"http://127.0.0.1:{socket.getsockname()[1]}/", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]).read_bytes()))
