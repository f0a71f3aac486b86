"""SIGKILL of the server at random moments while clients resend what got no answer, each with its `Idempotency-Key`.

Whatever the moment, each key stands once, and each answer that a client got is the one that its key gives for ever.
"""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import httpx
import pytest

from tests.builders.services import SampleService
from tests.support.pipeline import deliver, open_application
from tests.support.server_process import Server

pytestmark = pytest.mark.slow

KILLS = 10
CLIENTS = 6
DELIVERIES_PATH, SNAPSHOTS_PATH = "/api/v1/deliveries", "/api/v1/aggregated-report-data"

Answer = tuple[int, str, bytes]
"""Status, `Location` and body."""


class Client:
    """Sends requests one after the other until it is stopped, each again until it is answered."""

    def __init__(self, number: int, server_url: str, service: SampleService, stopping: threading.Event) -> None:
        self.answers: dict[str, Answer] = {}
        self._number = number
        self._url = server_url
        self._service = service
        self._stopping = stopping

    def run(self) -> None:
        """Send until stopped; the last request is answered too."""
        for number in range(10_000):
            if self._stopping.is_set():
                return
            key = f"{self._number}-{number}"
            self.answers[key] = self.send_until_answered(key)

    def send_until_answered(self, key: str) -> Answer:
        """Send the request of a key; send it again after a lost connection, 409 and 503."""
        while True:
            try:
                response = self._send(key)
            except httpx.TransportError:
                time.sleep(0.01)
                continue
            if response.status_code not in (409, 503):
                response.raise_for_status()
                return response.status_code, response.headers["Location"], response.content

    def _send(self, key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        if self._number % 2:
            body = {"organization_id": self._service.organization_id, "period_id": "2024", "force_reaggregate": True}
            return httpx.post(f"{self._url}{SNAPSHOTS_PATH}", json=body, headers=headers, timeout=20)
        return httpx.post(f"{self._url}{DELIVERIES_PATH}", content=self._content(key), headers=headers, timeout=20)

    @cache  # noqa: B019, a file has random ids, and a key needs the same body each time
    def _content(self, key: str) -> bytes:
        return self._service.folder(int(key.partition("-")[2]) + 1000 * self._number, "2024-05-01")


def test_each_key_stands_once_whenever_the_server_is_killed(data_dir: Path) -> None:
    service, random_source = SampleService(), random.Random(1)
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2024-05-01", ["2024-01-10"]))
    server = Server(data_dir)
    stopping = threading.Event()
    clients = [Client(number, server.url, service, stopping) for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        runs = [pool.submit(client.run) for client in clients]
        try:
            for _ in range(KILLS):
                time.sleep(random_source.uniform(0.1, 0.6))
                server.kill()
                server = Server(data_dir, port=server.port)
        finally:
            stopping.set()
        for run in runs:
            run.result(60)
        for client in clients:
            for key, answer in client.answers.items():
                assert client.send_until_answered(key) == answer
    assert_each_stands_once(server, [answer for client in clients[::2] for answer in client.answers.values()])
    assert server.stop() == 0


def assert_each_stands_once(server: Server, delivered: list[Answer]) -> None:
    """Check that the store has the deliveries of the answers, each once, beside the one that was there before."""
    assert delivered
    assert {status for status, _, _ in delivered} == {202}
    locations = Counter(location for _, location, _ in delivered)
    assert set(locations.values()) == {1}

    total = httpx.get(f"{server.url}{DELIVERIES_PATH}?limit=1").json()["pagination"]["total"]
    assert total == len(delivered) + 1
