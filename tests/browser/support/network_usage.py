"""The bytes that a page transfers, from Chromium's network log."""

from collections import Counter
from typing import Any

from playwright.sync_api import Page

# Not Playwright's networkidle: it needs a report of the end of every request, and has waited in vain on a busy machine.
_QUIET = """new Promise(done => {
  let timer
  const restart = () => {
    clearTimeout(timer)
    timer = setTimeout(done, 500)
  }
  new PerformanceObserver(restart).observe({type: "resource"})
  restart()
})"""


class NetworkUsage:
    """Counts from its creation: the bytes of responses with their headers, and of WebSocket messages both ways.

    What has arrived of a response counts before all of it has.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._by_request: Counter[str] = Counter()
        log = page.context.new_cdp_session(page)
        log.send("Network.enable")
        log.on("Network.responseReceived", lambda event: self._set(event, event["response"]))
        log.on("Network.dataReceived", lambda event: self._add(event, event["encodedDataLength"]))
        log.on("Network.loadingFinished", lambda event: self._set(event, event))
        for way in ("Received", "Sent"):
            log.on(f"Network.webSocketFrame{way}", self._add_frame)

    @property
    def bytes(self) -> int:
        """The bytes so far."""
        return self._by_request.total()

    def wait_until_quiet(self) -> None:
        """Wait until the page has been given nothing that it has asked for, for half a second."""
        self._page.evaluate(_QUIET)

    def _add_frame(self, event: Any) -> None:
        self._add(event, len(event["response"]["payloadData"]))

    def _set(self, event: Any, total: Any) -> None:
        self._by_request[event["requestId"]] = int(total["encodedDataLength"])

    def _add(self, event: Any, size: float) -> None:
        self._by_request[event["requestId"]] += int(size)
