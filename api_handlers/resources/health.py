"""Liveness and readiness probes (docs/api.md, Health)."""

import msgspec

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from preview.core.errors import Unavailable


class LivenessResponse(msgspec.Struct, frozen=True):
    """Answer of the liveness probe. `boot_id` changes with every start of the program."""

    boot_id: str


class ReadinessResponse(msgspec.Struct, frozen=True):
    """Answer of the readiness probe. `ready` is always true: a process that is not ready answers 503.

    `warnings` names what does not work all the same, such as the watched folder; it is usually empty.
    """

    ready: bool
    warnings: list[str]


class LivenessHandler(ApiHandler):
    """The liveness probe, which also answers while the program shuts down."""

    serves_while_draining = True
    serves_when_full = True

    @operation(responses={200: LivenessResponse})
    def get(self) -> None:
        """Check that the process answers."""
        self.send_json(LivenessResponse(self.services.boot_id))


class ReadinessHandler(ApiHandler):
    """The readiness probe."""

    serves_when_full = True

    @operation(responses={200: ReadinessResponse})
    def get(self) -> None:
        """Check that the process can serve requests; 503 says why not."""
        if failures := self.services.readiness_failures():
            raise Unavailable(f"{'; '.join(failures)}.")
        self.send_json(ReadinessResponse(ready=True, warnings=self.services.readiness_warnings()))
