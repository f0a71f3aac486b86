"""The answer to every path of the API that no route names."""

from api_handlers.base import ApiHandler
from preview.core.errors import NotFound


class NotFoundHandler(ApiHandler):
    """Every path of the API that no route names."""

    def get(self, *_: str) -> None:
        """Raises `NotFound`."""
        raise NotFound("There is no such resource.")

    post = put = patch = delete = get

    def options(self, *_: str) -> None:
        """Raises `NotFound`."""
        raise NotFound("There is no such resource.")
