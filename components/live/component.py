"""The live component, which carries changed regions of a page to the browser and the browser's messages back.

It writes into the page that is already there (component.js and patches.js). There is no shadow root, the focus stays
where it is, and assistive technology sees one document.
"""

from collections.abc import Callable, Mapping, Set
from pathlib import Path
from typing import Any

import panel as pn
import param

from components.panel_internals import UnstyledComponent, prune_ended_sessions


class LiveComponent(UnstyledComponent):
    """Sends regions that differ from what the browser has.

    Until the browser reports `ready`, `regions` accumulates everything that differs from the first HTML, so that no
    change between the page and the connection is lost. From then on it holds the latest patch.
    """

    regions = param.Dict(default={}, doc="HTML by region id, to be written into the page.")
    answer = param.Dict(default={}, doc="Outcome of a request: its number `request`, and `error`, empty on success.")
    pong = param.Integer(default=0, doc="Counts the browser's pings; each new value answers one.")

    _esm = Path(__file__).with_suffix(".js")

    def __init__(
        self, initial_regions: Mapping[str, str], on_message: Callable[[dict[str, Any]], None], **params: Any
    ) -> None:
        """Create the component of one session.

        Args:
            initial_regions: The HTML by region id that the page was rendered with; empty if another process rendered
                it.
            on_message: Called with each message of the browser that the component does not handle itself.
            **params: Parameters of Panel's component.
        """
        super().__init__(**params)
        self._sent_html = dict(initial_regions)
        self._client_is_ready = False
        self._on_message = on_message
        self.on_msg(lambda event: self.handle_message(event.data))

    @property
    def sent_regions(self) -> Set[str]:
        """The ids of the regions that the browser has."""
        return self._sent_html.keys()

    def patch(self, regions: Mapping[str, str]) -> None:
        """Send the regions whose HTML differs from what the browser has.

        Must run in a callback of the session (`add_next_tick_callback`), which holds the document's lock.

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
            self.regions = {region: str(html) for region, html in changed.items()}

    def reply(self, message: Mapping[str, Any], error: str = "") -> None:
        """Tell the browser the outcome of a message that waits for it (`ask` in channel.js).

        Must run in a callback of the session, like `patch`.

        Args:
            message: The browser's message. One without a `request` number waits for nothing.
            error: Why the request failed, as a sentence; empty if it succeeded.
        """
        request = message.get("request")
        if isinstance(request, int):
            self.answer = {"request": request, "error": error}

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
            self.pong += 1
        else:
            self._on_message(message)


# The readable part of the page has been sent before. Each script carries the nonce; es-module-shims copies it from its
# own tag.
_TEMPLATE = """{% from macros import embed %}{{ embed(roots.live) }}
{{ bokeh_css }}{{ (rewrite_scripts(bokeh_js) ~ plot_script)
    | replace("<script", '<script nonce="' ~ nonce ~ '"') }}{{ closing_html }}"""


def live_page(live: LiveComponent, request: Any, rewrite_scripts: Callable[[str], str]) -> pn.Template:
    """Return the rest of a page, from the live component to the end, for the present session.

    Args:
        live: The session's component.
        request: The request of the session. `LivePageHandler` sets `nonce` and `closing_html` on it; a session that is
            created by another process than the page has neither, and its HTML is not used.
        rewrite_scripts: Replaces the URLs in Panel's script tags (`AppContext.rewrite_scripts`).
    """
    page = pn.Template(_TEMPLATE, items={"live": live})
    page.add_variable("closing_html", getattr(request, "closing_html", ""))
    page.add_variable("rewrite_scripts", rewrite_scripts)
    page.add_variable("nonce", getattr(request, "nonce", ""))
    pn.state.on_session_destroyed(lambda _: prune_ended_sessions())
    return page
