"""Opens many event streams in a process of its own, and measures how long after a request each gets its event.

    python -m benchmarks.generators.streams HOST PORT PATH COUNT METHOD TRIGGER_PATH BODY

Prints `ready` when all streams are open. For each line of input it waits until every stream has got its events, and
prints the delays' median and 99th percentile in milliseconds. With an empty line it sends the request, of which each
stream gets one event. With a number, another process sends so many; a second line is when it has sent each, as JSON, by
`time.perf_counter`, which is the same clock in all processes.

The kernel notes when an event arrives at a stream's socket, and this process reads it some milliseconds later. A reader
that is woken by each event would need half a core: it would take that time from the server, and add its own to the
delays.
"""

import resource
import select
import socket
import struct
import sys
import time
from array import array
from collections.abc import Sequence

import msgspec

from benchmarks.results import percentile

_CONNECT_SECONDS = 60
_EVENT_SECONDS = 30
_READ_SECONDS, _READ_BYTES = 0.005, 65536
_BATCH = 200
_DATA = b"\ndata: "

_SO_TIMESTAMPNS = 35
"""Linux's socket option (asm-generic/socket.h), which the module `socket` does not name: each message then comes with
the time at which the kernel received it, by the clock of `time.time`."""
_TIMESPEC = struct.Struct("@ll")
_CONTROL_BYTES = socket.CMSG_SPACE(_TIMESPEC.size)


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
    for line in sys.stdin:
        if count_of_events := int(line.strip() or 0):
            arrivals = streams.wait_for_events(count_of_events)
            print("all", flush=True)
            sent = msgspec.json.decode(sys.stdin.readline(), type=list[float])
            _print_delays(arrivals, sent)
            continue
        with socket.create_connection(address, timeout=_EVENT_SECONDS) as trigger:
            started = time.perf_counter()
            trigger.sendall(request)
            arrivals = streams.wait_for_events(1)
            status = trigger.recv(4096).split(b" ", 2)[1]
        if not status.startswith(b"2"):
            raise RuntimeError(f"The request was answered by {status!r}.")
        _print_delays(arrivals, [started])


def _print_delays(arrivals: Sequence[Sequence[float]], sent: Sequence[float]) -> None:
    delays = [1000 * (at - began) for ats, began in zip(arrivals, sent, strict=True) for at in ats]
    print(percentile(delays, 0.5), percentile(delays, 0.99), flush=True)


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
                stream.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
                stream.sendall(request)
            for stream in opened:
                if b" 200 " not in stream.recv(65536).split(b"\r\n", 1)[0]:
                    raise RuntimeError("A stream was refused.")
                stream.setblocking(False)
                self._sockets[stream.fileno()] = stream
                self._poll.register(stream.fileno(), select.EPOLLIN)

    def wait_for_events(self, count: int) -> "list[array[float]]":
        """Return when each stream got each of its next events, by `time.perf_counter`: an array for each event.

        Of events that are read together, each counts as arrived when the last one was.

        Raises:
            RuntimeError: A stream ended, or there was no event in time.
        """
        clock_difference = time.time() - time.perf_counter()
        received = dict.fromkeys(self._sockets, 0)
        tails: dict[int, bytes] = {}
        arrivals = [array("d") for _ in range(count)]
        missing = count * len(received)
        deadline = time.perf_counter() + _EVENT_SECONDS
        while missing:
            if time.perf_counter() > deadline:
                raise RuntimeError(f"{missing} events did not arrive.")
            time.sleep(_READ_SECONDS)
            readable = self._poll.poll(1, len(self._sockets))
            for descriptor, _ in readable:
                data, control, _, _ = self._sockets[descriptor].recvmsg(_READ_BYTES, _CONTROL_BYTES)
                if not data:
                    raise RuntimeError("A stream ended.")
                seconds, nanoseconds = _TIMESPEC.unpack(control[0][2])
                at = seconds + nanoseconds / 1e9 - clock_difference
                data = tails.get(descriptor, b"") + data
                # Comments and blocks without an event come too; the data line is the last that is sent of an event.
                new = data.count(_DATA)
                for number in range(received[descriptor], received[descriptor] + new):
                    arrivals[number].append(at)
                received[descriptor] += new
                missing -= new
                tails[descriptor] = data[1 - len(_DATA) :]
            if readable:
                deadline = time.perf_counter() + _EVENT_SECONDS
        return arrivals


if __name__ == "__main__":
    main()
