"""The live component, which carries changed regions of a page to the browser and the browser's messages back.

It writes into the page that is already there (component.js and patches.js). There is no shadow root, the focus stays
where it is, and assistive technology sees one document. It is a data model, which BokehJS's core can hold without any
other script: a component of Panel's would need 394 kB more in each page.
"""

from collections.abc import Callable, Mapping, Set
from functools import lru_cache
from typing import Any, cast

import msgspec
from bokeh.core.properties import Any as AnyValue
from bokeh.core.properties import Dict, Int, String
from bokeh.model import DataModel


@lru_cache(8)
def _encode(regions: tuple[tuple[str, str], ...]) -> str:
    """Return regions as a JSON object: once for the many sessions that a commit changes in the same way."""
    return msgspec.json.encode({region: str(html) for region, html in regions}).decode()


class LiveModel(DataModel):
    """What a page and its session share. Each change on one side is sent to the other."""

    # As JSON, because Bokeh would validate each entry of a dictionary, search it for models and encode it by itself, in
    # each of the sessions that a change concerns.
    regions = String(default="{}", help="A JSON object: HTML by region id, to be written into the page.")
    answer = Dict(String, AnyValue, default={}, help="Outcome of a request: its `request` number, and `error` or ''.")
    pong = Int(default=0, help="Counts the browser's pings; each new value answers one.")
    message = AnyValue(default=None, help="The browser's latest message, with a number that makes it differ.")


class LiveComponent:
    """Sends regions that differ from what the browser has.

    Until the browser reports `ready`, `regions` accumulates everything that differs from the first HTML, so that no
    change between the page and the connection is lost. From then on it holds the latest patch.

    Attributes:
        model: The root of the session's document through which everything is sent; component.js finds it by its name.
    """

    def __init__(self, initial_regions: Mapping[str, str], on_message: Callable[[dict[str, Any]], None]) -> None:
        """Create the component of one session.

        Args:
            initial_regions: The HTML by region id that the page was rendered with; empty if another process rendered
                it.
            on_message: Called with each message of the browser that the component does not handle itself.
        """
        self.model = LiveModel(name="live")
        self._sent_html = dict(initial_regions)
        self._client_is_ready = False
        self._on_message = on_message
        self.model.on_change("message", lambda _attribute, _old, new: self.handle_message(new))

    @property
    def regions(self) -> dict[str, str]:
        """HTML by region id, as it was sent last."""
        return msgspec.json.decode(cast(str, self.model.regions), type=dict[str, str])

    @property
    def answer(self) -> dict[str, Any]:
        """Outcome of the last request."""
        return cast(dict[str, Any], self.model.answer)

    @property
    def pong(self) -> int:
        """Number of pings that were answered."""
        return cast(int, self.model.pong)

    @property
    def sent_regions(self) -> Set[str]:
        """The ids of the regions that the browser has."""
        return self._sent_html.keys()

    def patch(self, regions: Mapping[str, str]) -> None:
        """Send the regions whose HTML differs from what the browser has.

        Must run while the session holds the document's lock: in `LiveSession.change_document` or in a callback of
        `add_next_tick_callback`.

        Args:
            regions: HTML by region id; an empty text removes the region's element.
        """
        pending = {} if self._client_is_ready else self.regions
        changed = {
            region: html for region, html in regions.items() if self._sent_html.get(region) != html or region in pending
        }
        if self._client_is_ready:
            self._sent_html |= changed
        else:
            changed = pending | changed
        if changed:
            self.model.update(regions=_encode(tuple(changed.items())))

    def reply(self, message: Mapping[str, Any], error: str = "") -> None:
        """Tell the browser the outcome of a message that waits for it (`ask` in channel.js).

        Must run in a callback of the session, like `patch`.

        Args:
            message: The browser's message. One without a `request` number waits for nothing.
            error: Why the request failed, as a sentence; empty if it succeeded.
        """
        request = message.get("request")
        if isinstance(request, int):
            self.model.update(answer={"request": request, "error": error})

    def handle_message(self, message: Any) -> None:
        """Handle a message of the browser: `ready` and `ping` here, other objects in `on_message`.

        Anything that is not a JSON object is ignored.
        """
        if not isinstance(message, dict):
            return
        if message.get("action") == "ready":
            self._client_is_ready = True
            self._sent_html |= self.regions
        elif message.get("action") == "ping":
            self.model.update(pong=self.pong + 1)
        else:
            self._on_message(message)
