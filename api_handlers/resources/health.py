"""Whether the process lives, and whether it can serve."""

import msgspec

from api_handlers.base import Handler
from api_handlers.operations import operation
from preview.core.errors import Unavailable


class Liveness(msgspec.Struct, frozen=True):
    """`boot_id` is another after each start."""

    boot_id: str


class Readiness(msgspec.Struct, frozen=True):
    """All that is needed to serve is there."""

    ready: bool


class Livez(Handler):
    """The process answers, also while it stops."""

    serves_while_draining = True

    @operation(answers={200: Liveness})
    def get(self) -> None:
        """The process lives."""
        self.reply(Liveness(self.preview.boot_id))


class Readyz(Handler):
    """The process can serve."""

    @operation(answers={200: Readiness})
    def get(self) -> None:
        """The process can serve; 503 says why not."""
        if faults := self.preview.faults():
            raise Unavailable(f"{'; '.join(faults)}.")
        self.reply(Readiness(ready=True))
