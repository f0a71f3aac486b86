"""Requests that are answered before Tornado reads them: when they are, and when Tornado gets them after all."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from components import served_stream
from components.served_stream import ServedStream
from preview.runtime.capacity import Capacity
from preview.runtime.connections import ConnectionTable

KNOWN = b"GET /known HTTP/1.1\r\n\r\n"
OTHER = b"GET /other HTTP/1.1\r\n\r\n"
HEAD_END = rb"\r?\n\r?\n"


def run_with_stream(response: bytes, act: Callable[[ServedStream, socket.socket], Awaitable[None]]) -> None:
    """Run `act` with a stream that waits for a request, and its client's end."""

    async def run() -> None:
        ours, client = socket.socketpair()
        stream = ServedStream(
            ours,
            ConnectionTable(Capacity(10, 10, 10, 10, 42, 10)),
            lambda _, request: response if request == KNOWN else None,
        )
        stream.await_request()
        client.setblocking(False)
        with client:
            await asyncio.wait_for(act(stream, client), 20)
        stream.close()

    asyncio.run(run())


def test_known_requests_are_answered_and_others_passed_on() -> None:
    async def act(stream: ServedStream, client: socket.socket) -> None:
        head = stream.read_until_regex(HEAD_END)
        for _ in range(3):
            client.send(KNOWN)
            assert await asyncio.get_running_loop().sock_recv(client, 100) == b"response"
        client.send(OTHER)
        assert await head == OTHER

    run_with_stream(b"response", act)


def test_client_that_takes_nothing_gets_no_further_answer() -> None:
    """Answers that wait for a client do not add up in memory: Tornado gets its next request, and waits for it."""

    async def act(stream: ServedStream, client: socket.socket) -> None:
        head = stream.read_until_regex(HEAD_END)
        client.send(KNOWN)
        await asyncio.get_running_loop().sock_recv(client, 1)
        client.send(KNOWN)
        assert await head == KNOWN

    run_with_stream(b"x" * 20_000_000, act)


def test_tornado_gets_a_request_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts from its own last request how long a connection is idle."""

    async def act(stream: ServedStream, client: socket.socket) -> None:
        head = stream.read_until_regex(HEAD_END)
        monkeypatch.setattr(served_stream, "_MAX_SECONDS_PAST_TORNADO", 0)
        client.send(KNOWN)
        assert await head == KNOWN

    run_with_stream(b"response", act)
