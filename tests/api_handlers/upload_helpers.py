"""Helpers of the tests of uploads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.api_handlers.in_process_server import InProcessServer
from tests.support.pipeline import wait_for_delivery, wait_until

DELIVERIES_PATH = "/api/v1/deliveries"
XML = {"Content-Type": "application/xml"}
MEGABYTE = 1024 * 1024


def spool_file_names(data_dir: Path) -> list[str]:
    """Return the names of the files in the spool."""
    return [path.name for path in (data_dir / "spool").iterdir()]


def assert_nothing_stored(server: InProcessServer, data_dir: Path) -> None:
    """Assert that the spool is empty and the list of deliveries too."""
    wait_until(lambda: spool_file_names(data_dir) == [], "the spool to be empty")
    assert server.application.deliveries.page(None, None, 1, 10) == ([], 0)


def wait_for_import(server: InProcessServer, response: httpx.Response) -> dict[str, Any]:
    """Wait until the delivery of a response is imported, and return its document."""
    assert response.status_code == 202, response.text
    wait_for_delivery(server.application, response.json()["delivery_id"])
    return httpx.get(f"{server.url}{response.headers['Location']}").json()


def request_head(*lines: str) -> bytes:
    """Return the request line and headers of an upload."""
    return "\r\n".join([f"POST {DELIVERIES_PATH} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def chunks(count: int, size: int = MEGABYTE) -> Iterator[bytes]:
    """Yield a body in chunks, so that its size is not announced."""
    for _ in range(count):
        yield b"x" * size
