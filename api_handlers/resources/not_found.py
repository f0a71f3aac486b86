"""The answer to every path of the API that no route names."""

from typing import NoReturn

from api_handlers.base import ApiHandler
from preview.core.errors import NotFound


class NotFoundHandler(ApiHandler):
    """Every path of the API that no route names: 404, whatever the method."""

    def get(self, *_: str) -> NoReturn:
        """Raise `NotFound`."""
        raise self.method_error()

    post = put = patch = delete = options = get

    def method_error(self) -> NotFound:
        """Return the same error for a method that Tornado does not know."""
        return NotFound("There is no resource with this path. The OpenAPI description lists all paths.")
