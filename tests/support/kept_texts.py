"""What the objects of a process keep in memory: every text that can be reached from them."""

import asyncio
import gc
from collections.abc import Iterator
from types import CoroutineType, FrameType, FunctionType, ModuleType

from tornado.ioloop import IOLoop

_ELSEWHERE = (ModuleType, type, FrameType, CoroutineType, asyncio.AbstractEventLoop, asyncio.Task, IOLoop)
"""What leads away from the objects, in the end to the test itself."""


def texts_in(*roots: object) -> Iterator[str]:
    """Yield every text, also those within bytes, that the objects keep."""
    seen, waiting = set[int](), list(roots)
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, _ELSEWHERE):
            continue
        seen.add(id(found))
        if isinstance(found, str):
            yield found
        elif isinstance(found, bytes):
            yield found.decode(errors="replace")
        elif isinstance(found, FunctionType):
            waiting.append(found.__closure__)  # not the module that it is defined in
        else:
            waiting += gc.get_referents(found)
