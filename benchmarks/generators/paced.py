"""Sends requests one after the other, with a pause: PUTs, as people do who press "aggregate again", or GETs. In between
it sends some to a bare Tornado handler: its waits show how much of a wait is caused by the machine.

    python -m benchmarks.generators.paced METHOD PAUSE_SECONDS BARE_URL URL...

Prints `ready` after the first ones and, when its input is closed, the milliseconds that each waited, as JSON.
"""

import http.client
import select
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

PUT_PAUSE_SECONDS = 0.05
_BODY = b'{"invalidate_cache": true, "reason": "Measured while a large delivery is read"}'
_HEADERS = {"Content-Type": "application/json"}


class Waits(msgspec.Struct):
    """Waiting times in milliseconds, in order."""

    samples: list[float] = []
    baseline: list[float] = []


def make_client(method: str, url: str) -> Callable[[], float]:
    """Return a function that sends a request over a persistent connection, and returns the milliseconds it waited."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)

    def send() -> float:
        started = time.perf_counter()
        if method == "GET":
            connection.request(method, parts.path)
        else:
            connection.request(method, parts.path, _BODY, _HEADERS)
        response = connection.getresponse()
        response.read()
        elapsed = time.perf_counter() - started
        if response.status not in (200, 202):
            raise RuntimeError(f"A {method} was answered with status {response.status}.")
        return elapsed * 1000

    send()
    return send


def main() -> None:
    """Run until the input is closed."""
    method, pause = sys.argv[1], float(sys.argv[2])
    baseline, *clients = [make_client(method, url) for url in sys.argv[3:]]
    print("ready", flush=True)
    waits = Waits()
    round_number = 0
    while not select.select([sys.stdin], [], [], pause)[0]:
        waits.samples.append(clients[round_number % len(clients)]())
        waits.baseline.append(baseline())
        round_number += 1
    print(msgspec.json.encode(waits).decode())


if __name__ == "__main__":
    main()
