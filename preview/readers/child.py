"""The reader's own process (started by `process.py`): parses what strangers send, away from the server, under a memory limit.

    python -m preview.readers.child DESCRIPTOR

It serves one delivery after another over the connection with that descriptor, and goes when its parent is gone.
Nothing that it says holds a value of a delivery: of an unexpected error only the kind and the place in our code are told.
"""

import gc
import os
import resource
import sys
import threading
import time
import traceback
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from preview.errors import NotFound
from preview.readers import delivery
from preview.readers.delivery import Batch
from preview.readers.limits import Limits

_PARENT_SECONDS = 1.0


class Start(msgspec.Struct, frozen=True):
    """The first message: what stays the same from delivery to delivery."""

    key: bytes
    limits: Limits
    fields: list[str] | None


class Ask(msgspec.Struct, frozen=True):
    """A delivery to be read: an absolute path and the present instant."""

    path: str
    now: datetime


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Many with a batch, then one without, which ends the delivery: `missing` where there was nothing, `fault` where we failed."""

    batch: Batch | None = None
    missing: bool = False
    fault: str = ""


encode = msgspec.msgpack.Encoder().encode
decode_answer = msgspec.msgpack.Decoder(Answer).decode


def main() -> None:
    """Serves until the connection ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold persons
    os.nice(5)  # whoever waits for an answer goes first
    # What is made of a folder is let go of by itself; looking for circles in it at Python's usual pace took a twelfth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    threading.Thread(target=_follow_parent, args=(os.getppid(),), daemon=True).start()
    connection = Connection(int(sys.argv[1]))
    try:
        start = msgspec.msgpack.decode(connection.recv_bytes(), type=Start)
        resource.setrlimit(resource.RLIMIT_AS, (start.limits.memory_bytes, start.limits.memory_bytes))
        while True:
            ask = msgspec.msgpack.decode(connection.recv_bytes(), type=Ask)
            _serve(connection, start, ask)
    except (EOFError, OSError):
        return  # the parent has closed its end, or is gone


def _serve(connection: Connection, start: Start, ask: Ask) -> None:
    fields = None if start.fields is None else frozenset(start.fields)
    try:
        for batch in delivery.read(Path(ask.path), start.key, ask.now, start.limits, fields):
            connection.send_bytes(encode(Answer(batch)))
    except NotFound:
        answer = Answer(missing=True)
    except (BrokenPipeError, ConnectionError):
        raise
    except MemoryError:
        os._exit(1)  # nothing can be relied on any more; the parent sees the end of the connection
    except Exception as error:  # noqa: BLE001, whatever it is, its message may quote a person
        answer = Answer(fault=f"{type(error).__name__} at {_place(error)}")
    else:
        answer = Answer()
    connection.send_bytes(encode(answer))


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _follow_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
