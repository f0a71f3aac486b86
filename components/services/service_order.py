"""`/overview/order`, `/overview/next` and `/overview/previous`: the services in the overview's order.

A report leads to the next service with them. The query is the overview's, so the order may be filtered and sorted.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from components.context import AppContext
from components.layout.error_messages import error_message
from components.layout.page_handler import HtmlErrorMixin
from components.layout.preferences import preferences_of
from components.layout.security_headers import set_security_headers
from components.read_only_handler import ReadOnlyHandler
from preview.core.languages import Language

_STEPS = {"next": 1, "previous": -1}


class ServiceOrder(ReadOnlyHandler, HtmlErrorMixin):
    """Sends the ids of the services as a JSON list, or redirects to the report of the next or previous one."""

    def initialize(self, context: AppContext, read: Callable[[Mapping[str, str], Language], list[str]]) -> None:
        """Take the context, and what returns the ids of the services for a query and a language; it may block."""
        self.context = context
        self.read = read

    def prepare(self) -> None:
        """Set the headers of a page, which an error is answered with."""
        self.nonce = set_security_headers(self)

    async def get(self, name: str) -> None:
        """Answer.

        Args:
            name: `order`, `next` or `previous`, from the path. A step past an end leads back to the service itself.
        """
        preferences = preferences_of(self.request)
        arguments = preferences.arguments
        try:
            ids = await self.context.run_blocking(self.read, arguments, preferences.language)
        except Exception as error:  # noqa: BLE001  (error_message logs it and maps it to a sentence)
            self.send_error_page(error_message(error, self.context.translator(preferences)))
            return
        if name == "order":
            self.set_header("Content-Type", "application/json")
            self.finish(msgspec.json.encode(ids))
            return
        organization_id = arguments.get("organization_id", "")
        query: dict[str, Any] = {**arguments, "organization_id": step(ids, organization_id, _STEPS[name])}
        self.redirect(f"{self.context.prefix}/preview?{urlencode(query)}")


def step(ids: list[str], organization_id: str, direction: int) -> str:
    """Return the id of the service beside another one; that one itself past an end, or if it is not in the list."""
    place = ids.index(organization_id) + direction if organization_id in ids else -1
    return ids[place] if 0 <= place < len(ids) else organization_id
