"""The event loop of a server process."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

_SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter lock while another one waits for it; Python's default is 5 ms.

The event loop gives the lock up in every system call, several times for each request, and each time an import or an
aggregation on another thread may take it.
"""


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run the event loop until a coroutine ends. Its thread waits less for the interpreter lock than Python's default.

    The loop is uvloop's on Linux; it is not installed on other platforms.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    if sys.platform == "linux":
        import uvloop

        factory = uvloop.new_event_loop
    else:
        factory = None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)
