"""Sends a request at a steady rate, as often as asked.

    python -m benchmarks.generators.changes URL METHOD PATH BODY PER_SECOND COUNT

Prints `ready`, begins when it gets a line, and prints when each request was sent, by `time.perf_counter`, as JSON.
"""

import http.client
import sys
import time
from urllib.parse import urlsplit

import msgspec


def main() -> None:
    """Send the requests."""
    url, method, path, body, per_second, count = sys.argv[1:7]
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.connect()
    print("ready", flush=True)
    sys.stdin.readline()
    sent: list[float] = []
    began = time.perf_counter()
    for number in range(int(count)):
        time.sleep(max(0.0, began + number / float(per_second) - time.perf_counter()))
        sent.append(time.perf_counter())
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        if response.status >= 300:
            raise RuntimeError(f"A request was answered with status {response.status}.")
    print(msgspec.json.encode(sent).decode(), flush=True)


if __name__ == "__main__":
    main()
