"""Loads pages without a browser."""

import time

import httpx

_TOKEN = b"data-session-token"


def readable_page_ms(client: httpx.Client, path: str) -> float:
    """Return the milliseconds until all that can be read of a live page has arrived.

    The scripts, and the token with which they open the page's session, follow only when a browser has painted that.

    Raises:
        RuntimeError: The page has no session.
    """
    began = last = time.perf_counter()
    with client.stream("GET", path) as response:
        response.raise_for_status()
        for part in response.iter_bytes():
            if _TOKEN in part:
                return 1000 * (last - began)
            last = time.perf_counter()
    raise RuntimeError("The page has no session.")
