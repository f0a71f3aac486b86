"""The methods of pages, assets and exports: GET, HEAD and OPTIONS; 405 with `Allow` for every other."""

from collections.abc import Awaitable
from typing import Any

from tornado.web import RequestHandler

READ_METHODS = ("GET", "HEAD")
ALLOWED_METHODS = "GET, HEAD, OPTIONS"


class ReadOnlyHandler(RequestHandler):
    """A handler that changes nothing. Subclasses define `get`."""

    def set_default_headers(self) -> None:
        """Set `Allow` where the answer will be 405 or that to OPTIONS (Tornado's hook)."""
        if self.request.method not in READ_METHODS:
            self.set_header("Allow", ALLOWED_METHODS)

    def head(self, *arguments: str) -> Awaitable[None] | None:
        """Answer like GET; Tornado omits the body."""
        handler: Any = self
        return handler.get(*arguments)

    def options(self, *_: str) -> None:
        """Answer with the allowed methods."""
        self.set_status(204)
        self.finish()
