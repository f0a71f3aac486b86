"""Sends PUTs one after the other, as people do who press "aggregate again". In between it sends some to a bare Tornado
handler: its longest wait shows how much of a wait is caused by the machine.

    python -m benchmarks.generators.puts BARE_URL URL...

Prints `ready` after the first ones and, when its input is closed, the milliseconds that each waited, as JSON.
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
    """Waiting times in milliseconds, in order."""

    samples: list[float] = []
    baseline: list[float] = []


def make_put_client(url: str) -> Callable[[], float]:
    """Send a PUT over a persistent connection; return the milliseconds until its answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)

    def put() -> float:
        started = time.perf_counter()
        connection.request("PUT", parts.path, BODY, HEADERS)
        response = connection.getresponse()
        response.read()
        elapsed = time.perf_counter() - started
        if response.status not in (200, 202):
            raise RuntimeError(f"A PUT was answered with status {response.status}.")
        return elapsed * 1000

    put()
    return put


def main() -> None:
    """Run until the input is closed."""
    baseline, *put_clients = [make_put_client(url) for url in sys.argv[1:]]
    print("ready", flush=True)
    waits = Waits()
    round_number = 0
    while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
        waits.samples.append(put_clients[round_number % len(put_clients)]())
        waits.baseline.append(baseline())
        round_number += 1
    print(msgspec.json.encode(waits).decode())


if __name__ == "__main__":
    main()
