"""What a page moves over the wire, by Chromium's own network log."""

from playwright.sync_api import Page


class NetworkUsage:
    """Counts from now on what the page is sent, heads and all, and what goes both ways over its WebSocket."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        log = page.context.new_cdp_session(page)
        log.send("Network.enable")
        log.on("Network.loadingFinished", lambda event: self._add(event["encodedDataLength"]))
        for way in ("Received", "Sent"):
            log.on(f"Network.webSocketFrame{way}", lambda event: self._add(len(event["response"]["payloadData"])))

    def _add(self, size: float) -> None:
        self.bytes += int(size)
