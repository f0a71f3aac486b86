"""Opens many event streams in a process of its own, and measures how long after a request each gets its event.

    python -m benchmarks.generators.streams HOST PORT PATH COUNT METHOD TRIGGER_PATH BODY

Prints `ready` when all streams are open. For each line of input it sends the request, waits until every stream has got
an event, and prints the delays' median and 99th percentile in milliseconds.
"""

import resource
import select
import socket
import sys
import time
from math import ceil

_CONNECT_SECONDS = 60
_EVENT_SECONDS = 30
_BATCH = 200


def main() -> None:
    """Open the streams and serve the input."""
    host, port, path, count, method, trigger_path, body = sys.argv[1:8]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    address = (host, int(port))
    streams = StreamClients(address, path, int(count))
    print("ready", flush=True)
    request = (
        f"{method} {trigger_path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
    for _ in sys.stdin:
        with socket.create_connection(address, timeout=_EVENT_SECONDS) as trigger:
            started = time.perf_counter()
            trigger.sendall(request)
            delays = sorted(1000 * (at - started) for at in streams.wait_for_event())
            status = trigger.recv(4096).split(b" ", 2)[1]
        if not status.startswith(b"2"):
            raise RuntimeError(f"The request was answered by {status!r}.")
        print(delays[len(delays) // 2], delays[ceil(0.99 * len(delays)) - 1], flush=True)


class StreamClients:
    """Open streams, read by one thread."""

    def __init__(self, address: tuple[str, int], path: str, count: int) -> None:
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        request = f"GET {path} HTTP/1.1\r\nHost: {address[0]}\r\nAccept: text/event-stream\r\n\r\n".encode()
        for first in range(0, count, _BATCH):
            opened = [
                socket.create_connection(address, timeout=_CONNECT_SECONDS) for _ in range(min(_BATCH, count - first))
            ]
            for stream in opened:
                stream.sendall(request)
            for stream in opened:
                if b" 200 " not in stream.recv(65536).split(b"\r\n", 1)[0]:
                    raise RuntimeError("A stream was refused.")
                stream.setblocking(False)
                self._sockets[stream.fileno()] = stream
                self._poll.register(stream.fileno(), select.EPOLLIN)

    def wait_for_event(self) -> list[float]:
        """Return when each stream got its next event, by `time.perf_counter`.

        Raises:
            RuntimeError: A stream ended, or there was no event in time.
        """
        waiting = set(self._sockets)
        arrived: list[float] = []
        deadline = time.perf_counter() + _EVENT_SECONDS
        while waiting:
            if time.perf_counter() > deadline:
                raise RuntimeError(f"{len(waiting)} streams got no event.")
            for descriptor, _ in self._poll.poll(1, 512):
                data = self._sockets[descriptor].recv(65536)
                if not data:
                    raise RuntimeError("A stream ended.")
                # Comments and blocks without an event come too; the data line is the last that is sent of an event.
                if b"data:" in data and descriptor in waiting:
                    arrived.append(time.perf_counter())
                    waiting.discard(descriptor)
        return arrived


if __name__ == "__main__":
    main()
