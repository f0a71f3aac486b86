"""Sends PUTs all along, one after another, as people do who press "aggregate again"; between them one to a bare Tornado handler,
whose longest wait tells how much of a wait is the machine's own.

    python -m benchmarks.put_load BARE_URL URL...

Prints `ready` after the first ones; when its input is closed, the milliseconds that each waited, as JSON.
"""

import http.client
import select
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

BODY = b'{"invalidate_cache": true, "reason": "Measured while a large delivery is read"}'
PAUSE_SECONDS = 0.05
HEADERS = {"Content-Type": "application/json"}


class Waits(msgspec.Struct):
    """Milliseconds, in order."""

    ours: list[float] = []
    bare: list[float] = []


def putter(url: str) -> Callable[[], float]:
    """Sends one over a connection that is kept; returns how many milliseconds its answer took."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)

    def put() -> float:
        began = time.perf_counter()
        connection.request("PUT", parts.path, BODY, HEADERS)
        answer = connection.getresponse()
        answer.read()
        waited = time.perf_counter() - began
        if answer.status not in (200, 202):
            raise RuntimeError(f"a PUT was answered {answer.status}")
        return waited * 1000

    put()
    return put


def main() -> None:
    """Until its input is closed."""
    bare, *ours = [putter(url) for url in sys.argv[1:]]
    print("ready", flush=True)
    waits = Waits()
    turn = 0
    while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
        waits.ours.append(ours[turn % len(ours)]())
        waits.bare.append(bare())
        turn += 1
    print(msgspec.json.encode(waits).decode())


if __name__ == "__main__":
    main()
