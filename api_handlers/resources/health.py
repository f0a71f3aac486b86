"""Whether the process lives, and whether it can serve."""

import msgspec

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from preview.core.errors import Unavailable


class LivenessResponse(msgspec.Struct, frozen=True):
    """`boot_id` is another after each start."""

    boot_id: str


class ReadinessResponse(msgspec.Struct, frozen=True):
    """All that is needed to serve is there."""

    ready: bool


class LivenessHandler(ApiHandler):
    """The process answers, also while it stops."""

    serves_while_draining = True

    @operation(responses={200: LivenessResponse})
    def get(self) -> None:
        """The process lives."""
        self.send_json(LivenessResponse(self.services.boot_id))


class ReadinessHandler(ApiHandler):
    """The process can serve."""

    @operation(responses={200: ReadinessResponse})
    def get(self) -> None:
        """The process can serve; 503 says why not."""
        if failures := self.services.readiness_failures():
            raise Unavailable(f"{'; '.join(failures)}.")
        self.send_json(ReadinessResponse(ready=True))
