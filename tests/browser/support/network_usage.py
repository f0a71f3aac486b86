"""The bytes that a page transfers, from Chromium's network log."""

from playwright.sync_api import Page


class NetworkUsage:
    """Counts from its creation: the bytes of responses with their headers, and of WebSocket messages both ways."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        log = page.context.new_cdp_session(page)
        log.send("Network.enable")
        log.on("Network.loadingFinished", lambda event: self._add(event["encodedDataLength"]))
        for way in ("Received", "Sent"):
            log.on(f"Network.webSocketFrame{way}", lambda event: self._add(len(event["response"]["payloadData"])))

    def _add(self, size: float) -> None:
        self.bytes += int(size)
